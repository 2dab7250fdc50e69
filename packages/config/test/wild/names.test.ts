/** Names of variables against the keys that files and schemas have, and against what platforms put beside them. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { knownPaths } from "../../src/core/known_paths.ts";
import type { Layer } from "../../src/core/layer.ts";
import { formatPath } from "../../src/core/path.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { Snapshot } from "../../src/core/snapshot.ts";
import type { Table } from "../../src/core/value.ts";
import { EnvironmentSource } from "../../src/sources/env.ts";
import { FileSource } from "../../src/sources/file.ts";
import { context, layer_of } from "../sources/loading.ts";

type Options = ConstructorParameters<typeof EnvironmentSource>[0];

async function layer(
  env: Record<string, string>,
  below: Table = {},
  options: Options = "MYAPP_",
  schema?: Parameters<typeof shapeOf>[0],
): Promise<Layer> {
  const loaded = await new EnvironmentSource(options).load(context({ env }));
  return layer_of(loaded, knownPaths([below], shapeOf(schema)));
}

const tree = async (...given: Parameters<typeof layer>) => (await layer(...given)).tree;
const codes = async (...given: Parameters<typeof layer>) => (await layer(...given)).diagnostics.map(({ code }) => code);

describe("a name finds the path that reads the same", () => {
  const below = {
    db: { maxConnections: 1, "read-timeout": 1, "pool.size": 1, URL: "u", Host: "h" },
    featureFlags: { newUI: false },
  };

  test.each([
    ["MYAPP_DB_MAX_CONNECTIONS", ["db", "maxConnections"]],
    ["MYAPP_DB__MAX_CONNECTIONS", ["db", "maxConnections"]],
    ["MYAPP_DB_READ_TIMEOUT", ["db", "read-timeout"]],
    ["MYAPP_DB__READ_TIMEOUT", ["db", "read-timeout"]],
    ["MYAPP_DB_POOL_SIZE", ["db", "pool.size"]],
    ["MYAPP_DB__POOL_SIZE", ["db", "pool.size"]],
    ["MYAPP_DB_URL", ["db", "URL"]],
    ["MYAPP_DB__HOST", ["db", "Host"]],
    ["MYAPP_FEATURE_FLAGS_NEW_UI", ["featureFlags", "newUI"]],
    ["MYAPP_FEATURE_FLAGS__NEW_UI", ["featureFlags", "newUI"]],
    ["MYAPP__DB__MAX_CONNECTIONS", ["db", "maxConnections"]],
  ])("%s", async (variable, path) => {
    const made = await layer({ [variable]: "7" }, below);
    expect(formatPath(path)).toBe(leaves(made.tree).join());
    expect(made.diagnostics).toStrictEqual([]);
  });

  const schemas = {
    zod: z.object({
      db: z.object({ maxConnections: z.int() }),
      limits: z.record(z.string(), z.object({ maxRate: z.int(), burst: z.int() })),
      labels: z.record(z.string(), z.string()),
    }),
    valibot: v.object({
      db: v.object({ maxConnections: v.pipe(v.number(), v.integer()) }),
      limits: v.record(v.string(), v.object({ maxRate: v.number(), burst: v.number() })),
      labels: v.record(v.string(), v.string()),
    }),
  };

  test.each(Object.entries(schemas))("also below a record of the schema: %s", async (_, schema) => {
    const of = (env: Record<string, string>, file: Table = {}) => tree(env, file, "MYAPP_", schema);
    expect(await of({ MYAPP_DB_MAX_CONNECTIONS: "7" })).toStrictEqual({ db: { maxConnections: 7 } });
    expect(await of({ MYAPP_LIMITS_API_MAX_RATE: "7" })).toStrictEqual({ limits: { api: { maxRate: 7 } } });
    expect(await of({ MYAPP_LIMITS_PUBLIC_API_BURST: "7" })).toStrictEqual({ limits: { public_api: { burst: 7 } } });
    expect(await of({ MYAPP_LIMITS__PUBLIC_API__MAX_RATE: "7" })).toStrictEqual({
      limits: { public_api: { maxRate: 7 } },
    });
    expect(await of({ MYAPP_LABELS_TEAM_NAME: "7" })).toStrictEqual({ labels: { team_name: "7" } });
    const file = { limits: { publicApi: { maxRate: 1 } } };
    expect(await of({ MYAPP_LIMITS_PUBLIC_API_MAX_RATE: "7" }, file)).toStrictEqual({
      limits: { publicApi: { maxRate: 7 } },
    });
    expect(await of({ MYAPP_LIMITS__PUBLIC_API__BURST: "7" }, file)).toStrictEqual({
      limits: { publicApi: { burst: 7 } },
    });
  });

  test("for every spelling of the keys", async () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 3 });
    const spelt = fc.tuple(
      fc.array(word, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("-", "_", ".", "camel", "Pascal", "CAPS"),
    );
    const key = spelt.map(([words, how]) => {
      if (how === "CAPS") return words.join("_").toUpperCase();
      const [first, ...rest] = how === "Pascal" ? ["", ...words] : words;
      if (how !== "camel" && how !== "Pascal") return words.join(how);
      return first! + rest.map((text) => text[0]!.toUpperCase() + text.slice(1)).join("");
    });
    const name = (text: string) =>
      text
        .replace(/[-.]/gu, "_")
        .replace(/(?<=[a-z])(?=[A-Z])/gu, "_")
        .toUpperCase();
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 4 }), async (path) => {
        const below = path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), 0) as Table;
        for (const separator of ["_", "__"]) {
          const made = await layer({ [`MYAPP_${path.map(name).join(separator)}`]: "7" }, below);
          expect(new Snapshot(1, made.tree).lookup(formatPath(path))).toBe(7);
        }
      }),
    );
  });

  test("and reports several paths that read the same", async () => {
    const alike = { a: { bC: 1, "b-c": 1 } };
    expect(await codes({ MYAPP_A_B_C: "7" }, alike)).toStrictEqual([]);
    expect(await tree({ MYAPP_A_B_C: "7" }, alike)).toStrictEqual({ a: { "b-c": 7 } });
    expect(await codes({ MYAPP_A_B_C: "7" }, { a: { "b-c": 1, "b.c": 1 } })).toStrictEqual(["ambiguous"]);
    const { diagnostics } = await layer({ MYAPP_A__B_C: "7" }, { a: { "b-c": 1, "b.c": 1 } });
    expect(diagnostics).toMatchObject([{ code: "ambiguous", message: expect.stringContaining("map it to choose") }]);
    expect(diagnostics[0]!.message).toContain('"MYAPP_A__B_C" fits "a.b-c", "a.b\\.c"');
  });
});

describe("a prefix ends at an underscore", () => {
  const env = { MYAPP_DATABASE__URL: "u", MYAPP_PORT: "1", MYAPPLE_TOKEN: "t", MYAPP: "x" };

  test.each(["MYAPP", "MYAPP_"])("%s", async (prefix) => {
    expect(await tree(env, {}, prefix)).toStrictEqual({ database: { url: "u" }, port: 1 });
    expect(await tree(env, {}, { prefix, mode: "naive" })).toStrictEqual({ database: { url: "u" }, port: 1 });
  });
});

describe("a name that leads into a list is refused and names the list", () => {
  const schema = z.object({ providers: z.array(z.object({ id: z.string() })) });
  const why = '"MYAPP_PROVIDERS__0__ID" leads into the list "providers", and a list is set as a whole';

  test.each<[string, Table, typeof schema | undefined]>([
    ["of a file", { providers: [{ id: "a" }, { id: "b" }] }, undefined],
    ["of the schema", {}, schema],
  ])("%s", async (_, below, known) => {
    await expect(layer({ MYAPP_PROVIDERS__0__ID: "z" }, below, "MYAPP_", known)).rejects.toThrow(why);
    await expect(layer({ MYAPP_PROVIDERS__0__ID: "z" }, below, "MYAPP_", known)).rejects.toMatchObject({
      code: "below_list",
    });
    await expect(layer({ MYAPP_PROVIDERS_0_ID: "z" }, below, "MYAPP", known)).rejects.toThrow(
      'into the list "providers"',
    );
  });

  test("of another variable", async () => {
    const env = { MYAPP_PROVIDERS: '[{"id":"a"}]', MYAPP_PROVIDERS__0__ID: "z" };
    await expect(layer(env)).rejects.toThrow(why);
  });

  test("without a prefix is foreign, and is omitted with a diagnostic", async () => {
    const made = await layer({ PROVIDERS__0__ID: "z" }, { providers: ["a"] }, {});
    expect(made.tree).toStrictEqual({});
    expect(made.diagnostics).toMatchObject([{ code: "below_list", path: "providers.0.id" }]);
  });
});

describe("the platform's variables", () => {
  // As `kubectl exec … env` prints them for a service "myapp" with one named port, and a service "myapp-db".
  const links = {
    MYAPP_SERVICE_HOST: "10.0.0.1",
    MYAPP_SERVICE_PORT: "80",
    MYAPP_SERVICE_PORT_HTTP: "80",
    MYAPP_PORT: "tcp://10.0.0.1:80",
    MYAPP_PORT_80_TCP: "tcp://10.0.0.1:80",
    MYAPP_PORT_80_TCP_PROTO: "tcp",
    MYAPP_PORT_80_TCP_PORT: "80",
    MYAPP_PORT_80_TCP_ADDR: "10.0.0.1",
    MYAPP_DB_SERVICE_HOST: "fd00::1",
    MYAPP_DB_SERVICE_PORT: "5432",
    MYAPP_DB_PORT: "udp://[fd00::1]:5432",
    MYAPP_DB_PORT_5432_UDP_ADDR: "fd00::1",
  };

  test("service links are omitted, with one diagnostic for each service", async () => {
    const made = await layer(
      { ...links, MYAPP_LOG_LEVEL: "info", MYAPP_DB_URL: "u" },
      { port: 8080, db: { url: "x" }, log_level: "x" },
    );
    expect(made.tree).toStrictEqual({ db: { url: "u" }, log_level: "info" });
    expect(made.diagnostics.map(({ code }) => code)).toStrictEqual(["service_link", "service_link"]);
    expect(made.diagnostics[0]!.message).toContain(
      'describe the service "MYAPP" of Kubernetes or Docker and are not used',
    );
    expect(made.diagnostics[0]!.message).not.toContain("10.0.0.1");
  });

  test("service links are included on request: one by mapping, all by option", async () => {
    const mapping = { MYAPP_DB_SERVICE_HOST: "db.host" };
    expect(await tree(links, {}, { prefix: "MYAPP_", mapping })).toStrictEqual({ db: { host: "fd00::1" } });
    expect(
      await tree({ MYAPP_PORT: "tcp://10.0.0.1:80" }, {}, { prefix: "MYAPP_", service_links: true }),
    ).toStrictEqual({
      port: "tcp://10.0.0.1:80",
    });
  });

  test("names that resemble a service link are the program's own", async () => {
    const own = {
      MYAPP_PORT: "8080",
      MYAPP_HTTP_PORT: "80",
      MYAPP_SERVICE_HOST: "auth.internal",
      MYAPP_BUS_SERVICE_PORT: "1",
    };
    expect(await codes(own)).toStrictEqual([]);
    expect(leaves(await tree(own)).length).toBe(4);
  });

  test("ignore omits the variables that match its globs", async () => {
    const env = { MYAPP_CI_JOB: "1", MYAPP_HOME: "/", MYAPP_PATH: "/", MYAPP_PORT: "1" };
    expect(await tree(env, {}, { prefix: "MYAPP_", ignore: ["MYAPP_CI_*", "*_{HOME,PATH}"] })).toStrictEqual({
      port: 1,
    });
    expect(() => new EnvironmentSource({ ignore: ["MYAPP_{A"] })).toThrow(
      'Cannot make an EnvironmentSource: ignore "MYAPP_{A": a "{" is not closed',
    );
    expect(() => new EnvironmentSource({ ignore: "x" as never })).toThrow("ignore must be an array of globs");
  });
});

test("names in a .env file are read as those of the environment, each with its line", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "otpts-names-")), ".env");
  writeFileSync(path, "# app\nMYAPP_DB_MAX_CONNECTIONS=25\nOTHER=1\nMYAPP_DEBUG=no\n");
  const lower = knownPaths([{ db: { maxConnections: 10 }, debug: true }]);
  const made = layer_of(await new FileSource(path, { prefix: "MYAPP", settle: 0 }).load(context()), lower);
  expect(made.tree).toStrictEqual({ db: { maxConnections: 25 }, debug: false });
  expect(made.origin(["db", "maxConnections"])).toMatchObject({ file: path, line: 2, column: 1, rule: "known_path" });
  expect(() => new FileSource("a.toml", { prefix: "MYAPP" })).toThrow("only a .env file has a prefix");
});

test("names are cheap over a large tree, and no name is too long", async () => {
  const below = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key_${i}`, { a_b: 1, aB: 2 }]));
  const env = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`MYAPP_KEY_${i}_A_B`, "7"]));
  const long = { [`MYAPP_${"A_".repeat(20_000)}B`]: "1", [`MYAPP_${"A".repeat(100_000)}`]: "1" };
  const made = await layer(
    { ...env, ...long },
    below,
    "MYAPP_",
    z.object({ r: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.int()))) }),
  );
  expect((made.tree["key_1999"] as Table)["a_b"]).toBe(7);
  expect(made.diagnostics.map(({ code }) => code)).toStrictEqual(["too_deep"]);
  const records = await layer(
    { [`MYAPP_R_${"A_".repeat(40)}B`]: "1" },
    below,
    "MYAPP_",
    z.object({ r: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.int()))) }),
  );
  expect(records.diagnostics.map(({ code }) => code)).toStrictEqual(["ambiguous"]);
  expect(records.diagnostics[0]!.message.length).toBeLessThan(2_000);
});

function leaves(at: Table, above: readonly string[] = []): string[] {
  return Object.keys(at).flatMap((key) => {
    const value = at[key]!;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value as Table, [...above, key])
      : [formatPath([...above, key])];
  });
}
