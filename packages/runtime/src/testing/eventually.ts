/** Waiting in a test for something that happens by itself. */
import { describe } from "../term/describe.ts";
import { isError, textOf } from "../term/guarded.ts";
import { checkOptions } from "../term/options.ts";

// Fake time in a test applies to the program, not to the test's own waiting.
const { setTimeout } = globalThis;
// Fake timers replace the methods of `performance`, not the object.
const now = performance.now.bind(performance);

/** How long and how often `eventually` tries. */
export interface Patience {
  /** How long to wait, in ms of real time. Default: 4,000, less than most runners allow a test. */
  readonly timeout?: number | undefined;
  /** Interval between attempts, in ms. Default: 5. */
  readonly interval?: number | undefined;
}

/**
 * Calls `look` until it returns a value other than `false`, `null` and `undefined` without throwing.
 *
 * @returns that value
 * @throws Error with the last value, or the last error as its `cause`, when the time is over
 */
export async function eventually<T>(
  look: () => T | PromiseLike<T>,
  patience: Patience = {},
): Promise<NonNullable<Awaited<T>>> {
  if (typeof look !== "function")
    throw new TypeError(`Cannot wait for something: a function is needed, got ${describe(look)}`);
  checkOptions(patience, ["timeout", "interval"], "wait for something");
  const { timeout = 4000, interval = 5 } = patience;
  const end = now() + timeout;
  for (;;) {
    let last: { readonly value: unknown } | { readonly error: unknown };
    try {
      const value = await look();
      if (value !== false && value !== null && value !== undefined) return value;
      last = { value };
    } catch (error) {
      last = { error };
    }
    if (now() >= end) {
      const seen =
        "error" in last
          ? `the last error was: ${isError(last.error) ? textOf(last.error) : describe(last.error)}`
          : `the last value was ${describe(last.value)}`;
      throw new Error(
        `Nothing came within ${timeout} ms; ${seen}`,
        "error" in last ? { cause: last.error } : undefined,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
