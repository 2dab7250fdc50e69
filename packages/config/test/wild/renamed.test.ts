/** Renamed and deprecated settings: a value under an old name counts under the new one, and every use is reported. */
import fc from "fast-check";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { Aliases } from "../../src/core/aliases.ts";
import { type Renamed, renamed } from "../../src/core/renaming.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { UNLIMITED } from "../../src/core/sliced.ts";
import type { Table } from "../../src/core/value.ts";
import {
  type ConfigClient,
  ConfigSpec,
  type ConfigSpecOptions,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
  RuntimeSource,
} from "../../src/index.ts";
import { example, json_schema, markdown, settings } from "../../src/schema.ts";
import { setup } from "../../src/testing.ts";
import { anyTree, plain } from "../core/trees.ts";

const kit = setup({ beforeEach, afterEach });

const atOnce = (tree: Table, names: Aliases) => renamed(tree, names, undefined, UNLIMITED) as Renamed;

const schema = z.strictObject({
  database: z.strictObject({ url: z.string(), pool: z.number().default(5) }).optional(),
  limits: z.record(z.string(), z.strictObject({ rate: z.number() })).default({}),
  server: z.strictObject({ port: z.number().default(80) }).prefault({}),
  servers: z.array(z.strictObject({ host: z.string() })).default([]),
});
const aliases = {
  db: "database",
  "database.uri": "database.url",
  "limits.*.speed": "limits.*.rate",
  "servers.*.name": "servers.*.host",
  "server.db_url": "database.url",
};

async function started(
  files: Record<string, string>,
  options: ConfigSpecOptions = {},
): Promise<{ config: ConfigClient; lines: string[]; write: (name: string, text: string) => Promise<unknown> }> {
  const directory = await kit.temporary_directory(files);
  const lines: string[] = [];
  const sources = [
    ...Object.keys(files).map((name) => new FileSource(directory.file(name), { name, settle: 0 })),
    ...(options.sources ?? []),
  ];
  const config = await kit.start_manager({ aliases, schema, log: (line) => lines.push(line), ...options, sources });
  return { config: config as ConfigClient, lines, write: (name, text) => directory.write(name, text) };
}

const messages = async (config: ConfigClient): Promise<string[]> =>
  (await config.status()).diagnostics.map(({ code, message }) => `${code}: ${message}`);

