/** What is made from a specification alone: JSON Schema, a table of settings, example files that load. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { ConfigSpec, EnvironmentSource, FileSource, type Source } from "../../src/index.ts";
import { example, type ExampleFormat, json_schema, markdown, settings } from "../../src/schema.ts";
import { setup } from "../../src/testing.ts";
import { bytes, duration } from "../../src/zod.ts";

const kit = setup({ beforeEach, afterEach });

const Tree = z.object({
  name: z.string(),
  get next() {
    return Tree.optional();
  },
});
const schema = z.object({
  log_level: z.enum(["debug", "info", "warn"]).default("info").describe("How much is logged"),
  port: z.coerce.number().int().min(1).max(65_535).describe("Where it\nlistens | on"),
  ratio: z.number().gt(0).lt(1),
  even: z.number().int().multipleOf(2).min(3),
  database: z.object({
    url: z.url(),
    password: z.string().min(12).default("not-in-any-document"),
    "pool.size": z.object({ maxConnections: z.number().int().default(10), timeout: duration().prefault("30s") }),
  }),
  limits: z.record(z.string(), z.object({ rate: z.number().positive(), burst: z.number().default(2) })),
  labels: z.record(z.string(), z.string()).optional(),
  servers: z.array(z.object({ host: z.string(), weight: z.number().default(1) })).min(1),
  tls: z.object({ cert: z.string(), key: z.string() }).optional(),
  interfaces: z.array(z.string()).max(4).default(["eth0", 'it\'s "quoted" \\ `all`']),
  upload: z.union([z.literal("none"), bytes({ unit: "MiB" })]).default("none"),
  big: z.bigint().optional(),
  tree: Tree.optional(),
  nothing: z.string().nullable().default(null),
  pair: z.tuple([z.string(), z.number()]),
  greeting: z.string().default("grüße\n\t\u007f # no comment = 'x'"),
  flag: z.boolean(),
});
const prefixed = new EnvironmentSource({ prefix: "SHOP", mapping: { PGPASSWORD: "database.password" }, env: {} });
const spec = new ConfigSpec({ id: "shop", schema, sources: [prefixed] });

type Json = Record<string, unknown>;
const at = (json: unknown, ...way: string[]): Json => way.reduce<Json>((one, key) => one[key] as Json, json as Json);

describe("the JSON Schema", () => {
  const json = json_schema(spec);

  test("describes the input, requires nothing and omits keys without effect", () => {
    expect(json).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", additionalProperties: false });
    expect(JSON.stringify(json)).not.toContain('"required"');
    const pool = at(json, "properties", "database", "properties", "pool.size");
    expect(pool["additionalProperties"]).toBe(false);
    expect(at(pool, "properties", "timeout")).toMatchObject({ type: "string", default: "30s" });
    expect(at(json, "properties", "limits", "additionalProperties")["additionalProperties"]).toBe(false);
    expect(at(json, "properties", "big")).toStrictEqual({ type: "integer" });
    expect(at(json, "properties", "$schema")).toStrictEqual({ type: "string" });
  });

  test("marks secrets, and shows none of their defaults", () => {
    expect(at(json, "properties", "database", "properties", "password")).toStrictEqual({
      type: "string",
      minLength: 12,
      writeOnly: true,
    });
    expect(JSON.stringify(json)).not.toContain("not-in-any-document");
  });

  test("requires settings on request, in the requested draft", () => {
    const whole = json_schema(spec, { required: true, target: "draft-2020-12" });
    expect(whole["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(whole["required"]).toContain("database");
    expect(whole["required"]).not.toContain("log_level");
    expect(() => json_schema(spec, { target: "draft-3" as never })).toThrow("target must be one of draft-07");
  });

  test("leaves open objects that accept any key, and parts of a whole", () => {
    const open = z.object({ loose: z.looseObject({ a: z.string() }) });
    const made = json_schema(new ConfigSpec({ schema: open }));
    expect(at(made, "properties", "loose")["additionalProperties"]).not.toBe(false);
    const part = (key: string): object => ({ type: "object", properties: { [key]: { type: "string" } } });
    const whole = json_schema(new ConfigSpec({ schema: open }), { convert: () => ({ allOf: [part("a"), part("b")] }) });
    expect(JSON.stringify(whole)).not.toContain("additionalProperties");
  });

  test("accepts anything for a specification without a schema", () => {
    expect(json_schema(new ConfigSpec({}))).toMatchObject({ type: "object" });
    expect(settings(new ConfigSpec({}))).toStrictEqual([]);
  });
});

describe("the settings", () => {
  const found = new Map(settings(spec).map((one) => [one.path, one]));

  test("are complete and in order, with type, bounds, default and requirement", () => {
    expect([...found.keys()].slice(0, 5)).toStrictEqual(["log_level", "port", "ratio", "even", "database.url"]);
    expect(found.get("log_level")).toMatchObject({
      type: '"debug", "info" or "warn"',
      default: "info",
      required: false,
    });
    expect(found.get("port")).toMatchObject({ type: "integer", constraints: ["1 to 65535"], required: true });
    expect(found.get("ratio")?.constraints).toStrictEqual(["above 0", "below 1"]);
    expect(found.get("limits.*.rate")).toMatchObject({ required: false, required_in: "limits.*" });
    expect(found.get("limits.*.burst")).toMatchObject({ default: 2, required_in: undefined });
    expect(found.get("tls.cert")).toMatchObject({ required: false, required_in: "tls" });
    expect(found.get("servers")).toMatchObject({ type: "list of table", constraints: ["at least 1 element"] });
    expect(found.get("servers.*.host")).toMatchObject({ type: "string", required_in: "servers.*" });
    expect(found.get("pair")?.type).toBe("list of (string, number)");
    expect(found.get("labels")?.type).toBe("table of string");
    expect(found.get("nothing")).toMatchObject({ type: "string or null", default: null, required: false });
    expect(found.has("tree.next.next.name")).toBe(false);
  });

  test("name exactly the variables that set them", () => {
    expect(found.get("database.pool\\.size.maxConnections")?.variable).toBe("SHOP_DATABASE_POOL_SIZE_MAX_CONNECTIONS");
    expect(found.get("database.password")?.variable).toBe("PGPASSWORD");
    expect(found.get("limits.*.rate")?.variable).toBeUndefined();
    const twins = new ConfigSpec({
      schema: z.object({ a_b: z.object({ c: z.string() }), a: z.object({ b_c: z.string() }) }),
      sources: [new EnvironmentSource("X")],
    });
    expect(settings(twins).map(({ variable }) => variable)).toStrictEqual(["X_A_B__C", "X_A__B_C"]);
  });

  test("of secrets show neither default nor example", () => {
    expect(found.get("database.password")).toMatchObject({ secret: true, default: undefined, examples: [] });
    for (const format of ["toml", "yaml", "json", "env"] as const) {
      expect(example(spec, format)).not.toContain("not-in-any-document");
    }
  });
});

test("the table of settings is valid Markdown for any description", () => {
  const lines = markdown(spec).trimEnd().split("\n");
  expect(lines[0]).toBe("| setting | type | default | variable | description |");
  expect(lines).toContain("| `port` | integer, 1 to 65535 | **required** | `SHOP_PORT` | Where it listens \\| on |");
  expect(lines).toContain("| `tls.cert` | string | required in `tls` | `SHOP_TLS_CERT` |  |");
  expect(new Set(lines.map((line) => line.match(/(?<!\\)\|/g)?.length))).toStrictEqual(new Set([6]));
});

describe("an example file", () => {
  const load = async (format: ExampleFormat, text: string, of: z.ZodType = schema): Promise<Json> => {
    const name = { toml: "config.toml", yaml: "config.yaml", json: "config.json", env: ".env" }[format];
    const files = await kit.temporary_directory({ [name]: text });
    const source: Source = new FileSource(files.file(name), {
      settle: 0,
      ...(format === "env" ? { prefix: "SHOP" } : {}),
    });
    const config = await kit.start_manager({ schema: of, sources: [source], log: false });
    expect((await config.status()).diagnostics).toStrictEqual([]);
    return config.snapshot().tree as Json;
  };
  const defaults = {
    log_level: "info",
    upload: "none",
    nothing: null,
    greeting: "grüße\n\t\u007f # no comment = 'x'",
    interfaces: ["eth0", 'it\'s "quoted" \\ `all`'],
  };

  test.each(["toml", "yaml", "json"] as const)(
    "in %s loads without a problem, and optional settings have their defaults",
    async (format) => {
      const tree = await load(format, example(spec, format, { schema: "./config.schema.json" }));
      expect(tree).toMatchObject(defaults);
      expect(tree).not.toHaveProperty("tls");
      expect(tree).not.toHaveProperty("$schema");
      expect(at(tree, "database", "pool.size")).toStrictEqual({ maxConnections: 10, timeout: 30_000 });
    },
  );

  test("in variables loads without a problem if no record is required", async () => {
    const { limits: _records, ...shape } = schema.shape;
    const flat = z.object(shape);
    const text = example(new ConfigSpec({ schema: flat }), "env", { prefix: "SHOP" });
    expect(await load("env", text, flat)).toMatchObject(defaults);
  });

  test.each(["toml", "yaml"] as const)("in %s loads even with all its comments removed", async (format) => {
    const { nothing: _none, tree: _tree, ...shape } = schema.shape;
    const all = z.object(shape);
    const lines = example(new ConfigSpec({ schema: all }), format).split("\n");
    // A line that was a comment of a value is told from one of a text by what stands in it.
    const code = format === "toml" ? /^# (\[[\w.-]+\]|[\w"-]+ = .*)$/ : /^( *)# ([\w"-]+:(?: .*)?)$/;
    const text = lines.map((line) => (format === "toml" ? line.replace(code, "$1") : line.replace(code, "$1$2")));
    const tree = await load(format, text.join("\n").replaceAll(": {}\n", ":\n"), all);
    expect(tree).toMatchObject({
      tls: { cert: "example" },
      labels: { example: "example" },
      limits: { example: { burst: 2 } },
    });
  });

  test("marks the values that must be filled in", () => {
    const strict = z.object({ code: z.string().regex(/^[A-Z]{3}$/), other: z.string() });
    const text = example(new ConfigSpec({ schema: strict }), "toml");
    expect(text).toMatch(/# string, matches .*; required\n# fill in: .*\ncode = "example"/);
    expect(text.match(/fill in/g)).toHaveLength(1);
  });

  test("begins with the reference that editors look for", () => {
    expect(example(spec, "toml", { schema: "./s.json" })).toMatch(/^#:schema \.\/s\.json\n/);
    expect(example(spec, "yaml", { schema: "./s.json" })).toMatch(/^# yaml-language-server: \$schema=\.\/s\.json\n/);
    expect(JSON.parse(example(spec, "json", { schema: "./s.json" }))).toHaveProperty("$schema", "./s.json");
    expect(() => example(spec, "xml" as never)).toThrow("format must be one of toml, yaml, json, env");
  });

  test("without settings is empty, and loads", async () => {
    for (const format of ["toml", "yaml", "json", "env"] as const) {
      const files = await kit.temporary_directory({ [`x.${format}`]: example(new ConfigSpec({}), format) });
      const name = `empty_${format}`;
      const config = await kit.start_manager({
        name,
        sources: [new FileSource(files.file(`x.${format}`), { settle: 0 })],
      });
      expect(config.snapshot().tree).toStrictEqual({});
    }
  });
});

describe("libraries", () => {
  const valibot = new ConfigSpec({
    schema: v.object({
      a: v.optional(v.number(), 5),
      b: v.pipe(v.string(), v.minLength(3)),
      c: v.object({ d: v.picklist(["x", "y"]) }),
    }),
  });
  const ark = new ConfigSpec({ schema: type({ a: "number = 5", "b?": "string > 3", c: { d: "'x'|'y'" } }) });

  test("that export JSON Schema need no converter", () => {
    const found = settings(ark).map(({ path, type: kind, constraints, required }) => [
      path,
      kind,
      ...constraints,
      required,
    ]);
    expect(found).toContainEqual(["c.d", '"x" or "y"', true]);
    expect(found).toContainEqual(["b", "string", "at least 4 characters", false]);
  });

  test("without JSON Schema give keys and types, and everything with a converter", () => {
    expect(settings(valibot).map(({ path, type: kind }) => [path, kind])).toStrictEqual([
      ["a", "number"],
      ["b", "string"],
      ["c.d", '"x" or "y"'],
    ]);
    const whole = settings(valibot, { convert: toJsonSchema });
    expect(whole.map(({ path, default: otherwise, required }) => [path, otherwise, required])).toStrictEqual([
      ["a", 5, false],
      ["b", undefined, true],
      ["c.d", undefined, true],
    ]);
    expect(example(valibot, "toml", { convert: toJsonSchema })).toContain('b = "example"');
    expect(() => settings(valibot, { convert: (() => 1) as never })).toThrow("convert must return a JSON Schema");
  });
});

test("a JSON file may name its schema, which is not a setting", async () => {
  const files = await kit.temporary_directory({
    "a.json": '{ "$schema": "./s.json", "b": 1 }',
    "b.toml": '"$schema" = "x"\nc = 2',
  });
  const sources = [new FileSource(files.file("a.json")), new FileSource(files.file("b.toml"))];
  const config = await kit.start_manager({ schema: z.strictObject({ b: z.number(), c: z.number() }), sources });
  expect(config.snapshot().tree).toStrictEqual({ b: 1, c: 2 });
});

test("no export shows a secret inside a default or an example", () => {
  const plant = "pLanted-7";
  const login = z.object({ user: z.string(), password: z.string() });
  const leaky = z.object({
    url: z.string().default(`postgres://app:${plant}@localhost/app`),
    urls: z.array(z.string()).default([`https://x:${plant}@one`]),
    proxy: z.string().meta({ examples: [`http://u:${plant}@proxy`, "http://proxy"] }),
    admin: login.default({ user: "root", password: plant }),
    guests: z.array(login.meta({ examples: [{ user: "g", password: plant }] })).min(1),
    zone: z
      .string()
      .default("eu")
      .meta({ examples: ["us"] }),
  });
  const spec = new ConfigSpec({
    id: "leaky",
    schema: leaky.meta({ examples: [{ admin: { user: "root", password: plant } }] }),
  });
  const formats: readonly ExampleFormat[] = ["toml", "yaml", "json", "env"];
  const all = [settings(spec), markdown(spec), json_schema(spec), ...formats.map((format) => example(spec, format))];
  const shown = all.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  expect(shown.filter((text) => text.includes(plant))).toEqual([]);
  // What is no secret is still shown.
  for (const text of [shown[0]!, shown[1]!, shown[2]!, shown[3]!]) expect(text).toContain("eu");
  expect(shown[0]).toContain('"http://proxy"');
});
