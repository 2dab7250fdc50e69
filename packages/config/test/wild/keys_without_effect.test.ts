/** Keys and variables that a schema drops silently are reported, with their place and the probable spelling. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { supervisor } from "@otpts/runtime";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { Config, ConfigManager, ConfigSpec, EnvironmentSource, FileSource } from "../../src/index.ts";
import { keysWithoutEffect } from "../../src/core/ineffective.ts";
import { UNLIMITED } from "../../src/core/sliced.ts";
import { nearest } from "../../src/core/nearest.ts";

const schemas = {
  zod: z.object({
    database: z.object({ url: z.string(), max_connections: z.int().default(1) }),
    pools: z.array(z.object({ size: z.int() })).default([]),
    labels: z.record(z.string(), z.string()).default({}),
    open: z.looseObject({}).default({}),
  }),
  valibot: v.object({
    database: v.object({ url: v.string(), max_connections: v.optional(v.number(), 1) }),
    pools: v.optional(v.array(v.object({ size: v.number() })), []),
    labels: v.optional(v.record(v.string(), v.string()), {}),
    open: v.optional(v.looseObject({}), {}),
  }),
};

describe.each(Object.entries(schemas))("under a schema of %s", (name, schema) => {
  test("a misspelt key of a file or a variable is a diagnostic in status", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "otpts-effect-")), "app.toml");
    writeFileSync(
      file,
      '[database]\nurl = "u"\nmax_conections = 7\n[[pools]]\nsize = 1\nsise = 2\n[labels]\nanything = "x"\n[open]\nany = 1\n[unrelated_section]\na = 1\n',
    );
    const env = { MYAPP_DATABASE_MAX_CONNECTION: "9", MYAPP_DATABSE__URL: "x" };
    const sources = [new FileSource(file, { settle: 0 }), new EnvironmentSource({ prefix: "MYAPP", env })];
    const spec = new ConfigSpec({ name: `effect_${name}`, sources, schema, reload_interval: 0 });
    const top = await supervisor.start([ConfigManager.child_spec(spec)]);
    const { diagnostics } = await Config.for(spec).status();
    await supervisor.stop(top);
    expect(diagnostics.map(({ source, code, path, message }) => [source, code, path, message])).toStrictEqual(
      [
        [`file:${file}`, "database.max_conections", "database.max_connections", `file:${file}:3`],
        ["env:MYAPP", "database.max.connection", "database.max_connections", "env:MYAPP_DATABASE_MAX_CONNECTION"],
        [`file:${file}`, "pools.0.sise", "pools.0.size", `file:${file}:6`],
        [`file:${file}`, "unrelated_section.a", undefined, `file:${file}:12`],
        ["env:MYAPP", "databse.url", "database", "env:MYAPP_DATABSE__URL"],
      ].map(([source, path, meant, place]) => [
        source,
        "no_effect",
        path,
        `"${path}" has no effect, as the schema does not know it${meant === undefined ? "" : `; the nearest known key is "${meant}"`} (${place})`,
      ]),
    );
  });
});

test("a key that a transformation renames or creates is effective", () => {
  const layer = { source: "s", tree: {}, origin: () => ({ source: "s" }), diagnostics: [] };
  const shape = { children: new Map([["old", { children: new Map() }]]) };
  expect(
    keysWithoutEffect([layer], { old: 1, same: { a: 1 } }, { renamed: 1, same: { a: 1 } }, shape, UNLIMITED),
  ).toStrictEqual([]);
});

test("a hundred diagnostics are reported at most", () => {
  const raw = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key_${i}`, { deep: i }]));
  const layer = { source: "s", tree: raw, origin: () => ({ source: "s" }), diagnostics: [] };
  expect(keysWithoutEffect([layer], raw, {}, undefined, UNLIMITED)).toHaveLength(100);
});

test.each([
  ["max_conections", "max_connections"],
  ["maxConnections", "max_connections"],
  ["prot", "port"],
  ["host", undefined],
  ["x".repeat(1_000), undefined],
])("the word nearest to %.20s is %s", (word, known) => {
  expect(nearest(word, ["port", "max_connections", "url", "y".repeat(1_000)])).toBe(known);
});
