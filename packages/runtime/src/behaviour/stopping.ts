/** Asking a process to stop, and waiting until it is dead (OTP's `proc_lib:stop`). */
import { CALLING_SELF, NOPROC, type OK as Ok, OK, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { Exit } from "../term/error.ts";
import type { ServerRef } from "../term/protocol.ts";
import { same } from "../term/reason.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { current } from "../process/context.ts";
import { failWith } from "../process/failure.ts";
import type { Process } from "../process/process.ts";
import { CallRequest, locate } from "./gen.ts";

/** What `sys` asks of a behaviour. */
export type SystemOperation =
  | { readonly op: "terminate"; readonly reason: unknown }
  | { readonly op: "get_state" | "get_status" | "suspend" | "resume" }
  | { readonly op: "replace_state"; readonly fun: (state: unknown) => unknown }
  | { readonly op: "trace"; readonly on: boolean };

/** A request to the behaviour itself. */
export class SystemRequest extends CallRequest {
  declare readonly payload: SystemOperation;

  override get system(): boolean {
    return true;
  }
}

class StopRequest extends SystemRequest {
  readonly wanted: unknown;

  constructor(
    callee: Process,
    caller: Process | undefined,
    server: ServerRef,
    reason: unknown,
    timeout: Timeout,
    resolve: (value: never) => void,
  ) {
    super(callee, caller, server, { op: "terminate", reason }, timeout, resolve);
    this.wanted = reason;
  }

  protected override failed(reason: unknown): void {
    if (same(reason, this.wanted)) this.resolve(OK as never);
    else failWith(this.resolve, () => stopExit(this.server, reason));
  }
}

export function stop(server: ServerRef, reason: unknown, timeout: Timeout): Promise<typeof Ok> {
  const ms = milliseconds(timeout, "stop a process");
  const caller = current;
  const process = locate(server);
  if (process === undefined) return Promise.reject(stopExit(server, NOPROC));
  if (process === caller) return Promise.reject(stopExit(server, CALLING_SELF));
  return new Promise((resolve) => {
    const request = new StopRequest(process, caller, server, reason, timeout, resolve as (value: never) => void);
    request.limit(ms);
    process.accept(request);
  });
}

function stopExit(server: ServerRef, reason: unknown): Exit {
  const who = typeof server === "string" ? `"${server}"` : String(server);
  const why =
    reason === NOPROC
      ? "there is no such process (noproc)"
      : reason === TIMEOUT
        ? "it did not end in time (timeout); it is still stopping"
        : reason === CALLING_SELF
          ? "a process cannot wait for its own end (calling_self); return [STOP, reason, state] instead"
          : `it ended with reason ${describe(reason)}`;
  return new Exit(reason, `Stopping ${who} failed: ${why}`);
}
