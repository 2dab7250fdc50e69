/** The protocol behind calls: the server, the request, its time-out, and the caller's exit if it fails. */
import {
  BADARG,
  CALL,
  CALLING_SELF,
  GEN_CAST,
  GEN_SERVER,
  KILLED,
  NODEDOWN,
  NOPROC,
  NORMAL,
  OK,
  OVERLOAD,
  SHUTDOWN,
  TIMEOUT,
} from "../term/atoms.ts";
import type { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit } from "../term/error.ts";
import { isError, isTuple, tagOf } from "../term/guarded.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { NODE, Pid } from "../term/pid.ts";
import type { ServerRef, Via } from "../term/protocol.ts";
import { strange } from "../term/strange.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { acting, isDoing } from "../process/context.ts";
import { elsewhere } from "../process/elsewhere.ts";
import { refused } from "../process/refusal.ts";
import { type Observer, observer } from "./observer.ts";
import { Cast } from "../call/cast.ts";
import { type Process, processOf } from "../process/process.ts";
import { answer, post, refuse } from "../call/reply_promise.ts";
import { find, isHere } from "../process/registry.ts";
import { atomOf, isName, type Name, quoted, textOf } from "../term/name.ts";
import { answerTo } from "../call/request.ts";
import { isVia, sendVia, whereisVia } from "../process/via.ts";
import { DEFAULT_TIMEOUT, type ReplyHandlers, Request } from "../call/request.ts";
import { forever } from "../process/forever.ts";
import { showable } from "./sensitive.ts";

/** The process that a server reference refers to, or undefined. */
export function locate(server: ServerRef): Process | undefined {
  if (server instanceof Pid) return processOf(server);
  if (typeof server === "string") return find(server);
  if (isNamed(server)) return isHere(server[1]) ? find(server[0]) : undefined;
  if (isName(server)) return find(server);
  if (isVia(server)) return whereisVia(server);
  throw new ErlangError(
    BADARG,
    `Cannot reach server ${describe(server)}: a server is a pid, a name, [name, node] or { via: [registry, name] }${strange(server)}`,
  );
}

// A name on a node.
function isNamed(server: unknown): server is readonly [name: Name, node: Name] {
  return isTuple(server) && server.length === 2 && isName(server[0]) && isName(server[1]);
}

/** Why a server that `locate` does not find cannot be reached: there is no such process, or no such node. */
export function absence(server: ServerRef): unknown {
  return isNamed(server) && !isHere(server[1]) ? [NODEDOWN, atomOf(server[1])] : NOPROC;
}

function operationOf(operation: unknown): string {
  const { op } = operation as { readonly op: string };
  return op === "terminate" ? "the end of %" : `% to do ${op}`;
}

/**
 * The handlers of a call: its reply resolves a promise, and its failure rejects the promise with the error that `exit`
 * makes.
 */
export function calling(exit: (request: Request, reason: unknown) => Error, system = false): ReplyHandlers {
  return {
    system,
    waited: system ? operationOf : answerTo,
    answered: answer,
    failed: (request, reason) => refuse(request, () => exit(request, reason)),
    expired: (request) => request.fail(TIMEOUT),
  };
}

const CALLING = calling(exitOf);

/** The error with which the caller of a request fails. */
export function exitOf({ server, payload, timeout }: Request, reason: unknown): Exit {
  return callExit(reason, server as ServerRef, payload, timeout);
}

/** The handlers of a call, and the error for a server that does not exist. */
export interface Calling {
  readonly handlers: ReplyHandlers;
  exit(reason: unknown, server: ServerRef, payload: unknown, timeout: Timeout | undefined): Exit;
}

const GEN_SERVER_CALL: Calling = { handlers: CALLING, exit: callExit };

/**
 * Calls a server: resolves with the reply, or rejects with an `Exit` whose reason is `[reason, [gen_server, call,
 * args]]`, or with the error that `as` makes.
 */
export function call(
  server: ServerRef,
  payload: unknown,
  timeout: Timeout | undefined,
  as = GEN_SERVER_CALL,
): Promise<unknown> {
  if (observer !== undefined) return observedCall(observer, server, payload, timeout, as);
  const caller = acting();
  const callee = server instanceof Pid ? processOf(server) : typeof server === "string" ? find(server) : undefined;
  const plain = timeout === undefined || (typeof timeout === "number" && timeout >= 0);
  if (callee === undefined || callee === caller || !plain) return ask(server, payload, timeout, as);
  return post(new Request(as.handlers, callee, caller, server, payload, timeout));
}

