/** How long to wait before something that failed is tried again: the one formula of this package. Pure. */

/** Bounds of the wait between tries, in milliseconds. */
export interface Backoff {
  /** The first wait is at most this long. */
  readonly min: number;
  /** No wait is longer. */
  readonly max: number;
}

/** The longest wait after so many failures: `min × 2ⁿ`, at most `max`. @param failures how many there were before this one */
export function longest_wait({ min, max }: Backoff, failures: number): number {
  return Math.min(max, min * 2 ** Math.min(Math.max(failures, 0), 30));
}

/** A time that is shorter at random. @param jitter by what part at most, 0 to 1; `random` from 0 to 1 */
export function jittered(ms: number, jitter: number, random: number): number {
  return ms * (1 - jitter * random);
}

/**
 * Full jitter: a random time between 1 ms and the longest wait. What lost the same place together does not come back
 * together.
 *
 * @param failures how many there were before this one
 * @param random from 0 to 1
 * @returns whole milliseconds
 */
export function full_jitter(backoff: Backoff, failures: number, random: number): number {
  return Math.max(1, Math.round(jittered(longest_wait(backoff, failures), 1, random)));
}
