/**
 * Waits for another process that are no calls, such as those for a task's result. They are known so that a program that
 * ends meanwhile can say what waits for what.
 */
import type { Pid } from "../term/pid.ts";
import { acting } from "./context.ts";
import type { Awaited } from "./waiting.ts";

const outside = new Set<Awaited>();

/** The waits of code outside all processes. */
export function outsideWaits(): Iterable<Awaited> {
  return outside;
}

/**
 * Notes that the calling code waits for a process.
 *
 * @param what what it waits for, with a `%` for the process: `the result of %`
 * @returns a function to call when the wait is over. The wait of a process ends with it
 */
export function awaiting(whom: Pid, what: () => string): () => void {
  const entry: Awaited = { whom, what };
  const process = acting();
  if (process === undefined) {
    outside.add(entry);
    return () => void outside.delete(entry);
  }
  process.more.awaited = entry;
  return () => {
    if (process.extra?.awaited === entry) process.extra.awaited = undefined;
  };
}
