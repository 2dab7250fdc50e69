/** How long a supervisor waits before it restarts a child. Pure; `delayed_restart.ts` does the waiting. */
import { describe } from "../term/describe.ts";
import { checkOptions } from "../term/options.ts";

/** How long a supervisor waits before it restarts a child. */
export interface Backoff {
  /** The delay before the first restart, in ms. Default: 100. */
  readonly initial?: number | undefined;
  /** The longest delay, in ms. Default: 30,000. */
  readonly max?: number | undefined;
  /** The factor from each delay to the next. Default: 2. */
  readonly factor?: number | undefined;
  /**
   * By what fraction a delay may be shortened, at random, so that children that failed together do not return together:
   * 0 to 1. Default: 0.2.
   */
  readonly jitter?: number | undefined;
  /** How long a child must have run for its next failure to count as a first one, in ms. Default: `max`. */
  readonly reset_after?: number | undefined;
}

/** A backoff with its defaults. */
export type CheckedBackoff = { readonly [K in keyof Backoff]-?: number };

const KEYS = ["initial", "max", "factor", "jitter", "reset_after"] as const;

/** The problem with a backoff, or the backoff with its defaults. */
export function checkBackoff(given: unknown): CheckedBackoff | string {
  try {
    checkOptions(given, KEYS, "back off");
  } catch (error) {
    return (error as Error).message.replace("Cannot back off: ", "");
  }
  const { initial = 100, max = 30_000, factor = 2, jitter = 0.2, reset_after = max } = given as Backoff;
  const checked = { initial, max, factor, jitter, reset_after };
  for (const key of KEYS) {
    const value: unknown = checked[key];
    if (typeof value !== "number" || !(value >= 0)) return `${key} must be a number ≥ 0, got ${describe(value)}`;
  }
  if (!(max >= initial && max < 2 ** 31)) return `max must be from initial to 2,147,483,647 ms, got ${describe(max)}`;
  if (factor < 1) return `factor must be ≥ 1, got ${describe(factor)}`;
  if (jitter > 1) return `jitter must be ≤ 1, got ${describe(jitter)}`;
  return checked;
}

/** The delay before the next restart, in ms. @param failures how many there were before; `random` from 0 to 1 */
export function delayOf({ initial, max, factor, jitter }: CheckedBackoff, failures: number, random: number): number {
  return Math.round(Math.min(max, initial * factor ** failures) * (1 - jitter * random));
}
