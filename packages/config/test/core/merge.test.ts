import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTable, share } from "../../src/core/draft.ts";
import { type ShapeConflict, shapeConflicts } from "../../src/core/conflicts.ts";
import { BelowList, merge } from "../../src/core/merge.ts";
import { UNLIMITED } from "../../src/core/sliced.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, denseTree, plain } from "./trees.ts";

const merged = (...trees: Table[]): Table => merge(trees, undefined);

/** The rule in its plainest form: one layer over another. */
function over(low: Value | undefined, high: Value): Value {
  if (Array.isArray(low) && isTable(high) && isIndices(high)) throw new BelowList([], "0", 0);
  if (!isTable(low) || !isTable(high)) return high;
  const out: Record<string, Value> = { ...low };
  for (const key of Object.keys(high)) out[key] = over(Object.hasOwn(low, key) ? low[key] : undefined, high[key]!);
  return out;
}

const isIndices = (table: Table): boolean =>
  Object.keys(table).length > 0 && Object.keys(table).every((name) => /^(0|[1-9]\d*)$/.test(name));

/** What comes out, or that it is refused. */
function outcome<T>(run: () => T): T | "refused" {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(BelowList);
    return "refused";
  }
}

const cases: readonly { readonly rule: string; readonly layers: readonly object[]; readonly result: object }[] = [
  { rule: "no layer makes an empty table", layers: [], result: {} },
  { rule: "the last layer wins", layers: [{ a: 1 }, { a: 2 }, { a: 3 }], result: { a: 3 } },
  {
    rule: "tables merge key by key",
    layers: [{ db: { host: "a", port: 1 } }, { db: { port: 2, tls: true } }],
    result: { db: { host: "a", port: 2, tls: true } },
  },
  { rule: "a list replaces a list", layers: [{ a: [1, 2, 3] }, { a: [4] }], result: { a: [4] } },
  {
    rule: "tables inside lists do not merge",
    layers: [{ a: [{ x: 1 }] }, { a: [{ y: 2 }] }],
    result: { a: [{ y: 2 }] },
  },
  { rule: "null is a value", layers: [{ a: 1 }, { a: null }], result: { a: null } },
  { rule: "null replaces a table", layers: [{ a: { b: 1 } }, { a: null }], result: { a: null } },
  { rule: "a table replaces null", layers: [{ a: null }, { a: { b: 1 } }], result: { a: { b: 1 } } },
  { rule: "a scalar replaces a table", layers: [{ a: { b: 1 } }, { a: 2 }], result: { a: 2 } },
  { rule: "a table replaces a scalar", layers: [{ a: 2 }, { a: { b: 1 } }], result: { a: { b: 1 } } },
  {
    rule: "what a scalar replaced does not come back under a table",
    layers: [{ a: { b: 1 } }, { a: 2 }, { a: { c: 3 } }],
    result: { a: { c: 3 } },
  },
  {
    rule: "a scalar replaces a table of several layers",
    layers: [{ a: { b: 1 } }, { a: { c: 1 } }, { a: 2 }],
    result: { a: 2 },
  },
  {
    rule: "a table over a scalar over tables stands alone",
    layers: [{ a: { b: 1 } }, { a: { c: 1 } }, { a: 2 }, { a: { d: 1 } }, { a: { e: 1 } }],
    result: { a: { d: 1, e: 1 } },
  },
  { rule: "an empty table takes nothing away", layers: [{ a: { b: 1 } }, { a: {} }], result: { a: { b: 1 } } },
  { rule: "keys are case-sensitive", layers: [{ a: 1 }, { A: 2 }], result: { a: 1, A: 2 } },
  {
    rule: "constructor and toString are keys like any other",
    layers: [{ constructor: { name: "x" } }, { toString: 1, constructor: { length: 2 } }],
    result: { constructor: { name: "x", length: 2 }, toString: 1 },
  },
];

const conflicts = (trees: readonly Table[]) => shapeConflicts(trees, UNLIMITED) as readonly ShapeConflict[];

