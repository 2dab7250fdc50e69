import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { apply } from "../../src/dashboard/app/patch.ts";
import { diff } from "../../src/dashboard/patch.ts";

// Keys as others choose them, those that every object has included.
const { view } = fc.letrec<{ view: unknown }>((tie) => ({
  view: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    fc.jsonValue({ maxDepth: 0 }),
    fc.array(tie("view"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "__proto__", "constructor", "toString", "length", "0"), tie("view")))
      .map(
        // JSON's own reader makes "__proto__" a key like any other.
        (entries) =>
          JSON.parse(
            `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
          ) as unknown,
      ),
  ),
}));

test("a patch turns the view before into the view after, in the page as on the server", () => {
  fc.assert(
    fc.property(view, view, (before, after) => {
      // As they go over the wire.
      const [from, to, patch] = JSON.parse(JSON.stringify([before, after, diff(before, after)])) as [
        unknown,
        unknown,
        never,
      ];
      const made = apply(from, patch);
      // `toStrictEqual` takes a key "constructor" for a class.
      if (!isDeepStrictEqual(made, to)) expect.fail(`${JSON.stringify(made)} is not ${JSON.stringify(to)}`);
    }),
    { numRuns: 500 },
  );
});

test("a patch treats names of inherited properties as ordinary keys", () => {
  expect(diff({ valueOf: false }, {})).toStrictEqual([[["valueOf"]]]);
  expect(diff({}, { constructor: 1, toString: { a: 1 } })).toStrictEqual([
    [["constructor"], 1],
    [["toString"], { a: 1 }],
  ]);
});

test("a patch of a small change is small", () => {
  const before = { rows: Array.from({ length: 100 }, (_, index) => ({ index, rate: 0 })) };
  const after = structuredClone(before);
  after.rows[40]!.rate = 7;
  expect(diff(before, after)).toStrictEqual([[["rows", 40, "rate"], 7]]);
  expect(diff(before, structuredClone(before))).toStrictEqual([]);
});
