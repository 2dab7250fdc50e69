/**
 * How processes get their turns: the default runs them in microtasks, `@otpts/runtime/nact` hosts each in a nact actor.
 *
 *   const before = dispatcher.use(nact_dispatcher(system));
 *   const pid = erlang.spawn(work); // hosted in `system`, for life
 *   dispatcher.use(before);
 *
 * Processes of different dispatchers send, call, link and monitor as usual.
 */
import { describe } from "./term/describe.ts";
import type { Dispatcher } from "./process/process.ts";
import { useDispatcher } from "./process/spawn.ts";

export type { Dispatcher };
/** The default dispatcher. */
export { turns } from "./process/scheduler.ts";

/**
 * Sets the dispatcher for every process started from now on, by any code. A process keeps the dispatcher it was started
 * with.
 *
 * @returns the previous dispatcher, to be restored
 * @throws TypeError if `next` is not a dispatcher
 */
export function use(next: Dispatcher): Dispatcher {
  const given = next as Partial<Dispatcher> | undefined | null;
  if (
    typeof given?.admit !== "function" ||
    typeof given.schedule !== "function" ||
    typeof given.dismiss !== "function"
  ) {
    throw new TypeError(
      `Cannot use ${describe(next)} as dispatcher: give dispatcher.turns, or the result of nact_dispatcher`,
    );
  }
  return useDispatcher(next);
}
