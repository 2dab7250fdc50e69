import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTable } from "../../src/core/draft.ts";
import { environmentLayer } from "../../src/core/environment.ts";
import { explain, originAt, type Explanation } from "../../src/core/explain.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import type { Layer } from "../../src/core/layer.ts";
import { placeOf } from "../../src/core/layers.ts";
import { BelowList, merge } from "../../src/core/merge.ts";
import { Overrides } from "../../src/core/overrides.ts";
import { REDACTED, Secrets } from "../../src/core/secrets.ts";
import type { Budget } from "../../src/core/sliced.ts";
import { Snapshot, valueAt } from "../../src/core/snapshot.ts";
import type { Table } from "../../src/core/value.ts";
import { denseTree, plain } from "./trees.ts";

const file: Layer = {
  source: "file:config.toml",
  tree: plain({ database: { url: "file-url", password: "file-secret", port: 1 }, log: "INFO", shape: { a: 1 } }),
  origin: () => ({ source: "file:config.toml", file: "/etc/config.toml", line: 3 }),
  diagnostics: [],
};
const template: Layer = {
  source: "template:t",
  tree: plain({ log: "DEBUG", shape: 5 }),
  origin: () => ({ source: "template:t", line: 1, placeholders: [{ name: "LEVEL", from: "environment" }] }),
  diagnostics: [],
};
const env = environmentLayer(
  "env:MYAPP_",
  { MYAPP_DATABASE_URL: "env-url", MYAPP_DATABASE_PASSWORD: "env-secret" },
  { prefix: "MYAPP_", mapping: {}, mode: "smart" },
  knownPaths([file.tree]),
);

const unlimited: Budget = { spent: () => false, turn: () => Promise.resolve() };

function explained(path: string[], overrides = Overrides.none, effective?: Table): Explanation {
  const layers = [file, template, { ...env, tree: plain(env.tree) }];
  const raw = overrides.over(
    merge(
      layers.map(({ tree }) => tree),
      undefined,
    ),
    undefined,
  );
  const context = { snapshot: new Snapshot(7, effective ?? raw), raw, layers, overrides, secrets: new Secrets() };
  return explain(path, context, unlimited) as Explanation;
}

describe("explain", () => {
  test("reports the winner and the values that it shadows, with file, line, variable and rule", () => {
    const answer = explained(["database", "url"]);
    expect(answer).toMatchObject({ path: "database.url", version: 7, value: "env-url", secret: false });
    expect(answer.winner).toMatchObject({
      source: "env:MYAPP_",
      value: "env-url",
      place: "env:MYAPP_DATABASE_URL",
      why: 'the last source in the list that has it; environment variable MYAPP_DATABASE_URL by the rule "known_path" (a known path reads the same)',
    });
    expect(answer.shadowed).toMatchObject([
      {
        source: "file:config.toml",
        value: "file-url",
        place: "file:config.toml:3",
        why: "env:MYAPP_ comes later in the list",
      },
    ]);
  });

  test("names the template's variable", () => {
    expect(explained(["log"]).winner?.why).toContain("template variable LEVEL from environment");
  });

  test("puts runtime overrides on top", () => {
    const overrides = Overrides.none.put(["database"], plain({ url: "put-url" }));
    const answer = explained(["database", "url"], overrides);
    expect(answer.winner).toMatchObject({ source: "runtime", value: "put-url", why: 'runtime override at "database"' });
    expect(answer.shadowed.map(({ source }) => source)).toEqual(["env:MYAPP_", "file:config.toml"]);
    expect(explained(["database", "port"], overrides)).toMatchObject({ value: undefined, winner: undefined });
  });

  test("reports the layers that a table is merged from", () => {
    const answer = explained(["database"], Overrides.none.put(["database", "port"], 2));
    expect(answer.winner).toMatchObject({ source: "runtime", value: { port: 2 } });
    expect(answer.merged.map(({ source }) => source)).toEqual(["env:MYAPP_", "file:config.toml"]);
    expect(answer.shadowed).toEqual([]);
  });

  test("reports a table that a scalar above it replaced", () => {
    expect(explained(["shape", "a"])).toMatchObject({
      value: undefined,
      winner: undefined,
      shadowed: [
        { source: "file:config.toml", why: expect.stringContaining('"shape" is not a table in template:t') as string },
      ],
    });
  });

  test("redacts secrets at, below and above the path", () => {
    for (const path of [["database"], ["database", "password"], []]) {
      expect(JSON.stringify(explained(path))).not.toMatch(/file-secret|env-secret/);
    }
    expect(explained(["database", "password"])).toMatchObject({ value: REDACTED, secret: true });
    const put = Overrides.none.put(["database"], plain({ password: "put-secret" }));
    expect(JSON.stringify(explained(["database"], put))).not.toContain("-secret");
  });

  test("reports values made by the schema", () => {
    expect(explained(["timeout"], undefined, plain({ timeout: 5 })).schema).toBe("default");
    expect(explained(["log"], undefined, plain({ log: "debug" })).schema).toBe("coerced");
    expect(explained(["log"]).schema).toBeUndefined();
  });

  test("names a winner exactly if there is a value, and shows the winner's value unless it is a table", () => {
    const key = fc.constantFrom("a", "b", "0");
    const segments = fc.array(key, { minLength: 1, maxLength: 3 });
    const puts = fc.array(fc.tuple(segments, fc.constantFrom(1, "", null, [])), { maxLength: 2 });
    fc.assert(
      fc.property(fc.array(denseTree, { maxLength: 3 }), puts, segments, (trees, put, path) => {
        let base: Table;
        try {
          base = merge(trees, undefined);
        } catch (error) {
          fc.pre(!(error instanceof BelowList));
          throw error;
        }
        const layers = trees.map((tree, i): Layer => {
          const source = `source ${i}`;
          return { source, tree, origin: () => ({ source }), diagnostics: [] };
        });
        const overrides = put.reduce((all, [at, value]) => all.put(at, value), Overrides.none);
        const raw = overrides.over(base, undefined);
        const context = { snapshot: new Snapshot(1, raw), raw, layers, overrides, secrets: new Secrets() };
        const { value, winner, merged, shadowed } = explain(path, context, unlimited) as Explanation;
        expect(winner === undefined).toBe(value === undefined);
        if (value !== undefined && !isTable(value)) expect(winner!.value).toEqual(value);
        // Tables are merged, and every layer that has the path is named once.
        for (const one of merged) expect([isTable(one.value), isTable(value)]).toEqual([true, true]);
        const named = [...merged, ...shadowed, ...(winner?.source.startsWith("source") === true ? [winner] : [])];
        expect(named.length).toBe(trees.filter((tree) => valueAt(tree, path) !== undefined).length);
        expect(originAt(path, layers, overrides) !== undefined || value === undefined).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("is empty for a path that no layer sets", () => {
    expect(explained(["nothing"])).toMatchObject({ value: undefined, winner: undefined, merged: [], shadowed: [] });
  });
});

test("originAt finds the topmost layer that has the path", () => {
  expect(placeOf(originAt(["database", "url"], [file, env], Overrides.none)!)).toBe("env:MYAPP_DATABASE_URL");
  expect(placeOf(originAt(["database", "port"], [file, env], Overrides.none)!)).toBe("file:config.toml:3");
  expect(originAt(["nothing"], [file, env], Overrides.none)).toBeUndefined();
});
