/**
 * Looking into a running behaviour, as OTP's `sys`: for debugging and tests, not for the program's own logic.
 *
 * Every function takes a server and a time-out in ms (default 5,000) and rejects with `Exit` as a call does.
 */
import { type Atom, ensure } from "./term/atom.ts";
import { CALLING_SELF, OK as Ok, type OK } from "./term/atoms.ts";
import { Exit } from "./term/error.ts";
import { isTuple } from "./term/guarded.ts";
import type { ServerRef } from "./term/protocol.ts";
import { milliseconds, type Timeout } from "./term/timeout.ts";
import { absence, calling, explain, locate, post } from "./behaviour/gen.ts";
import type { SystemOperation, Termination } from "./behaviour/stopping.ts";
import { Refused, type StatusTuple } from "./behaviour/system.ts";
import { acting, isDoing } from "./process/context.ts";
import { refused } from "./process/refusal.ts";
import { answer, refuse } from "./call/reply_promise.ts";
import { type ReplyHandlers, Request } from "./call/request.ts";

export type { StatusTuple };

const SYS = ensure("sys");
const GET_STATE = ensure("get_state");
const REPLACE_STATE = ensure("replace_state");
const SUSPEND = ensure("suspend");
const RESUME = ensure("resume");
const GET_STATUS = ensure("get_status");
const TRACE = ensure("trace");
const TERMINATE = ensure("terminate");

/** The server's state. */
export function get_state(server: ServerRef, timeout?: Timeout): Promise<unknown> {
  return ask(GET_STATE, { op: "get_state" }, server, timeout);
}

/**
 * Replaces the state by what `fun` makes of it; resolves with it. A `fun` that throws changes nothing, and the call rejects
 * with `ErlangError`, reason `[callback_failed, [gen_server, system_replace_state], [class, reason, stack]]`.
 */
export function replace_state<S>(server: ServerRef, fun: (state: S) => S, timeout?: Timeout): Promise<S> {
  return ask(
    [REPLACE_STATE, fun],
    { op: "replace_state", fun: fun as (state: unknown) => unknown },
    server,
    timeout,
  ) as Promise<S>;
}

/** Stops the handling of messages; they wait until `resume`. */
export function suspend(server: ServerRef, timeout?: Timeout): Promise<typeof OK> {
  return ask(SUSPEND, { op: "suspend" }, server, timeout) as Promise<typeof OK>;
}

/** Goes on after `suspend`. */
export function resume(server: ServerRef, timeout?: Timeout): Promise<typeof OK> {
  return ask(RESUME, { op: "resume" }, server, timeout) as Promise<typeof OK>;
}

/** What the server is doing, with its state as `format_status` shows it. */
export function get_status(server: ServerRef, timeout?: Timeout): Promise<StatusTuple> {
  return ask(GET_STATUS, { op: "get_status" }, server, timeout) as Promise<StatusTuple>;
}

/** Reports every message the server handles through the logger, from now on. */
export function trace(server: ServerRef, on: boolean, timeout?: Timeout): Promise<typeof OK> {
  return ask(TRACE, { op: "trace", on }, server, timeout, [on]) as Promise<typeof OK>;
}

/**
 * Makes the server end with this reason, after what is in its mailbox. Resolves when it has ended, whatever its terminate
 * callback made of the reason; after `timeout` ms (default: no limit) also while it is still ending.
 */
export function terminate(server: ServerRef, reason: unknown, timeout?: Timeout): Promise<typeof OK> {
  const operation: Termination = { op: "terminate", reason, taken: false };
  const ended: Partial<ReplyHandlers> = {
    failed(request, why) {
      if (operation.taken) answer(request, Ok);
      else refuse(request, () => sysExit(why, TERMINATE, server, givenTo(server, [reason], timeout), timeout));
    },
  };
  return ask(TERMINATE, operation, server, timeout, [reason], { ms: timeout ?? Infinity, ...ended }) as Promise<
    typeof OK
  >;
}

function givenTo(server: ServerRef, more: readonly unknown[], timeout: Timeout | undefined): readonly unknown[] {
  return [server, ...more, ...(timeout === undefined ? [] : [timeout])];
}

// `name`: the function, or with OTP's `replace_state` the function and what it is given.
function sysExit(
  reason: unknown,
  name: Atom | readonly [Atom, unknown],
  server: ServerRef,
  given: readonly unknown[],
  timeout: Timeout | undefined,
): Exit {
  const who = typeof server === "string" ? `"${server}"` : String(server);
  const word = isTuple(name) ? (name as readonly [Atom, unknown])[0] : (name as Atom);
  return new Exit(
    [reason, [SYS, name, given]],
    `sys.${word.name} of ${who} failed: ${explain(reason, server, timeout)}`,
  );
}

async function ask(
  name: Atom | readonly [Atom, unknown],
  operation: SystemOperation,
  server: ServerRef,
  timeout: Timeout | undefined,
  more: readonly unknown[] = [],
  { ms = timeout, ...as }: Partial<ReplyHandlers> & { readonly ms?: Timeout | undefined } = {},
): Promise<unknown> {
  const caller = acting();
  if (timeout !== undefined) milliseconds(timeout, "call a server");
  const given = givenTo(server, more, timeout);
  const process = locate(server);
  if (process === undefined) return refused(sysExit(absence(server), name, server, given, timeout));
  if (process === caller && isDoing(process)) return refused(sysExit(CALLING_SELF, name, server, given, timeout));
  // Its failure is told as that of the function of this module that asked.
  const asking = { ...calling((_request, reason) => sysExit(reason, name, server, given, timeout), true), ...as };
  const found = await post(new Request(asking, process, caller, server, operation, ms));
  if (found instanceof Refused) throw found.error;
  return found;
}
