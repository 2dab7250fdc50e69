/** Waiting with the runtime's clock, outside processes. */
import { outside } from "../process/context.ts";
import { wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => outside(() => wait(new Deadline(resolve), ms)));
}
