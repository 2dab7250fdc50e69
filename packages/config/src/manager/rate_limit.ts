/** Limits the lines of one kind in a period; the next line after it reports how many were held back. */
export class RateLimit {
  private readonly kinds = new Map<string, { since: number; count: number }>();

  /**
   * The number of lines of this kind held back before this one; undefined if this one is held back too.
   *
   * @param now the time of the monotonic clock, in ms
   */
  admit(kind: string, now: number): number | undefined {
    const known = this.kinds.get(kind);
    if (known === undefined || now - known.since >= WHILE) {
      if (this.kinds.size >= MOST_KINDS) this.kinds.clear();
      this.kinds.set(kind, { since: now, count: 1 });
      return known === undefined ? 0 : Math.max(0, known.count - MOST_LINES);
    }
    known.count++;
    return known.count > MOST_LINES ? undefined : 0;
  }
}

const MOST_LINES = 5;
/** The period in ms. */
const WHILE = 60_000;
const MOST_KINDS = 1_000;