// A call that may have to be refused.
function ask(server: ServerRef, payload: unknown, timeout: Timeout | undefined, as: Calling): Promise<unknown> {
  const caller = acting();
  let callee: Process | undefined;
  try {
    if (timeout !== undefined) milliseconds(timeout, "call a server");
    callee = locate(server);
  } catch (error) {
    return refused(isVia(server) ? as.exit(reasonOf(error), server, payload, timeout) : error);
  }
  if (caller !== undefined) {
    if (!caller.alive) return forever();
    if (callee === caller && isDoing(caller)) return refused(as.exit(CALLING_SELF, server, payload, timeout));
  }
  if (callee === undefined) return refused(as.exit(absence(server), server, payload, timeout));
  return post(new Request(as.handlers, callee, caller, server, payload, timeout));
}

// A separate function: a closure makes V8 allocate an object for its function's arguments even if the closure is never
// created.
function observedCall(
  by: Observer,
  server: ServerRef,
  payload: unknown,
  timeout: Timeout | undefined,
  as: Calling,
): Promise<unknown> {
  return by.call(server, payload, () => ask(server, payload, timeout, as));
}

function observedCast(by: Observer, server: ServerRef, process: Process, message: unknown): void {
  by.cast(server, message, () => process.enqueue(new Cast(message)));
}

/** Sends a cast. Always returns `ok`, even if there is no such process. */
export function cast(server: ServerRef, message: unknown): typeof OK {
  if (acting()?.alive === false) return OK;
  if (observer !== undefined || !(server instanceof Pid)) return castOtherwise(server, message);
  const process = processOf(server);
  if (process !== undefined) process.enqueue(new Cast(message));
  return OK;
}

function castOtherwise(server: ServerRef, message: unknown): typeof OK {
  if (!(server instanceof Pid) && isVia(server)) return castVia(server, message);
  const process = locate(server);
  if (process === undefined) return OK;
  if (observer === undefined) process.enqueue(new Cast(message));
  else observedCast(observer, server, process, message);
  return OK;
}

// Its registry sends it, as in OTP; a cast to a free name is dropped.
function castVia(server: Via, message: unknown): typeof OK {
  try {
    sendVia(server, [GEN_CAST, message]);
  } catch {
    // No process has the name.
  }
  return OK;
}

/** The exit of a caller whose call failed, in OTP's term and in words. */
export function callExit(
  reason: unknown,
  server: ServerRef,
  payload: unknown,
  timeout: Timeout | undefined,
  behaviour: Atom = GEN_SERVER,
  given: unknown = timeout,
): Exit {
  const shown = showable(payload);
  const args = given === undefined ? [server, shown] : [server, shown, given];
  const exit = new Exit(
    [reason, [behaviour, CALL, args]],
    `Call to ${nameOf(server)} with request ${describe(shown)} failed: ${explain(reason, server, timeout)}`,
  );
  const cause = tagOf(reason, 2);
  if (isError(cause)) exit.cause = cause;
  return exit;
}

/** A server reference in readable form: names in quotes. */
export function nameOf(server: ServerRef): string {
  if (server instanceof Pid) return String(server);
  if (isVia(server)) return describe(server.via[1]);
  return typeof server === "string" || isName(server) ? quoted(server) : describe(server);
}

/** Why a call failed, in words. */
export function explain(reason: unknown, server: ServerRef, timeout: Timeout | undefined): string {
  switch (reason) {
    case NOPROC:
      return server instanceof Pid
        ? "the process is dead (noproc). Pids end with their process: call a name, or ask the supervisor for the current pid"
        : `no process has this name (noproc)${isName(server) ? elsewhere(textOf(server)) : ""}. Is the server started, and before its callers in the supervisor's list?`;
    case TIMEOUT:
      return `no reply within ${timeout ?? DEFAULT_TIMEOUT} ms (timeout). The server may be busy with another callback, itself wait for a reply, or never reply to this request; look at sys.get_state and erlang.process_info(pid, "message_queue_len")`;
    case CALLING_SELF:
      return "a process cannot call itself (calling_self): it would wait for itself for ever. Call the function directly, or cast";
    case NORMAL:
    case SHUTDOWN:
      return `the server stopped before it replied (${describe(reason)})`;
    case OVERLOAD:
      return "the server's mailbox is full (overload): it receives more requests than it can handle. Send fewer, or later, or raise mailbox.max_len";
    case KILLED:
      return "the server was killed before it replied (killed)";
    default:
      if (tagOf(reason, 2) === NODEDOWN)
        return `there is no connection to the node ${describe((reason as readonly unknown[])[1])} (nodedown): there is one node, ${NODE}`;
      return `the server ended before it replied: ${inWords(reason)}`;
  }
}
