import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { environmentLayer, type EnvironmentRules } from "../../src/core/environment.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import type { Shape } from "../../src/core/shape.ts";
import type { Layer } from "../../src/core/layer.ts";
import { formatPath } from "../../src/core/path.ts";
import { Snapshot } from "../../src/core/snapshot.ts";
import { ConfigSourceError } from "../../src/errors.ts";
import { plain } from "./trees.ts";

const RULES: EnvironmentRules = { prefix: "MYAPP_", mapping: {}, mode: "smart" };

function layer(
  env: Record<string, string>,
  lower: object = {},
  rules: Partial<EnvironmentRules> = {},
  shape?: Shape,
): Layer {
  return environmentLayer("env:MYAPP_", env, { ...RULES, ...rules }, knownPaths([plain(lower)], shape));
}

const file = {
  database: { url: "x", max_connections: 5, pool: { size: 1 } },
  log_level: "INFO",
  Mixed: { CaseKey: 1 },
  "a.b": 1,
};

/** A variable, the path it sets over `file`, and the rule. */
const names: readonly (readonly [variable: string, path: string, rule: string])[] = [
  ["MYAPP_DATABASE_URL", "database.url", "known_path"],
  ["MYAPP_DATABASE_MAX_CONNECTIONS", "database.max_connections", "known_path"],
  ["MYAPP_DATABASE__MAX_CONNECTIONS", "database.max_connections", "double_underscore"],
  ["MYAPP_LOG_LEVEL", "log_level", "known_path"],
  ["MYAPP_DATABASE_POOL_SIZE", "database.pool.size", "known_path"],
  ["MYAPP_DATABASE_POOL", "database.pool", "known_path"],
  ["MYAPP_MIXED_CASEKEY", "Mixed.CaseKey", "known_path"],
  ["MYAPP_A_B", "a\\.b", "known_path"],
  ["MYAPP_CACHE_TTL", "cache.ttl", "single_underscore"],
  ["MYAPP_CACHE__IDLE_TTL", "cache.idle_ttl", "double_underscore"],
  ["MYAPP_DATABASE_POOL_SIZE_MAX", "database.pool.size.max", "single_underscore"],
  ["MYAPP_SOLO", "solo", "single_underscore"],
];

