/**
 * Looking into a running behaviour, as OTP's `sys`: for debugging and tests, not for the program's own logic.
 *
 * Every function takes a server and a time-out in ms (default 5,000) and rejects with `Exit` as a call does.
 */
import type { OK } from "./term/atoms.ts";
import type { ServerRef } from "./term/protocol.ts";
import { milliseconds, type Timeout } from "./term/timeout.ts";
import { callExit, DEFAULT_TIMEOUT, locate } from "./behaviour/gen.ts";
import { stop, type SystemOperation, SystemRequest } from "./behaviour/stopping.ts";
import { Refused, type StatusTuple } from "./behaviour/system.ts";
import { NOPROC } from "./term/atoms.ts";
import { current } from "./process/context.ts";

export type { StatusTuple };

/** The server's state. */
export function get_state(server: ServerRef, timeout: Timeout = DEFAULT_TIMEOUT): Promise<unknown> {
  return ask(server, { op: "get_state" }, timeout);
}

/** Replaces the state by what `fun` makes of it; resolves with it. A `fun` that throws changes nothing, and the call rejects. */
export function replace_state<S>(
  server: ServerRef,
  fun: (state: S) => S,
  timeout: Timeout = DEFAULT_TIMEOUT,
): Promise<S> {
  return ask(server, { op: "replace_state", fun: fun as (state: unknown) => unknown }, timeout) as Promise<S>;
}

/** Stops the handling of messages; they wait until `resume`. */
export function suspend(server: ServerRef, timeout: Timeout = DEFAULT_TIMEOUT): Promise<typeof OK> {
  return ask(server, { op: "suspend" }, timeout) as Promise<typeof OK>;
}

/** Goes on after `suspend`. */
export function resume(server: ServerRef, timeout: Timeout = DEFAULT_TIMEOUT): Promise<typeof OK> {
  return ask(server, { op: "resume" }, timeout) as Promise<typeof OK>;
}

/** What the server is doing, with its state as `format_status` shows it. */
export function get_status(server: ServerRef, timeout: Timeout = DEFAULT_TIMEOUT): Promise<StatusTuple> {
  return ask(server, { op: "get_status" }, timeout) as Promise<StatusTuple>;
}

/** Reports every message the server handles through the logger, from now on. */
export function trace(server: ServerRef, on: boolean, timeout: Timeout = DEFAULT_TIMEOUT): Promise<typeof OK> {
  return ask(server, { op: "trace", on }, timeout) as Promise<typeof OK>;
}

/** Makes the server end with this reason, after what is in its mailbox; resolves when it is dead. */
export function terminate(server: ServerRef, reason: unknown, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stop(server, reason, timeout);
}

async function ask(server: ServerRef, operation: SystemOperation, timeout: Timeout): Promise<unknown> {
  const caller = current;
  const ms = milliseconds(timeout, "call a server");
  const process = locate(server);
  if (process === undefined) throw callExit(NOPROC, server, operation.op, timeout);
  const answer = await new Promise<unknown>((resolve) => {
    const request = new SystemRequest(process, caller, server, operation, timeout, resolve as (value: never) => void);
    request.limit(ms);
    process.accept(request);
  });
  if (answer instanceof Refused) throw answer.error;
  return answer;
}
