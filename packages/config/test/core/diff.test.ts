import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply, changedLeaves, diff, sortedByPath } from "../../src/core/diff.ts";
import { share } from "../../src/core/draft.ts";
import type { Table } from "../../src/core/value.ts";
import { anyTree, key, plain } from "./trees.ts";

const leaves = (before: object, after: object) => {
  const from = plain(before);
  return changedLeaves(diff(from, share(from, plain(after)) as Table));
};
const told = (before: object, after: object) =>
  leaves(before, after).map(({ path, before, after }) => [path, before, after]);

describe("diff", () => {
  test("turns the tree before into the tree after", () => {
    fc.assert(
      fc.property(anyTree, anyTree, (before, after) => {
        expect(apply(before, leaves(before, after))).toEqual(after);
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves out an ignored node with all below it, and nothing else", () => {
    fc.assert(
      fc.property(anyTree, anyTree, fc.array(key, { minLength: 1, maxLength: 3 }), (before, after, but) => {
        const change = diff(before, share(before, after) as Table);
        const isWithin = (at: readonly string[]): boolean => but.every((segment, i) => at[i] === segment);
        expect(changedLeaves(change, but)).toEqual(changedLeaves(change).filter(({ segments }) => !isWithin(segments)));
      }),
      { numRuns: 500 },
    );
  });

  test("treats elements of lists as nodes, and whole lists as leaves", () => {
    const before = plain({ l: [1, { a: 1 }] });
    const after = share(before, plain({ l: [1, { a: 2 }, 3] })) as Table;
    const [list] = diff(before, after)!.below();
    expect(list!.path).toEqual(["l"]);
    expect(list!.leaf).toBe(true);
    expect(list!.below().map(({ path, before: old, after: now, leaf }) => [path, old, now, leaf])).toEqual([
      [["l", "1"], { a: 1 }, { a: 2 }, false],
      [["l", "2"], undefined, 3, false],
    ]);
  });

  test("is empty for equal trees", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        expect(leaves(tree, structuredClone(tree))).toEqual([]);
      }),
    );
  });

  test.each<[string, object, object, unknown[]]>([
    ["a changed leaf", { a: { b: 1 } }, { a: { b: 2 } }, [["a.b", 1, 2]]],
    ["an added leaf", {}, { a: { b: 1 } }, [["a.b", undefined, 1]]],
    ["a removed leaf", { a: { b: 1 } }, {}, [["a.b", 1, undefined]]],
    ["a list as one leaf", { a: [1, 2] }, { a: [1, 3] }, [["a", [1, 2], [1, 3]]]],
    ["null as a value", { a: null }, { a: 0 }, [["a", null, 0]]],
    [
      "a leaf that became a table",
      { a: 1 },
      { a: { b: 2 } },
      [
        ["a", 1, { b: 2 }],
        ["a.b", undefined, 2],
      ],
    ],
    [
      "a table that became a leaf",
      { a: { b: 2 } },
      { a: 1 },
      [
        ["a", { b: 2 }, 1],
        ["a.b", 2, undefined],
      ],
    ],
    ["an empty table", {}, { a: {} }, [["a", undefined, {}]]],
    ["a key with a dot", {}, { "a.b": 1 }, [["a\\.b", undefined, 1]]],
  ])("reports %s", (_, before, after, expected) => {
    expect(told(before, after)).toEqual(expected);
  });

  test("sorts by path", () => {
    const paths = told({}, { b: 1, tc: { x: 1 }, "tc-rules": 1, a: { z: 1, y: 1 } }).map(([path]) => path);
    expect(paths).toEqual(["a.y", "a.z", "b", "tc-rules", "tc.x"]);
  });
});

test("sortedByPath sorts long lists as Array.sort does", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { minLength: 1500, maxLength: 5000 }), (numbers) => {
      const list = numbers.map((n) => ({ path: `k${n}` }));
      const expected = [...list].map(({ path }) => path).sort();
      expect(sortedByPath(list).map(({ path }) => path)).toEqual(expected);
    }),
    { numRuns: 10 },
  );
});
