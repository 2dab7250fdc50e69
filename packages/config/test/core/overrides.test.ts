import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, type Override, Overrides, remove } from "../../src/core/overrides.ts";
import { listAbove, valueAt } from "../../src/core/snapshot.ts";
import type { Segments, Table, Value } from "../../src/core/value.ts";
import { anyTree, anyValue, key, plain } from "./trees.ts";

const path = fc.array(key, { minLength: 1, maxLength: 3 });
const put = fc.tuple(path, anyValue).map(([at, value]) => ({ path: at, value: plain({ value }).value! }));
const over = (base: Table, overrides: Overrides): Table => overrides.over(base, undefined);

describe("Overrides", () => {
  test("return exactly the values that were put", () => {
    fc.assert(
      fc.property(anyTree, fc.array(put), put, (base, earlier, last) => {
        const overrides = Overrides.of([...earlier, last]);
        expect(valueAt(over(base, overrides), last.path)).toEqual(last.value);
        expect(overrides.at(last.path)).toEqual(last.value);
      }),
    );
  });

  test("equal their plainest form: a list of puts, each of which drops earlier puts at its path and below", () => {
    interface Put {
      readonly path: Segments;
      readonly value: Value;
    }
    const change = fc.oneof(put, fc.record({ path, value: fc.constant(undefined) }));
    fc.assert(
      fc.property(anyTree, fc.array(change, { maxLength: 8 }), (base, changes) => {
        let overrides = Overrides.none;
        let model: readonly Put[] = [];
        for (const { path: at, value } of changes) {
          model = model.filter((one) => !starts(one.path, at));
          if (value === undefined) overrides = overrides.unset(at);
          else {
            overrides = overrides.put(at, value);
            model = [...model, { path: at, value }];
          }
        }
        const expected = model.reduce<Table>((tree, one) => set(tree, one.path, one.value) as Table, base);
        expect(over(base, overrides)).toEqual(expected);
        expect(new Set([...overrides].map((one) => JSON.stringify(one.path)))).toEqual(
          new Set(model.map((one) => JSON.stringify(one.path))),
        );
        for (const { path: at } of changes) {
          expect(overrides.at(at)).toEqual(model.find((one) => JSON.stringify(one.path) === JSON.stringify(at))?.value);
          expect(overrides.within(at)).toHaveLength(model.filter((one) => starts(one.path, at)).length);
          expect(overrides.hasWithin(at)).toBe(overrides.within(at).length > 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("equal a put assigned to the previous effective tree", () => {
    fc.assert(
      fc.property(anyTree, fc.array(put), put, (base, earlier, last) => {
        const before = over(base, Overrides.of(earlier));
        const full = over(base, Overrides.of([...earlier, last]));
        expect(assign(before, last.path, last.value)).toEqual(full);
      }),
    );
  });

  test("put below a null replace the null with a table, and take nothing from the sources", () => {
    const base = plain({ c: { from: "source" } });
    const null_only = Overrides.of([{ path: ["c"], value: null }]);
    const both = null_only.put(["c", "a"], "x");
    expect(over(base, null_only)).toEqual({ c: null });
    expect(over(base, both)).toEqual({ c: { a: "x" } });
    const left = both.unset(["c", "a"]);
    const [at, value] = left.uncovered(["c", "a"], base, over(base, both));
    expect([at, value?.whole()]).toEqual([["c"], null]);
    expect(over(base, left)).toEqual({ c: null });
  });

  test("merged as a table equal its leaves put one by one", () => {
    fc.assert(
      fc.property(fc.array(put), path, fc.array(anyTree), anyTree, (earlier, at, tables, base) => {
        const before = Overrides.of(earlier);
        const listed = [...before];
        let merged = before;
        let single = before;
        for (const table of tables) {
          merged = merged.merge(at, table);
          for (const leaf of leavesOf(table, at)) single = single.put(leaf.path, leaf.value);
        }
        expect(over(base, merged)).toEqual(over(base, single));
        expect(sorted(merged)).toEqual(sorted(single));
        for (const { path: one } of single) {
          expect(merged.at(one)).toEqual(single.at(one));
          expect(merged.deciding(one)).toEqual(single.deciding(one));
          expect(sorted(merged.unset(one))).toEqual(sorted(single.unset(one)));
        }
        expect([...before]).toEqual(listed);
      }),
    );
  });

  test("dropped at a path change only the tree there", () => {
    fc.assert(
      fc.property(anyTree, fc.array(put), fc.array(anyTree, { maxLength: 1 }), path, (base, puts, tables, at) => {
        const overrides = tables.reduce((set, table) => set.merge(["a"], table), Overrides.of(puts));
        const before = over(base, overrides);
        const left = overrides.unset(at);
        if (left === overrides) return;
        const [place, making] = left.uncovered(at, base, before);
        const after = making === undefined ? remove(before, place) : assign(before, place, making.whole());
        expect(after).toEqual(over(base, left));
        expect(Object.isFrozen(after)).toBe(true);
      }),
    );
  });

  test("of a large table are put in one step", () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({ path: ["a", `key${i}`], value: i }));
    expect(Object.keys(over(plain({}), Overrides.of(many)).a as Table)).toHaveLength(50_000);
  });

  test("are the same set when listed and put again", () => {
    fc.assert(
      fc.property(anyTree, fc.array(put), (base, puts) => {
        const overrides = Overrides.of(puts);
        expect([...Overrides.of(overrides)]).toEqual([...overrides]);
        expect(over(base, Overrides.of(overrides))).toEqual(over(base, overrides));
      }),
    );
  });

  test("reveal the sources again once unset", () => {
    fc.assert(
      fc.property(anyTree, fc.array(put), path, (base, puts, at) => {
        // An override inside a list takes the place of the whole of it.
        fc.pre(listAbove(base, at) === undefined);
        const rest = puts.filter((one) => !starts(one.path, at));
        const overrides = Overrides.of(puts).unset(at);
        expect(overrides.within(at)).toEqual([]);
        if (rest.every((one) => !starts(at, one.path))) {
          const shown = valueAt(over(base, overrides), at);
          const before = valueAt(base, at);
          expect(shown).toEqual(before);
        }
      }),
    );
    expect(over(plain({ a: { b: 1 } }), Overrides.of([{ path: ["a"], value: 5 }]).unset(["a"]))).toEqual({
      a: { b: 1 },
    });
  });

  test("replace the subtree, and a later put inside changes it", () => {
    const base = plain({ a: { b: 1, c: 2 } });
    let overrides = Overrides.none.put(["a"], plain({ d: 3 }));
    expect(over(base, overrides)).toEqual({ a: { d: 3 } });
    overrides = overrides.put(["a", "e"], 4);
    expect(over(base, overrides)).toEqual({ a: { d: 3, e: 4 } });
    expect(over(base, overrides.unset(["a", "e"]))).toEqual({ a: { d: 3 } });
    expect(over(base, overrides.put(["a"], plain({})))).toEqual({ a: {} });
  });

  test("leave the original set unchanged", () => {
    const before = Overrides.none.put(["a"], 1);
    before.put(["a"], 2);
    before.unset(["a"]);
    expect(before.at(["a"])).toBe(1);
  });

  test("report which override decides a path", () => {
    const overrides = Overrides.of([
      { path: ["a"], value: plain({}) },
      { path: ["a", "b"], value: 1 },
    ]);
    expect(overrides.deciding(["a", "b"])).toEqual(["a", "b"]);
    expect(overrides.deciding(["a", "c", "d"])).toEqual(["a"]);
    expect(overrides.deciding(["c"])).toBeUndefined();
  });

  test("share equal parts with the tree before", () => {
    const base = plain({ a: { x: 1 }, b: { y: 1 } });
    const before = over(base, Overrides.none);
    const after = Overrides.none.put(["b", "y"], 2).over(base, before);
    expect(after.a).toBe(before.a);
    expect(Overrides.none.put(["b", "y"], 1).over(base, before)).toBe(before);
  });
});

/** The leaves of a table, as overrides. */
function leavesOf(value: Value, at: Segments): readonly Override[] {
  const isInner = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isInner) return [{ path: at, value }];
  return Object.entries(value as Table).flatMap(([one, below]) => leavesOf(below, [...at, one]));
}

function sorted(overrides: Overrides): readonly Override[] {
  const text = ({ path: at }: Override): string => JSON.stringify(at);
  return [...overrides].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

function starts(at: Segments, above: Segments): boolean {
  return above.every((segment, i) => at[i] === segment);
}

test("assign replaces an obstacle with a table", () => {
  expect(assign(plain({ a: [1] }), ["a", "b"], 1 as Value)).toEqual({ a: { b: 1 } });
});

/** One value in a tree, in the plainest form. */
function set(tree: Value | undefined, at: Segments, value: Value): Value {
  if (at.length === 0) return value;
  const table = typeof tree === "object" && tree !== null && !Array.isArray(tree) ? (tree as Table) : {};
  const below = Object.hasOwn(table, at[0]!) ? table[at[0]!] : undefined;
  return { ...table, [at[0]!]: set(below, at.slice(1), value) };
}
