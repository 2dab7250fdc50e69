/** Waiting with the runtime's clock, outside processes. */
import { outside } from "../process/context.ts";
import { wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";

// A test that fakes time means the program's timers, not the turns of the event loop.
const { setImmediate } = globalThis;

/** Resolves when the event loop has turned, and all that was asked in this turn has been heard. */
export function turned(): Promise<void> {
  return new Promise((resolve) => outside(() => setImmediate(resolve)));
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => outside(() => wait(new Deadline(resolve), ms)));
}
