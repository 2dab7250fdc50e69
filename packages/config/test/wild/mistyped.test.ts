/** A value of another type than the value it replaces is reported, with its place, from any source. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { supervisor } from "@otpts/runtime";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { environmentLayer } from "../../src/core/environment.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import type { Diagnostic, Layer } from "../../src/core/layer.ts";
import { mistypedValues } from "../../src/core/mistyped.ts";
import { UNLIMITED } from "../../src/core/sliced.ts";
import { Overrides } from "../../src/core/overrides.ts";
import { emptyConfiguration } from "../../src/core/configuration.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { Config, ConfigManager, ConfigSpec, EnvironmentSource, FileSource, TemplateSource } from "../../src/index.ts";
import type { Source } from "../../src/index.ts";

const BELOW = { debug: true, port: 5432, big: 2n ** 70n, hosts: ["a"], ids: [1, 2], flags: [true], zip: "1" };

/** The value of one variable over `BELOW`, and whether it is reported. */
function over(key: keyof typeof BELOW, text: string): readonly [Value | undefined, string | undefined] {
  const below: Layer = { source: "file", tree: BELOW, origin: () => ({ source: "file", line: 3 }), diagnostics: [] };
  const rules = { prefix: "P", mapping: {}, mode: "smart" } as const;
  const env = environmentLayer("env", { [`P_${key.toUpperCase()}`]: text }, rules, knownPaths([BELOW]));
  const value = (env.tree as Record<string, Value>)[key];
  const snapshot = { tree: value === undefined ? BELOW : { ...BELOW, [key]: value } } as never;
  const found = mistypedValues(
    { ...emptyConfiguration(["file", "env"]), layers: [below, env], snapshot },
    undefined,
    UNLIMITED,
  ) as readonly Diagnostic[];
  return [value, found[0]?.message];
}

describe("a text over a boolean, a number or a list", () => {
  test.each<[keyof typeof BELOW, string, Value | undefined]>([
    ...["true", "TRUE", "t", "yes", "Y", "on", "1", "enabled", "Enable", " on "].map(
      (text) => ["debug", text, true] as never,
    ),
    ...["false", "f", "no", "N", "off", "0", "disabled", "disable", "Off\n"].map(
      (text) => ["debug", text, false] as never,
    ),
    ["port", " 5", 5],
    ["port", "5 ", 5],
    ["port", "+5", 5],
    ["port", "1e3", 1000],
    ["port", "007", 7],
    ["big", "5", 5],
    ["port", "12345678901234567890", undefined],
    ["hosts", "x", ["x"]],
    ["hosts", "1,2", ["1", "2"]],
    ["ids", "3", [3]],
    ["ids", "[12345678901234567890]", [12345678901234567890n]],
    ["flags", "no,Y", [false, true]],
    ["zip", "5", "5"],
    ["zip", "true", "true"],
  ])("is read as that type without a diagnostic: %s %j", (key, text, value) => {
    const [read, told] = over(key, text);
    if (value !== undefined) expect(read).toStrictEqual(value);
    else expect(typeof read).toBe("string");
    if (value !== undefined) expect(told).toBeUndefined();
  });

  test.each<[keyof typeof BELOW, string, string, string, string]>([
    ...["disabld", "nein", "null", "2x", "-", "tru e"].map(
      (text) => ["debug", text, "a text", "a boolean", "true or false"] as never,
    ),
    ["debug", "2", "a number", "a boolean", "true or false"],
    ["debug", "[true]", "a list of booleans", "a boolean", "true or false"],
    ...[
      "0x10",
      "0b1",
      "1_000",
      "1,000",
      "Infinity",
      "-Infinity",
      "NaN",
      "1e400",
      "1e-400",
      "5 s",
      "5ms",
      "٣",
      "1 000",
    ].map((text) => ["port", text, "a text", "a number", "a number in digits, such as 10 or -2.5"] as never),
    ["port", "true", "a boolean", "a number", "a number in digits, such as 10 or -2.5"],
    ["big", "x", "a text", "a number", "a number in digits, such as 10 or -2.5"],
    ["ids", "1,x", "a list", "a list of numbers", "a list of the same kind"],
    ["ids", "[1, 2", "a list", "a list of numbers", "a list of the same kind"],
    ["hosts", "[a, b]", "a text", "a list of texts", "a list of the same kind"],
  ])("that cannot be read as that type is reported with its place: %s %j", (key, text, is, was, wanted) => {
    expect(over(key, text)[1]).toBe(
      `"${key}" is ${is} where file:3 has ${was}, expected ${wanted} (env:P_${key.toUpperCase()})`,
    );
  });
});

async function diagnosticsOf(sources: readonly Source[], more: object = {}, put?: Table) {
  const spec = new ConfigSpec({ name: "mistyped", sources, reload_interval: 0, log: false, ...more });
  const top = await supervisor.start([ConfigManager.child_spec(spec)]);
  const config = Config.for(spec);
  for (const [path, value] of Object.entries(put ?? {})) await config.put(path, value);
  const { diagnostics } = await config.status();
  await supervisor.stop(top);
  return diagnostics.filter(({ code }) => code === "type").map(({ source, path, message }) => [source, path, message]);
}

