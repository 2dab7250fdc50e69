/** The word most likely meant by another one, by edit distance. */

/** Longer words are not compared. */
const LONGEST = 100;

/**
 * The known word nearest to a word; undefined if none is near: at most a third of it may differ. Capitals, dashes, dots
 * and underscores are ignored.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const bare = bareOf(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(bare.length / 3)) + 1;
  for (const other of known) {
    if (other.length > LONGEST) continue;
    const distance = edits(bare, bareOf(other), least);
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}

function bareOf(word: string): string {
  return word.replace(/[-._]/g, "").toLowerCase();
}

/**
 * The number of insertions, deletions, replacements and swaps of neighbours, or `limit` if there are at least that
 * many.
 */
function edits(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, above[j - 2]! + 1);
      next.push(cost);
    }
    [above, row] = [row, next];
  }
  return Math.min(row[b.length]!, limit);
}
