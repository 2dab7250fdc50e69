/** Hearing of a death, in a process or outside of all. */
import { NOPROC } from "../term/atoms.ts";
import { acting } from "../process/context.ts";
import type { Process } from "../process/process.ts";
import { type ReplyHandlers, Request } from "../call/request.ts";

const HEARING: ReplyHandlers = {
  system: false,
  answered() {},
  failed: ({ resolve }, reason) => resolve?.(reason as never),
  expired() {},
};

/** Calls `then` with the reason, at once when the process dies. Waiting for it keeps nothing alive. */
export function whenDead(process: Process, caller: Process | undefined, then: (reason: unknown) => void): void {
  const request = new Request(HEARING, process, caller, undefined, undefined, Infinity);
  request.resolve = then;
  request.keep(Infinity);
}

/** Resolves with the reason of its death; with `noproc` if it is dead, as a monitor tells it. */
export function ended(process: Process | undefined): Promise<unknown> {
  if (process === undefined) return Promise.resolve(NOPROC);
  return new Promise((resolve) => {
    // A reason may have a `then` of its own.
    whenDead(process, acting(), (reason) => resolve(reason));
  });
}
