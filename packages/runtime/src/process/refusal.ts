/**
 * Answers that are there at once, without a turn of anybody: what is refused, what is over already. Whoever asks for ever in a
 * loop must let the event loop run all the same, so each counts as a reduction, and waits where the loop is owed a turn.
 */
import { acting } from "./context.ts";
import { forever } from "./forever.ts";
import { exhausted, nextTurn, reduce } from "./scheduler.ts";

/** A promise that rejects with the error. */
export function refused(error: unknown): Promise<never> {
  if (reduce() && !exhausted()) return Promise.reject(error as Error);
  const caller = acting();
  return nextTurn().then(() => (caller?.alive === false ? forever() : Promise.reject(error as Error)));
}

/** A promise of what is there already. */
export function given<T>(value: T): Promise<T> {
  return reduce() && !exhausted() ? Promise.resolve(value) : nextTurn().then(() => value);
}