describe("an old name", () => {
  test("in a file counts as the new one, with its place, alone, in a table and in a record", async () => {
    const { config, lines } = await started({
      "a.toml": '[db]\nuri = "x"\n[limits.api]\nspeed = 3\n[[servers]]\nname = "h"\n[server]\n',
    });
    expect(config.snapshot().tree).toStrictEqual({
      database: { url: "x", pool: 5 },
      limits: { api: { rate: 3 } },
      server: { port: 80 },
      servers: [{ host: "h" }],
    });
    const found = await messages(config);
    expect(found).toStrictEqual([
      'old_name: "db" is now called "database"; use the new name (a.toml:1)',
      'old_name: "db.uri" is now called "database.url"; use the new name (a.toml:2)',
      'old_name: "limits.api.speed" is now called "limits.api.rate"; use the new name (a.toml:4)',
      'old_name: "servers.0.name" is now called "servers.0.host"; use the new name (a.toml:6)',
    ]);
    expect(lines.map((line) => line.replace(/^\w+: /, "old_name: "))).toStrictEqual(found);
  });

  test("loses to the new one in the same file, which is reported leaf by leaf", async () => {
    const { config } = await started({ "a.toml": '[db]\nurl = "old"\npool = 1\n[database]\nurl = "new"\n' });
    expect(config.peek("database")).toStrictEqual({ url: "new", pool: 1 });
    expect(await messages(config)).toStrictEqual([
      'old_name: "db" is now called "database"; use the new name (a.toml:1)',
      'old_name_unused: "db.url" is not used, as "database.url", its new name, is set there as well (a.toml:2)',
    ]);
  });

  test("in a higher source wins over the new one in a lower source", async () => {
    const env = { APP_DB_URL: "env", APP_LIMITS_API_SPEED: "7" };
    const sources = [new EnvironmentSource({ prefix: "APP", env })];
    const { config } = await started({ "a.toml": '[database]\nurl = "file"\n' }, { sources });
    expect(config.peek("database.url")).toBe("env");
    expect(config.peek("limits.api.rate")).toBe(7);
    expect(await messages(config)).toStrictEqual([
      'old_name: "db" is now called "database"; use the new name (env:APP_DB_URL)',
      'old_name: "limits.api.speed" is now called "limits.api.rate"; use the new name (env:APP_LIMITS_API_SPEED)',
    ]);
    const told = await config.explain("db.url");
    expect(told).toMatchObject({ path: "database.url", renamed_from: "db.url", value: "env" });
    expect(told.winner).toMatchObject({ place: "env:APP_DB_URL", origin: { renamed_from: "db.url" } });
    expect(told.winner?.why).toContain('written as "db.url", its old name');
    expect(told.shadowed.map(({ place }) => place)).toStrictEqual(["a.toml:2"]);
  });

  test("leaves no empty table behind, except one that the schema has", async () => {
    const { config } = await started({ "a.toml": '[server]\ndb_url = "x"\n' });
    expect(config.snapshot().tree).toMatchObject({ database: { url: "x" }, server: { port: 80 } });
    const bare = atOnce(plain({ a: { b: { c: 1 } }, d: {} }), new Aliases({ "a.b.c": "x" }));
    expect(bare.tree).toStrictEqual({ x: 1, d: {} });
  });

  test("that is misspelt in the value is refused at its place", async () => {
    const { config, write } = await started({ "a.toml": '[database]\nurl = "x"\n' });
    await write("a.toml", "[limits.api]\nspeed = 'fast'\n");
    await expect(config.reload()).rejects.toThrow(/"limits.api.rate" .*number.* \(from a.toml:2\)/);
  });

  test("is reported once, and again when it returns", async () => {
    const { config, lines, write } = await started({ "a.toml": '[db]\nurl = "x"\n' });
    await write("a.toml", '[db]\nurl = "y"\n');
    await config.reload();
    expect(lines).toHaveLength(1);
    await write("a.toml", '[database]\nurl = "y"\n');
    await config.reload();
    expect(await messages(config)).toStrictEqual([]);
  });

  test("reads and writes at run time as the new one", async () => {
    const { config } = await started({ "a.toml": '[database]\nurl = "x"\n' });
    const told: unknown[] = [];
    const callback = (path: string, _old: unknown, value: unknown): void => void told.push([path, value]);
    await config.subscribe("db.url", callback);
    await config.subscribe("db.*", callback);
    await config.put("db.url", "y");
    expect(told).toStrictEqual([
      ["database.url", "y"],
      ["database.url", "y"],
    ]);
    expect(await config.get("db.url")).toBe("y");
    expect(config.peek("db.url")).toBe("y");
    expect(config.peek(["db", "url"])).toBe("y");
    expect(config.ref("db.url").value).toBe("y");
    expect(config.snapshot().get("db.url")).toBe("y");
    expect((await config.status()).overrides).toStrictEqual(["database.url"]);
    await config.unset("db.url");
    expect(await config.get("db.url")).toBe("x");
    await config.unsubscribe("db.url", callback);
    await config.unsubscribe("db.*", callback);
    expect((await config.status()).subscriptions).toBe(0);
    await config.put("limits.web", { speed: 3 });
    await config.merge("limits", { web: { speed: 4 } });
    expect(config.peek("limits.web")).toStrictEqual({ rate: 4 });
  });

  test("inside a put value whose new name lies elsewhere is refused", async () => {
    const { config } = await started({});
    const refused = config.put("server", { db_url: "x" });
    await expect(refused).rejects.toThrow(ConfigValidationError);
    await expect(refused).rejects.toThrow('"server.db_url" is now called "database.url", and must be put there');
  });

  test("in saved overrides counts as the new one", async () => {
    const directory = await kit.temporary_directory({});
    const file = directory.file("overrides.json");
    const before = await kit.start_manager({ name: "before", sources: [new RuntimeSource({ file })] });
    await before.put("db", { url: "saved" });
    await before.put("server", { db_url: "elsewhere", port: 81 });
    await before.put("database.pool", 9);
    await kit.stop_manager(before);
    const after = await kit.start_manager({ schema, aliases, sources: [new RuntimeSource({ file })] });
    expect(after.snapshot().tree).toMatchObject({ database: { pool: 9 }, server: { port: 81 } });
    await after.put("database.pool", 10);
    expect((await after.status()).overrides).not.toContain("db");
  });

  test("of a secret makes the new one a secret", async () => {
    const spec = new ConfigSpec({ aliases: { api_token: "upstream.key_ring" } });
    expect(spec.secrets.covers(["upstream", "key_ring"])).toBe(true);
    expect(spec.secrets.covers(["upstream", "other"])).toBe(false);
  });
});