describe("environmentLayer", () => {
  test.each(names)("reads %s as %s by the rule %s", (variable, path, rule) => {
    const made = layer({ [variable]: "v" }, file);
    expect(new Snapshot(1, made.tree).lookup(path)).toBe("v");
    expect(made.origin(new Snapshot(1, made.tree).lookup(path) === "v" ? segmentsOf(path) : [])).toEqual({
      source: "env:MYAPP_",
      variable,
      rule,
    });
    expect(made.diagnostics).toEqual([]);
  });

  test("applies the specification's rule alone in naive mode", () => {
    expect(layer({ MYAPP_DATABASE_MAX_CONNECTIONS: "7" }, file, { mode: "naive" }).tree).toEqual({
      database: { max: { connections: 7 } },
    });
    expect(layer({ MYAPP_A__B: "1" }, {}, { mode: "naive" }).tree).toEqual({ a: { b: 1 } });
  });

  test("looks up a mapping first, by the whole name or without the prefix, inside or outside of it", () => {
    const mapping = { PORT: "http.port", MYAPP_DATABASE_URL: ["db", "dotted.url"], LEVEL: "log.level" };
    const made = layer({ PORT: "80", MYAPP_DATABASE_URL: "u", MYAPP_LEVEL: "L", HOME: "/root" }, file, { mapping });
    expect(made.tree).toEqual({ http: { port: 80 }, db: { "dotted.url": "u" }, log: { level: "L" } });
    expect(made.origin(["http", "port"])).toEqual({ source: "env:MYAPP_", variable: "PORT", rule: "mapping" });
  });

  test("applies the specification's rule if several paths fit, and reports that", () => {
    const made = layer({ MYAPP_A_B_C: "1" }, { a_b: { c: 0 }, a: { b_c: 0 } });
    expect(made.tree).toEqual({ a: { b: { c: 1 } } });
    expect(made.diagnostics).toEqual([
      expect.objectContaining({
        code: "ambiguous",
        path: "a.b.c",
        message: '"MYAPP_A_B_C" fits "a.b_c", "a_b.c"; it is read as "a.b.c", write "__" between segments to choose',
      }),
    ]);
  });

  test("uses the schema's paths and types", () => {
    const shape: Shape = {
      children: new Map([
        ["db_main", { children: new Map([["max_size", { children: new Map(), type: "string" as const }]]) }],
      ]),
    };
    const made = layer({ MYAPP_DB_MAIN_MAX_SIZE: "10" }, {}, {}, shape);
    expect(made.tree).toEqual({ db_main: { max_size: "10" } });
  });

  test("prefers the first rule, then the first name, if two names mean one path", () => {
    const made = layer({ MYAPP_DATABASE_URL: "known", MYAPP_DATABASE__URL: "double" }, file);
    expect(made.tree).toEqual({ database: { url: "double" } });
    expect(made.diagnostics).toEqual([expect.objectContaining({ code: "duplicate", path: "database.url" })]);
  });

  test("lets a table win over a value at the same place, and reports that", () => {
    const made = layer({ MYAPP_DATABASE: "x", MYAPP_DATABASE_URL: "y" });
    expect(made.tree).toEqual({ database: { url: "y" } });
    expect(made.diagnostics).toEqual([expect.objectContaining({ code: "shape", path: "database" })]);
    expect(made.diagnostics[0]!.message).not.toContain('x"');
  });

  test("merges a variable into the JSON of another", () => {
    expect(layer({ MYAPP_DATABASE: '{"url": "a", "port": 1}', MYAPP_DATABASE_URL: "b" }).tree).toEqual({
      database: { url: "b", port: 1 },
    });
  });

  test("skips a name that is only the prefix, and reports that", () => {
    const made = layer({ MYAPP_: "x", MYAPP___: "y" });
    expect(made.tree).toEqual({});
    expect(made.diagnostics.map(({ code }) => code)).toEqual(["empty_name", "empty_name"]);
  });

  test.each([["__proto__.polluted"], [""], ["a..b"], [["a", "__proto__"]], [[]]])("refuses to map to %j", (path) => {
    expect(() => layer({ X: "1" }, {}, { mapping: { X: path } })).toThrow(ConfigSourceError);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("treats constructor and the like as own keys, and pollutes nothing", () => {
    const made = layer({ MYAPP_CONSTRUCTOR_PROTOTYPE_POLLUTED: "1", MYAPP___PROTO____X: "1" });
    expect(Object.hasOwn(made.tree, "constructor")).toBe(true);
    expect(({} as { polluted?: unknown; x?: unknown }).polluted ?? ({} as { x?: unknown }).x).toBeUndefined();
  });

  test("never fails, for any environment", () => {
    const name = fc
      .string({ unit: fc.constantFrom("A", "_", ".", "B", "\\", "é"), maxLength: 8 })
      .map((text) => `MYAPP_${text}`);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (env) => {
        const made = layer(env, file);
        for (const diagnostic of made.diagnostics) expect(diagnostic.source).toBe("env:MYAPP_");
      }),
    );
  });

  test("sets a known path by every name that reads the same", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 3 });
    const segment = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("_"));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (path) => {
        const lower = path.reduceRight<unknown>((below, key) => ({ [key]: below }), 0) as object;
        const variable = `MYAPP_${path.join("_").toUpperCase()}`;
        expect(new Snapshot(1, layer({ [variable]: "v" }, lower).tree).lookup(formatPath(path))).toBe("v");
      }),
    );
  });
});

function segmentsOf(path: string): string[] {
  return path === "a\\.b" ? ["a.b"] : path.split(".");
}
