import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTable, share } from "../../src/core/draft.ts";
import { merge, shapeConflicts } from "../../src/core/merge.ts";
import { finish } from "../../src/core/steps.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, plain } from "./trees.ts";

const merged = (...trees: Table[]): Table => finish(merge(trees, undefined));

/** The rule in its plainest form: one layer over another. */
function over(low: Value | undefined, high: Value): Value {
  if (!isTable(low) || !isTable(high)) return high;
  const out: Record<string, Value> = { ...low };
  for (const key of Object.keys(high)) out[key] = over(Object.hasOwn(low, key) ? low[key] : undefined, high[key]!);
  return out;
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

describe("merge", () => {
  it.each(cases)("$rule", ({ layers, result }) => {
    expect(merged(...layers.map(plain))).toEqual(result);
  });

  it("is the fold of its rule over the layers", () => {
    fc.assert(
      fc.property(fc.array(anyTree, { maxLength: 5 }), (layers) => {
        expect(merged(...layers)).toEqual(layers.reduce<Value>(over, {}));
      }),
      { numRuns: 1000 },
    );
  });

  it("may merge the lower layers first", () => {
    fc.assert(
      fc.property(anyTree, anyTree, anyTree, (a, b, c) => {
        expect(merged(merged(a, b), c)).toEqual(merged(a, b, c));
      }),
    );
  });

  it("is associative over layers whose shapes agree", () => {
    fc.assert(
      fc.property(anyTree, anyTree, anyTree, (a, b, c) => {
        fc.pre(
          finish(shapeConflicts([a, b])).length +
            finish(shapeConflicts([b, c])).length +
            finish(shapeConflicts([a, c])).length ===
            0,
        );
        expect(merged(a, merged(b, c))).toEqual(merged(merged(a, b), c));
      }),
    );
  });

  it("gives the tree before back when nothing changed", () => {
    fc.assert(
      fc.property(fc.array(anyTree, { maxLength: 4 }), (layers) => {
        const before = merged(...layers);
        expect(
          finish(
            merge(
              layers.map((layer) => plain(structuredClone(layer))),
              before,
            ),
          ),
        ).toBe(before);
      }),
    );
  });

  it("shares every subtree that did not change", () => {
    const before = merged(plain({ a: { x: { y: 1 } }, b: { z: 1 } }), plain({ a: { w: 1 } }));
    const after = finish(merge([plain({ a: { x: { y: 1 } }, b: { z: 2 } }), plain({ a: { w: 1 } })], before));
    expect(after.a).toBe(before.a);
    expect(after.b).not.toBe(before.b);
  });

  it("comes to the same whether it is told what the trees were or not", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyTree, anyTree), { maxLength: 4 }), (pairs) => {
        const were = pairs.map(([was]) => was);
        const before = merged(...were);
        const trees = pairs.map(([was, tree]) => finish(share(was, tree)) as Table);
        const told = finish(merge(trees, before, undefined, were));
        const untold = finish(merge(trees, before));
        expect(told).toEqual(untold);
        // What is equal to the tree before is the tree before, at every place.
        expect(finish(share(before, told))).toBe(told);
      }),
    );
  });

  it("freezes what it makes", () => {
    const tree = merged(plain({ a: { b: 1 } }), plain({ a: { c: [1] } }));
    expect(Object.isFrozen(tree)).toBe(true);
    expect(Object.isFrozen(tree.a)).toBe(true);
    expect(Object.isFrozen((tree.a as Table).c)).toBe(true);
  });
});

describe("shapeConflicts", () => {
  it("names each place where a table met something else, with both layers", () => {
    const layers = [plain({ a: { b: 1 }, c: { d: 1 } }), plain({ a: 2, c: { d: { e: 1 } } }), plain({ a: { f: 1 } })];
    expect(finish(shapeConflicts(layers))).toEqual([
      { path: ["a"], winner: 1, loser: 0 },
      { path: ["a"], winner: 2, loser: 1 },
      { path: ["c", "d"], winner: 1, loser: 0 },
    ]);
  });
});
