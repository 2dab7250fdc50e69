/** The word most likely meant by another one, by edit distance. */

/** Longer words are not compared. */
const LONGEST = 100;

/** Maximum number of words, those sharing most letters, that are compared: that takes some milliseconds. */
const MOST = 20_000;

/**
 * The known word nearest to a word; undefined if none is near: at most a third of it may differ. Capitals, dashes, dots
 * and underscores are ignored.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const bare = bareOf(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(bare.length / 3)) + 1;
  let compared = 0;
  const letters = new Letters(bare);
  for (const key of known) {
    if (key.length > LONGEST) continue;
    const other = bareOf(key);
    if (letters.difference(other, least) >= least) continue;
    if (++compared > MOST) break;
    const distance = edits(bare, other, least);
    if (distance < least) [best, least] = [key, distance];
  }
  return best;
}

/** The letters of a word, for a quick look whether another word can be near. */
class Letters {
  private readonly length: number;
  private readonly counts = new Int8Array(64);
  private readonly left = new Int8Array(64);

  constructor(word: string) {
    this.length = word.length;
    for (let i = 0; i < word.length; i++) this.counts[word.charCodeAt(i) & 63]!++;
  }

  /** A number of edits that another word is away at least. Counts no further than `limit`. */
  difference(other: string, limit: number): number {
    if (Math.abs(other.length - this.length) >= limit) return limit;
    this.left.set(this.counts);
    let extra = 0;
    for (let i = 0; i < other.length && extra < limit; i++) if (this.left[other.charCodeAt(i) & 63]!-- <= 0) extra++;
    return Math.max(extra, this.length - other.length + extra);
  }
}

function bareOf(word: string): string {
  // Most keys have nothing to fold, and there may be very many.
  return UNFOLDED.test(word) ? word.replace(/[-._]/g, "").toLowerCase() : word;
}

const UNFOLDED = /[^a-z0-9]/;

/** The costs of three rows, made once: a table may have very many keys. */
const rows = [new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1), new Uint8Array(LONGEST + 1)] as const;

/**
 * The number of insertions, deletions, replacements and swaps of neighbours, or `limit` if there are at least that
 * many.
 */
function edits(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let [above, row, next]: [Uint8Array, Uint8Array, Uint8Array] = [...rows];
  for (let j = 0; j <= b.length; j++) row[j] = j;
  let least = 0;
  for (let i = 1; i <= a.length; i++) {
    const [letter, before] = [a.charCodeAt(i - 1), a.charCodeAt(i - 2)];
    let lowest = (next[0] = i);
    for (let j = 1; j <= b.length; j++) {
      const other = b.charCodeAt(j - 1);
      let cost = row[j - 1]! + (letter === other ? 0 : 1);
      if (row[j]! + 1 < cost) cost = row[j]! + 1;
      if (next[j - 1]! + 1 < cost) cost = next[j - 1]! + 1;
      if (i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && before === other && above[j - 2]! + 1 < cost) {
        cost = above[j - 2]! + 1;
      }
      next[j] = cost;
      if (cost < lowest) lowest = cost;
    }
    // A swap goes back two rows: if both are too far, no nearer word follows.
    if (lowest >= limit && least >= limit) return limit;
    least = lowest;
    [above, row, next] = [row, next, above];
  }
  return Math.min(row[b.length]!, limit);
}