describe("merge", () => {
  test.each(cases)("$rule", ({ layers, result }) => {
    expect(merged(...layers.map(plain))).toEqual(result);
  });

  test("equals the fold of its rule over the layers", () => {
    fc.assert(
      fc.property(fc.array(anyTree, { maxLength: 5 }), (layers) => {
        expect(outcome(() => merged(...layers))).toEqual(outcome(() => layers.reduce<Value>(over, {})));
      }),
      { numRuns: 1000 },
    );
  });

  test("may merge the lower layers first", () => {
    fc.assert(
      fc.property(anyTree, anyTree, anyTree, (a, b, c) => {
        expect(outcome(() => merged(merged(a, b), c))).toEqual(outcome(() => merged(a, b, c)));
      }),
    );
  });

  test("is associative over layers whose shapes agree", () => {
    fc.assert(
      fc.property(anyTree, anyTree, anyTree, (a, b, c) => {
        fc.pre(conflicts([a, b]).length + conflicts([b, c]).length + conflicts([a, c]).length === 0);
        expect(merged(a, merged(b, c))).toEqual(merged(merged(a, b), c));
      }),
    );
  });

  test("returns the tree before if nothing changed", () => {
    fc.assert(
      fc.property(fc.array(anyTree, { maxLength: 4 }), (layers) => {
        fc.pre(outcome(() => merged(...layers)) !== "refused");
        const before = merged(...layers);
        expect(
          merge(
            layers.map((layer) => plain(structuredClone(layer))),
            before,
          ),
        ).toBe(before);
      }),
    );
  });

  test("shares every unchanged subtree", () => {
    const before = merged(plain({ a: { x: { y: 1 } }, b: { z: 1 } }), plain({ a: { w: 1 } }));
    const after = merge([plain({ a: { x: { y: 1 } }, b: { z: 2 } }), plain({ a: { w: 1 } })], before);
    expect(after.a).toBe(before.a);
    expect(after.b).not.toBe(before.b);
  });

  test("has the same result with and without the earlier trees", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyTree, anyTree), { maxLength: 4 }), (pairs) => {
        const were = pairs.map(([was]) => was);
        fc.pre(outcome(() => merged(...were)) !== "refused");
        const before = merged(...were);
        const trees = pairs.map(([was, tree]) => share(was, tree) as Table);
        const told = outcome(() => merge(trees, before, were));
        const untold = outcome(() => merge(trees, before));
        expect(told).toEqual(untold);
        if (told === "refused") return;
        // What is equal to the tree before is the tree before, at every place.
        expect(share(before, told)).toBe(told);
      }),
    );
  });

  test.each<{ hid: string; were: object[]; trees: object[]; result: object }>([
    {
      hid: "a text",
      were: [{ a: { x: 1 } }, { a: "" }],
      trees: [{ a: { x: 1 } }, { a: { y: 2 } }],
      result: { a: { x: 1, y: 2 } },
    },
    {
      hid: "null",
      were: [{ a: { x: { z: 1 } } }, { a: null }, { a: { y: 2 } }],
      trees: [{ a: { x: { z: 1 } } }, {}, { a: { y: 2 } }],
      result: { a: { x: { z: 1 }, y: 2 } },
    },
    {
      hid: "a list with the same element",
      were: [{ a: { x: 1 } }, { a: [1] }, { a: { y: 2 } }],
      trees: [{ a: { x: 1 } }, { a: { 0: 1 } }, { a: { y: 2 } }],
      result: { a: { 0: 1, x: 1, y: 2 } },
    },
  ])("restores the values that $hid hid, once that is removed", ({ were, trees, result }) => {
    const old = were.map(plain);
    const now = trees.map((tree, i) => share(old[i], plain(tree)) as Table);
    expect(merge(now, merged(...old), old)).toEqual(result);
  });

  test("has the same result with and without the earlier trees, also if most of them stay", () => {
    const pair = fc.tuple(denseTree, fc.option(denseTree, { freq: 2 }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 2, maxLength: 4 }), (pairs) => {
        const were = pairs.map(([was]) => was);
        fc.pre(outcome(() => merged(...were)) !== "refused");
        const trees = pairs.map(([was, tree]) => (tree === null ? was : (share(was, tree) as Table)));
        expect(outcome(() => merge(trees, merged(...were), were))).toEqual(outcome(() => merged(...trees)));
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, object[], string[], string, number]>([
    ["a list in a table", [{ a: { servers: [1, 2] } }, { a: { servers: { 0: 3 } } }], ["a", "servers"], "0", 1],
    ["a list that replaced a table", [{ s: { x: 1 } }, { s: [1] }, { s: { 5: 1, 7: 2 } }], ["s"], "5", 2],
    ["an empty list", [{ s: [] }, {}, { s: { 0: { host: "z" } } }], ["s"], "0", 2],
  ])("refuses a table of indices over %s, naming list and tree", (_, layers, path, element, index) => {
    const error = thrown(() => merged(...layers.map(plain)));
    expect(error).toBeInstanceOf(BelowList);
    expect(error).toMatchObject({ path, element, index });
  });

  test("lets a table with other keys replace a list, as any other value", () => {
    expect(merged(plain({ s: [1] }), plain({ s: { a: 1, 0: 2 } }))).toEqual({ s: { a: 1, 0: 2 } });
    expect(merged(plain({ s: [1] }), plain({ s: {} }))).toEqual({ s: {} });
  });

  test("freezes its result", () => {
    const tree = merged(plain({ a: { b: 1 } }), plain({ a: { c: [1] } }));
    expect(Object.isFrozen(tree)).toBe(true);
    expect(Object.isFrozen(tree.a)).toBe(true);
    expect(Object.isFrozen((tree.a as Table).c)).toBe(true);
  });
});

describe("shapeConflicts", () => {
  test("names each place where a table met another kind of value, with both layers", () => {
    const layers = [plain({ a: { b: 1 }, c: { d: 1 } }), plain({ a: 2, c: { d: { e: 1 } } }), plain({ a: { f: 1 } })];
    expect(conflicts(layers)).toEqual([
      { path: ["a"], winner: 1, loser: 0 },
      { path: ["a"], winner: 2, loser: 1 },
      { path: ["c", "d"], winner: 1, loser: 0 },
    ]);
  });
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}