test("files, templates, variables, .env files and puts are reported with the places of both sides", async () => {
  const directory = mkdtempSync(join(tmpdir(), "otpts-mistyped-"));
  const [low, dotenv, template, high] = ["low.toml", ".env", "t.toml", "high.yaml"].map((name) =>
    join(directory, name),
  );
  writeFileSync(low!, "a = true\nb = 1\nc = false\nd = 4\ne = [1]\nf = 1\nsame = true\n");
  writeFileSync(dotenv!, "# one\nA=maybe\nSAME=off\n");
  writeFileSync(template!, 'b = "${B:2}"\nd = "x"\n');
  writeFileSync(high!, 'c: "no"\nd: 5\ne: 1\n');
  const found = await diagnosticsOf(
    [
      new FileSource(low!, { settle: 0 }),
      new FileSource(dotenv!, { settle: 0 }),
      new TemplateSource(template!, { settle: 0 }),
      new FileSource(high!, { settle: 0 }),
    ],
    {},
    { f: "true" },
  );
  const [number, truth] = ["a number in digits, such as 10 or -2.5", "true or false"];
  expect(found).toStrictEqual([
    [`file:${dotenv}`, "a", `"a" is a text where file:${low}:1 has a boolean, expected ${truth} (file:${dotenv}:2)`],
    [
      `template:${template}`,
      "b",
      `"b" is a text where file:${low}:2 has a number, expected ${number} (template:${template}:1)`,
    ],
    [`file:${high}`, "c", `"c" is a text where file:${low}:3 has a boolean, expected ${truth} (file:${high}:1)`],
    [
      `file:${high}`,
      "e",
      `"e" is a number where file:${low}:5 has a list of numbers, expected a list of the same kind (file:${high}:3)`,
    ],
    ["runtime", "f", `"f" is a text where file:${low}:6 has a number, expected ${number} (put)`],
  ]);
});

describe("under a schema", () => {
  const env = (variables: Record<string, string>) => new EnvironmentSource({ prefix: "P", env: variables });
  const low = (tree: Table): Source => ({
    name: "low",
    kind: "low",
    required: true,
    on_missing: "keep",
    load: async () => ({
      outcome: "data",
      contribution: { source: "low", tree, origin: () => ({ source: "low" }), diagnostics: [] },
    }),
  });

  test("a value that the schema accepts is no mistake", async () => {
    const schema = z.object({
      size: z.union([z.number(), z.literal("auto")]),
      on: z.stringbool(),
      n: z.string().transform(Number),
      any: z.any(),
    });
    const sources = [
      low({ size: 5, on: "true", n: "1", any: "x" }),
      env({ P_SIZE: "auto", P_ON: "disabled", P_N: "2", P_ANY: "5" }),
    ];
    expect(await diagnosticsOf(sources, { schema })).toStrictEqual([]);
  });

  test("a place that the schema leaves open is compared with the values below", async () => {
    const sources = [low({ open: true }), env({ P_OPEN: "maybe" })];
    for (const schema of [z.object({ open: z.any() }), v.object({ open: v.any() })]) {
      expect((await diagnosticsOf(sources, { schema })).map(([, path]) => path)).toStrictEqual(["open"]);
    }
  });

  test("a boolean or a number that is coerced from an unsuitable text is reported", async () => {
    const schema = z.object({
      a: z.coerce.boolean(),
      b: z.coerce.boolean(),
      c: z.coerce.number(),
      d: z.coerce.number(),
      e: z.coerce.number(),
      f: z.number().catch(7),
      list: z.array(z.coerce.boolean()),
    });
    const tree = { a: "no", b: "yes", c: "", d: "8080", e: null, f: "x", list: [true, "off"] };
    const found = await diagnosticsOf([low(tree)], { schema });
    expect(found.map(([, path]) => path)).toStrictEqual(["a", "c", "e", "f", "list.1"]);
    expect(found[0]).toStrictEqual([
      "low",
      "a",
      '"a" is a text, which the schema converts to a boolean by its own rule, expected true or false (low)',
    ]);
    const better = [low({ ...tree, list: [] }), env({ P_A: "disabled", P_C: "5", P_E: "1" })];
    expect((await diagnosticsOf(better, { schema })).map(([, path]) => path)).toStrictEqual(["f"]);
  });

  test("a text that the schema refuses is refused with its variable", async () => {
    for (const text of ["0x10", "1_000", "Infinity", "1e400", "true"]) {
      for (const schema of [z.object({ port: z.number() }), v.object({ port: v.number() })]) {
        await expect(diagnosticsOf([env({ P_PORT: text })], { schema })).rejects.toThrow(
          /"port" .*\(from env:P_PORT\)/u,
        );
      }
    }
  });
});

test("a hundred diagnostics are reported at most", () => {
  const table = (value: Value): Table => Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, value]));
  const layer = (source: string, tree: Table): Layer => ({ source, tree, origin: () => ({ source }), diagnostics: [] });
  const configuration = {
    ...emptyConfiguration(["a", "b"]),
    layers: [layer("a", table(1)), layer("b", table("x"))],
    snapshot: { tree: table("x") } as never,
    overrides: Overrides.none,
  };
  expect(mistypedValues(configuration, undefined, UNLIMITED)).toHaveLength(100);
});

test("a text of a .env file that cannot be read is reported with its line", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "otpts-mistyped-")), ".env");
  writeFileSync(file, 'X=1\nLIMITS={"a":1,"a":2}\n');
  await expect(diagnosticsOf([new FileSource(file, { settle: 0 })])).rejects.toThrow(
    `"limits.a" cannot be read: the same key is written twice (from LIMITS, file:${file}:2)`,
  );
});
