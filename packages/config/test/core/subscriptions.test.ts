import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changedLeaves, diff, sortedByPath } from "../../src/core/diff.ts";
import { share } from "../../src/core/draft.ts";
import { matches, parsePattern } from "../../src/core/pattern.ts";
import { valueAt } from "../../src/core/snapshot.ts";
import { PatternIndex } from "../../src/core/subscriptions.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, plain } from "./trees.ts";

const shared = (before: Table, after: Table): Table => share(before, after) as Table;

function told(patterns: readonly string[], before: object, after: object): unknown[] {
  const index = new PatternIndex<string>();
  for (const pattern of patterns) index.add(parsePattern(pattern), pattern);
  const from = plain(before);
  const all = index.project(diff(from, shared(from, plain(after))));
  return sortedByPath(all).map(({ item, path, before, after }) => [item, path, before, after]);
}

const before = { queuemizer: { tc_rules: { enp4s0: { rate: 1, burst: 2 }, eth0: { rate: 5 } } } };
const after = { queuemizer: { tc_rules: { enp4s0: { rate: 3, burst: 4 }, eth0: { rate: 5 } } } };

describe("project", () => {
  test("notifies a pattern once of the whole node at its own depth", () => {
    expect(told(["queuemizer.tc_rules.*"], before, after)).toEqual([
      ["queuemizer.tc_rules.*", "queuemizer.tc_rules.enp4s0", { rate: 1, burst: 2 }, { rate: 3, burst: 4 }],
    ]);
  });

  test("notifies of nodes above the written one", () => {
    expect(told(["queuemizer"], before, after)).toEqual([
      ["queuemizer", "queuemizer", before.queuemizer, after.queuemizer],
    ]);
  });

  test("notifies of a removed node with no new value, and an added one with no old value", () => {
    const gone = { queuemizer: { tc_rules: { eth0: { rate: 5 }, wlan0: { rate: 9 } } } };
    expect(told(["queuemizer.tc_rules.*"], before, gone)).toEqual([
      ["queuemizer.tc_rules.*", "queuemizer.tc_rules.enp4s0", { rate: 1, burst: 2 }, undefined],
      ["queuemizer.tc_rules.*", "queuemizer.tc_rules.wlan0", undefined, { rate: 9 }],
    ]);
    expect(told(["queuemizer.tc_rules.*"], before, {}).length).toBe(2);
  });

  test("notifies a pattern that ends in ** of the changed leaves", () => {
    expect(told(["queuemizer.**"], before, after)).toEqual([
      ["queuemizer.**", "queuemizer.tc_rules.enp4s0.burst", 2, 4],
      ["queuemizer.**", "queuemizer.tc_rules.enp4s0.rate", 1, 3],
    ]);
  });

  test("notifies a pattern whose braces match twice only once", () => {
    expect(told(["a.{b,*}"], { a: { b: 1 } }, { a: { b: 2 } })).toEqual([["a.{b,*}", "a.b", 1, 2]]);
  });

  test("notifies of no unchanged node", () => {
    expect(told(["**", "*", "a.*"], { a: { b: 1 } }, { a: { b: 1 } })).toEqual([]);
  });

  test("notifies of exactly the changed nodes that match", () => {
    const part = fc.constantFrom("a", "b", "c", "*", "**", "{a,b}", "[ab]", "constructor", "0", "1", "length");
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), anyTree, anyTree, (patterns, from, target) => {
        const to = shared(from, target);
        const index = new PatternIndex<string>();
        for (const one of patterns) index.add(parsePattern(one), one);
        const seen = index.project(diff(from, to)).map((one) => `${one.item} ${JSON.stringify(one.segments)}`);
        const leafPaths = new Set(changedLeaves(diff(from, to)).map(({ segments }) => JSON.stringify(segments)));
        const expected: string[] = [];
        for (const path of nodes(from, to)) {
          if (Object.is(valueAt(from, path), valueAt(to, path))) continue;
          for (const one of patterns) {
            if (!matches(parsePattern(one), path)) continue;
            if (one.endsWith("**") && !leafPaths.has(JSON.stringify(path))) continue;
            expected.push(`${one} ${JSON.stringify(path)}`);
          }
        }
        expect(seen.sort()).toEqual(expected.sort());
      }),
      { numRuns: 1000 },
    );
  });

  test("notifies patterns below a list of the elements that changed, by index", () => {
    const from = { servers: [{ host: "a" }, { host: "b" }] };
    const to = { servers: [{ host: "a" }, { host: "c" }, { host: "d" }] };
    expect(told(["servers.0.host", "servers.*.host", "servers.1", "**.host"], from, to)).toEqual([
      ["servers.1", "servers.1", { host: "b" }, { host: "c" }],
      ["servers.*.host", "servers.1.host", "b", "c"],
      ["**.host", "servers.1.host", "b", "c"],
      ["servers.*.host", "servers.2.host", undefined, "d"],
      ["**.host", "servers.2.host", undefined, "d"],
    ]);
    expect(told(["servers.0.host"], from, { servers: { 0: { host: "z" } } })).toEqual([
      ["servers.0.host", "servers.0.host", "a", "z"],
    ]);
    expect(told(["servers.*.host"], from, {})).toHaveLength(2);
  });

  test("notifies a pattern that ends in ** of a list as one leaf", () => {
    const all = told(["**", "servers.**"], { servers: [1, { a: 1 }] }, { servers: [1, { a: 2 }] });
    expect(all).toHaveLength(2);
    expect(all).toContainEqual(["**", "servers", [1, { a: 1 }], [1, { a: 2 }]]);
    expect(all).toContainEqual(["servers.**", "servers", [1, { a: 1 }], [1, { a: 2 }]]);
  });

  test("forgets a removed pattern with all its states", () => {
    const index = new PatternIndex<string>();
    const removals = ["a.*.c", "a.**", "a.[xy].{p,q}", "a"].map((one) => index.add(parsePattern(one), one));
    expect(index.size).toBe(4);
    for (const remove of removals) {
      remove();
      remove();
    }
    expect(index.size).toBe(0);
    expect(index.project(diff({}, plain({ a: { x: { p: 1 } } })))).toEqual([]);
    expect(JSON.stringify(index)).toBe(JSON.stringify(new PatternIndex()));
  });

  test("costs time for matches, not for subscriptions", () => {
    const index = new PatternIndex<number>();
    for (let i = 0; i < 10_000; i++) index.add(parsePattern(`section${i}.*`), i);
    const tree: Record<string, Value> = {};
    for (let i = 0; i < 1_000; i++) tree[`section${i}`] = { key: i };
    const steps = index.project(diff({}, plain(tree)));
    expect(steps).toHaveLength(1_000);
  });
});

function nodes(...trees: Table[]): string[][] {
  const found = new Map<string, string[]>();
  const walk = (value: Value, path: string[]): void => {
    if (path.length > 0) found.set(JSON.stringify(path), path);
    if (typeof value !== "object" || value === null) return;
    for (const name of Object.keys(value)) walk((value as Table)[name]!, [...path, name]);
  };
  for (const tree of trees) walk(tree, []);
  return [...found.values()];
}
