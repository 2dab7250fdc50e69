/** How long to wait before a failed operation is tried again: the single formula of this package. Pure. */

/** Bounds of the wait between attempts, in milliseconds. */
export interface Backoff {
  /** The longest first wait. */
  readonly min: number;
  /** The upper limit of all waits. */
  readonly max: number;
}

/**
 * The longest wait after a number of failures: `min × 2ⁿ`, at most `max`. @param failures the number of earlier
 * failures
 */
export function longest_wait({ min, max }: Backoff, failures: number): number {
  return Math.min(max, min * 2 ** Math.min(Math.max(failures, 0), 30));
}

/** A time shortened at random. @param jitter the largest fraction to shorten by, 0 to 1; `random` from 0 to 1 */
export function jittered(ms: number, jitter: number, random: number): number {
  return ms * (1 - jitter * random);
}

/**
 * Full jitter: a random time between 1 ms and the longest wait. Clients that lost the same server together do not come
 * back together.
 *
 * @param failures the number of earlier failures
 * @param random from 0 to 1
 * @returns whole milliseconds
 */
export function full_jitter(backoff: Backoff, failures: number, random: number): number {
  return Math.max(1, Math.round(jittered(longest_wait(backoff, failures), 1, random)));
}
