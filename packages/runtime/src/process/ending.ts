/** What operations outside of processes fail with when the process that waits for them dies: the reason of its `AbortSignal`. */
import { Exit } from "../term/error.ts";
import { read } from "../term/guarded.ts";

const endings = new WeakSet<object>();

/** The reason of the `AbortSignal` of a process that has died. */
export function ending(reason: unknown): Exit {
  const exit = new Exit(reason);
  endings.add(exit);
  return exit;
}

/** Whether an error is such a reason, or an abortion because of one. */
export function isEnding(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if (endings.has(error)) return true;
  const cause = read(error, "cause");
  return isAbortion(error) && typeof cause === "object" && cause !== null && endings.has(cause);
}

/** Whether an error says that an operation was aborted. Not every engine names the reason as its cause. */
export function isAbortion(error: unknown): boolean {
  return typeof error === "object" && error !== null && read(error, "name") === "AbortError";
}
