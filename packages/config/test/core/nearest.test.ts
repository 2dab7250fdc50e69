import fc from "fast-check";
import { expect, test } from "vitest";
import { nearest } from "../../src/core/nearest.ts";

/** Insertions, deletions, replacements and swaps of neighbours, by their definition. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i]![j] = Math.min(rows[i]![j]!, rows[i - 2]![j - 2]! + 1);
      }
    }
  }
  return rows[a.length]![b.length]!;
}

const bare = (word: string) => word.replace(/[-._]/g, "").toLowerCase();

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "_", "é"), maxLength: 9 });

test("the nearest word is the first of those with the fewest edits, at most a third of the word", () => {
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 12 }), (asked, known) => {
      const limit = Math.max(1, Math.floor(bare(asked).length / 3));
      const distances = known.map((one) => distance(bare(asked), bare(one)));
      const least = Math.min(...distances);
      expect(nearest(asked, known)).toBe(least > limit ? undefined : known[distances.indexOf(least)]);
    }),
    { numRuns: 2_000 },
  );
});
