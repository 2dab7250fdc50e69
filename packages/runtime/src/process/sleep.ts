import { BADARG, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Process } from "./process.ts";
import { wait } from "./timer.ts";
import { Deadline } from "./deadline.ts";

/** Resolves with `ok` after `ms`. A process that dies meanwhile does not wake up. */
export function pause(process: Process | undefined, ms: number): Promise<typeof OK> {
  if (typeof ms !== "number" || !(ms >= 0)) {
    throw new ErlangError(BADARG, `Cannot sleep: the time must be a number of milliseconds ≥ 0, got ${describe(ms)}`);
  }
  return new Promise((resolve) => {
    if (process?.alive === false) return;
    const deadline = new Deadline(() => {
      process?.extra?.timers?.delete(deadline);
      resolve(OK);
    });
    if (process !== undefined) (process.more.timers ??= new Set()).add(deadline);
    wait(deadline, ms);
  });
}
