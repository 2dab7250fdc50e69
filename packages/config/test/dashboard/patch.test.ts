import fc from "fast-check";
import { expect, test } from "vitest";
import { apply } from "../../src/dashboard/app/patch.ts";
import { diff } from "../../src/dashboard/patch.ts";

const view = fc.jsonValue({ maxDepth: 4 });

test("a patch makes the view after of the view before, in the page as on the server", () => {
  fc.assert(
    fc.property(view, view, (before, after) => {
      // As they go over the wire.
      const [from, to, patch] = JSON.parse(JSON.stringify([before, after, diff(before, after)])) as [
        unknown,
        unknown,
        never,
      ];
      expect(apply(from, patch)).toStrictEqual(to);
    }),
    { numRuns: 500 },
  );
});

test("a patch of a small change is small", () => {
  const before = { rows: Array.from({ length: 100 }, (_, index) => ({ index, rate: 0 })) };
  const after = structuredClone(before);
  after.rows[40]!.rate = 7;
  expect(diff(before, after)).toStrictEqual([[["rows", 40, "rate"], 7]]);
  expect(diff(before, structuredClone(before))).toStrictEqual([]);
});