describe("aliases", () => {
  test("change no tree without old names, and lose no leaf", () => {
    const names = new Aliases({ a: "z", "b.c": "y.x", "d.*.e": "d.*.f", "y.x.q": "w" });
    fc.assert(
      fc.property(anyTree, (tree) => {
        const { tree: made, moved } = atOnce(tree, names);
        if (moved.length === 0) expect(made).toBe(tree);
        const again = atOnce(made, names);
        expect(again.moved.filter(({ lost }) => lost.length === 0)).toStrictEqual([]);
      }),
    );
  });

  test.each([
    [{ a: "a" }, "must not lead to itself"],
    [{ a: "a.b" }, "must not lead to itself, above itself or below itself"],
    [{ "a.b": "a" }, "must not lead to itself, above itself or below itself"],
    [{ a: "b", b: "a" }, "lead in a circle"],
    [{ "a.*": "b" }, 'must have as many "*" on both sides'],
    [{ a: 1 }, "Cannot read the alias of"],
    [{ "a..b": "c" }, "Cannot read aliases"],
    [["a"], "must be an object"],
    [null, "must be an object"],
  ])("%j are refused", (given, message) => {
    expect(() => new ConfigSpec({ aliases: given as never })).toThrow(TypeError);
    expect(() => new ConfigSpec({ aliases: given as never })).toThrow(message);
  });

  test("are followed to the end", () => {
    const names = new Aliases({ a: "b", b: "c.d", "c.*": "e.*" });
    expect(names.rename(["a", "x"])).toStrictEqual(["e", "d", "x"]);
    expect(names.rename(["c", "q"])).toStrictEqual(["e", "q"]);
    const own = ["other"];
    expect(names.rename(own)).toBe(own);
  });

  test("without a schema name variables as well", async () => {
    const env = { APP_DB_MAX_CONNECTIONS: "12" };
    const sources = [new EnvironmentSource({ prefix: "APP", env })];
    const { config } = await started({}, {
      schema: undefined,
      sources,
      aliases: { "db.max_connections": "pool.size" },
    } as never);
    expect(config.snapshot().tree).toStrictEqual({ pool: { size: 12 } });
  });
});

describe("a deprecated setting", () => {
  const marked = z.object({
    old: z.string().optional().meta({ deprecated: true }),
    cache: z.object({ size: z.number().optional(), kind: z.string().optional() }).optional(),
    rules: z.record(z.string(), z.object({ weight: z.number().optional() })).optional(),
  });
  const deprecated = { "cache.size": "use cache.kind", "rules.*.weight": "rules have no weight" };

  test("is effective, and each use is reported with its place", async () => {
    const env = { APP_RULES__A__WEIGHT: "3" };
    const sources = [new EnvironmentSource({ prefix: "APP", env })];
    const files = { "a.toml": 'old = "x"\n[cache]\nsize = 3\nkind = "y"\n' };
    const { config, lines } = await started(files, { schema: marked, aliases: {}, deprecated, sources });
    expect(config.peek("cache.size")).toBe(3);
    expect(await messages(config)).toStrictEqual([
      'deprecated: "cache.size" is deprecated: use cache.kind (a.toml:3)',
      'deprecated: "old" is deprecated (a.toml:1)',
      'deprecated: "rules.a.weight" is deprecated: rules have no weight (env:APP_RULES__A__WEIGHT)',
    ]);
    expect(lines).toHaveLength(3);
    await config.put("rules.b.weight", 4);
    expect((await messages(config)).at(-1)).toBe(
      'deprecated: "rules.b.weight" is deprecated: rules have no weight (put)',
    );
    expect(await config.explain("cache.size")).toMatchObject({ deprecated: "use cache.kind" });
    expect(await config.explain("cache.kind")).not.toHaveProperty("deprecated");
  });

  test("is marked by schemas of any library", () => {
    const valibot = v.object({ a: v.pipe(v.string(), v.metadata({ deprecated: "use b" })) });
    expect(shapeOf(valibot)?.children.get("a")?.deprecated).toBe("use b");
    expect(shapeOf(marked)?.children.get("old")?.deprecated).toBe("");
  });

  test.each([
    [{ a: 1 }, 'the message of "a" must be a string'],
    ["a", "must be an object"],
    [{ "a[": "x" }, "Cannot read deprecated pattern"],
  ])("%j is refused", (given, message) => {
    expect(() => new ConfigSpec({ deprecated: given as never })).toThrow(message);
  });

  test("and old names appear in the JSON Schema and the table, and not in example files", () => {
    const spec = new ConfigSpec({
      schema: marked,
      deprecated,
      aliases: { "store.kind": "cache.kind", "rules.*.heft": "rules.*.weight" },
    });
    const text = JSON.stringify(json_schema(spec));
    expect(text).toContain('"size":{"type":"number","deprecated":true,"deprecationMessage":"use cache.kind"}');
    expect(text).toContain(
      '"store":{"type":"object","additionalProperties":false,"properties":{"kind":{"type":"string","deprecated":true,"deprecationMessage":"is now called \\"cache.kind\\""}}}',
    );
    expect(text).toContain('"heft":{"type":"number","deprecated":true');
    expect(settings(spec).find(({ path }) => path === "cache.kind")).toMatchObject({ aliases: ["store.kind"] });
    expect(markdown(spec)).toContain("| **Deprecated:** use cache.kind |");
    expect(markdown(spec)).toContain("| Formerly `store.kind`. |");
    expect(example(spec, "toml")).not.toMatch(/size|old|weight/);
  });
});
