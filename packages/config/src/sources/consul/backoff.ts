/** Bounds of the wait between retries, in milliseconds. */
export interface Backoff {
  /** The first wait is at most this long. */
  readonly min: number;
  /** No wait is longer. */
  readonly max: number;
}

/**
 * Full jitter: before retry `n` (from 0) a random time between 1 ms and `min × 2ⁿ`, capped at `max`. Instances that lost
 * Consul together do not come back together.
 */
export function full_jitter({ min, max }: Backoff, n: number, random: () => number): number {
  const ceiling = Math.min(max, min * 2 ** Math.min(n, 30));
  return Math.max(1, Math.round(random() * ceiling));
}

/** Resolves after `ms`, or as soon as the signal fires. Leaves neither timer nor listener. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Lets the event loop take a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
