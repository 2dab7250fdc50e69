/** Which trouble of the sources has been reported and goes on, so that it is not reported at each attempt. */
export class StandingTrouble {
  private readonly bySource = new Map<string, { readonly text: string; readonly since: number }>();

  /**
   * Whether a source's trouble has to be reported: it is new, or another than before, or was last reported long ago.
   *
   * @param now the time of the monotonic clock, in ms
   */
  isNews(source: string, text: string, now: number): boolean {
    const known = this.bySource.get(source);
    if (known?.text === text && now - known.since < AGAIN) return false;
    // Updates from programs may name any source.
    if (this.bySource.size >= MOST_SOURCES) this.bySource.clear();
    this.bySource.set(source, { text, since: now });
    return true;
  }

  /** Whether this is the trouble of a source that goes on. */
  has(text: string): boolean {
    return [...this.bySource.values()].some((known) => known.text === text);
  }

  ended(source: string): void {
    this.bySource.delete(source);
  }
}

/** After this time (ms) trouble that goes on is reported again, for logs that are kept for a while only. */
const AGAIN = 3_600_000;
const MOST_SOURCES = 1_000;
