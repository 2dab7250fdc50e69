import { BADARG, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Process } from "./process.ts";
import { Deadline, wait } from "./timer.ts";

class Sleep extends Deadline {
  readonly process: Process | undefined;
  readonly resolve: (value: typeof OK) => void;

  constructor(process: Process | undefined, resolve: (value: typeof OK) => void) {
    super();
    this.process = process;
    this.resolve = resolve;
    if (process !== undefined) (process.more.timers ??= new Set()).add(this);
  }

  fire(): void {
    this.process?.extra?.timers?.delete(this);
    this.resolve(OK);
  }
}

/** Resolves with `ok` after `ms`. A process that dies meanwhile does not wake up. */
export function pause(process: Process | undefined, ms: number): Promise<typeof OK> {
  if (typeof ms !== "number" || !(ms >= 0)) {
    throw new ErlangError(BADARG, `Cannot sleep: the time must be a number of milliseconds ≥ 0, got ${describe(ms)}`);
  }
  return new Promise((resolve) => {
    if (process?.alive !== false) wait(new Sleep(process, resolve), ms);
  });
}
