/**
 * Immediate outcomes that need no process's turn: refusals, and results that exist already. An endless loop of such
 * requests must still let the event loop run, so each counts as a reduction, and waits if the event loop is due.
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

/** A promise of a value that exists already. */
export function given<T>(value: T): Promise<T> {
  return reduce() && !exhausted() ? Promise.resolve(value) : nextTurn().then(() => value);
}
