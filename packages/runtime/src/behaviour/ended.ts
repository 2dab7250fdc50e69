/** Waiting for a death, inside a process or outside. */
import { NOPROC } from "../term/atoms.ts";
import { acting } from "../process/context.ts";
import type { Process } from "../process/process.ts";
import { type ReplyHandlers, Request } from "../call/request.ts";

const HEARING: ReplyHandlers = {
  system: false,
  answered() {},
  failed: ({ resolve }, reason) => resolve?.(reason),
  expired() {},
};

/** Calls `then` with the reason at the moment the process dies. The wait does not keep the program alive. */
export function whenDead(process: Process, caller: Process | undefined, then: (reason: unknown) => void): void {
  const request = new Request(HEARING, process, caller, undefined, undefined, Infinity);
  request.resolve = then;
  request.keep(Infinity);
}

/** Resolves with the exit reason; with `noproc` if the process is already dead, like a monitor. */
export function ended(process: Process | undefined): Promise<unknown> {
  if (process === undefined) return Promise.resolve(NOPROC);
  return new Promise((resolve) => {
    // A reason may be a thenable.
    whenDead(process, acting(), (reason) => resolve(reason));
  });
}
