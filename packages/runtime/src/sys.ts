/**
 * Inspection of running behaviours, as in OTP's `sys`: for debugging and tests, not for the program's own logic.
 *
 * Every function takes a server and a time-out in ms (default 5,000) and rejects with `Exit` as a call does.
 */
import { type Atom, ensure } from "./term/atom.ts";
import { CALLING_SELF, OK as Ok, type OK } from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { Exit, OtpError } from "./term/error.ts";
import { isTuple } from "./term/guarded.ts";
import type { ServerRef } from "./term/protocol.ts";
import { milliseconds, type Timeout } from "./term/timeout.ts";
import { absence, calling, explain, locate, nameOf } from "./behaviour/gen.ts";
import {
  clear,
  type DebugFunction,
  type DebugOption,
  type DebugSpec,
  install as installIn,
  logged,
  printLog,
  remove as removeFrom,
  setFile,
  setTrace,
  startLog,
  startStatistics,
  type Statistics,
  statisticsOf,
  stopLog,
  stopStatistics,
  type SystemEvent,
  wrongFile,
  wrongLimit,
  wrongSpec,
} from "./behaviour/debug.ts";
import { LogFile } from "./behaviour/log_file.ts";
import type { Debugging, SystemOperation, Termination } from "./behaviour/stopping.ts";
import { Refused, type StatusTuple } from "./behaviour/system.ts";
import { acting, isDoing } from "./process/context.ts";
import { refused } from "./process/refusal.ts";
import { answer, post, refuse } from "./call/reply_promise.ts";
import { type ReplyHandlers, Request } from "./call/request.ts";

export type { DebugFunction, DebugOption, DebugSpec, Statistics, StatusTuple, SystemEvent };

const SYS = ensure("sys");
const GET_STATE = ensure("get_state");
const REPLACE_STATE = ensure("replace_state");
const SUSPEND = ensure("suspend");
const RESUME = ensure("resume");
const GET_STATUS = ensure("get_status");
const TRACE = ensure("trace");
const LOG = ensure("log");
const LOG_TO_FILE = ensure("log_to_file");
const OPEN_FILE = ensure("open_file");
const STATISTICS = ensure("statistics");
const INSTALL = ensure("install");
const REMOVE = ensure("remove");
const DEBUG = ensure("debug");
const NO_DEBUG = ensure("no_debug");
const TERMINATE = ensure("terminate");

/**
 * The server's state.
 *
 * @param timeout in ms, in this and the other functions of `sys`. Default: 5,000
 * @throws Exit with reason `noproc` or `timeout`, or the server's exit reason
 */
export function get_state(server: ServerRef, timeout?: Timeout): Promise<unknown> {
  return ask(GET_STATE, { op: "get_state" }, server, timeout);
}

/**
 * Replaces the state by the result of `fun`, and resolves with it. If `fun` throws, nothing changes, and the call
 * rejects with `ErlangError`, reason `[callback_failed, [gen_server, system_replace_state], [class, reason, stack]]`.
 */
export async function replace_state<S>(server: ServerRef, fun: (state: S) => S, timeout?: Timeout): Promise<S> {
  if (typeof fun !== "function")
    throw new TypeError(
      `Cannot replace the state of ${nameOf(server)}: a function from the state to the next one is needed, got ${describe(fun)}`,
    );
  return (await ask(
    [REPLACE_STATE, fun],
    { op: "replace_state", fun: fun as (state: unknown) => unknown },
    server,
    timeout,
  )) as S;
}

/** Stops the handling of messages, which wait until `resume`. @param timeout in ms. Default: 5,000 */
export function suspend(server: ServerRef, timeout?: Timeout): Promise<typeof OK> {
  return ask(SUSPEND, { op: "suspend" }, server, timeout) as Promise<typeof OK>;
}

/** Resumes the handling of messages after `suspend`. @param timeout in ms. Default: 5,000 */
export function resume(server: ServerRef, timeout?: Timeout): Promise<typeof OK> {
  return ask(RESUME, { op: "resume" }, server, timeout) as Promise<typeof OK>;
}

/** The server's status, with its state as returned by `format_status`. @param timeout in ms. Default: 5,000 */
export function get_status(server: ServerRef, timeout?: Timeout): Promise<StatusTuple> {
  return ask(GET_STATUS, { op: "get_status" }, server, timeout) as Promise<StatusTuple>;
}

/**
 * Reports every system event of the server through the logger from now on: incoming messages, replies, new states.
 *
 * @param on false stops it
 * @throws TypeError for any other flag
 */
export async function trace(server: ServerRef, on: boolean, timeout?: Timeout): Promise<typeof OK> {
  if (typeof on !== "boolean")
    throw new TypeError(`Cannot trace ${nameOf(server)}: the flag must be true or false, got ${describe(on)}`);
  return debug(TRACE, "trace", (served) => setTrace(served, on), server, timeout, [on]);
}

/**
 * Keeps the last system events of the server in memory, in its status and in the report of its crash.
 *
 * @param flag `true` starts a log of 10 events, `[true, limit]` one of `limit` (a running log is left unchanged);
 *   `false` stops it; `"get"` resolves with the events, oldest first; `"print"` reports them through the logger
 * @throws TypeError for any other flag
 */
export function log(server: ServerRef, flag: "get", timeout?: Timeout): Promise<readonly SystemEvent[]>;
export function log(
  server: ServerRef,
  flag: boolean | "print" | readonly [on: true, limit: number],
  timeout?: Timeout,
): Promise<typeof OK>;
export async function log(
  server: ServerRef,
  flag: boolean | "get" | "print" | readonly [on: true, limit: number],
  timeout?: Timeout,
): Promise<readonly SystemEvent[] | typeof OK> {
  return (await debug(LOG, "log", logging(flag), server, timeout, [flag])) as readonly SystemEvent[] | typeof OK;
}

/**
 * Writes every system event of the server to a file from now on, one line each, as `trace` words them. The file is emptied first.
 * A line is written before the server goes on.
 *
 * @param file its path; `false` stops it
 * @throws OtpError with reason `open_file` if it cannot be written; no file is written to then
 * @throws TypeError if it is neither a path nor `false`
 *
 * @example
 * await sys.log_to_file("orders", "orders.log");
 */
export async function log_to_file(server: ServerRef, file: string | false, timeout?: Timeout): Promise<typeof OK> {
  const to = (opened: LogFile | undefined): Promise<typeof OK> =>
    debug(LOG_TO_FILE, "log_to_file", (served) => setFile(served, opened), server, timeout, [file]);
  if (file === false) return to(undefined);
  const why = wrongFile(file);
  if (why !== undefined) throw new TypeError(`Cannot log a server to a file: ${why}, or false to stop`);
  let opened: LogFile;
  try {
    opened = new LogFile(file);
  } catch (cause) {
    await to(undefined);
    throw new OtpError(OPEN_FILE, `Cannot log ${nameOf(server)} to "${file}": ${(cause as Error).message}`);
  }
  return to(opened);
}

/**
 * Counts the server's messages and replies.
 *
 * @param flag `true` starts counting (a running count goes on), `false` stops it, `"get"` resolves with the numbers, or
 *   with the atom `no_statistics` if nothing is counted
 * @throws TypeError for any other flag
 */
export function statistics(
  server: ServerRef,
  flag: "get",
  timeout?: Timeout,
): Promise<Statistics | Atom<"no_statistics">>;
export function statistics(server: ServerRef, flag: boolean, timeout?: Timeout): Promise<typeof OK>;
export async function statistics(
  server: ServerRef,
  flag: boolean | "get",
  timeout?: Timeout,
): Promise<Statistics | Atom<"no_statistics"> | typeof OK> {
  return (await debug(STATISTICS, "statistics", counting(flag), server, timeout, [flag])) as
    | Statistics
    | Atom<"no_statistics">
    | typeof OK;
}

/**
 * Calls a function with each system event of the server, in the server's process, before it goes on: keep it short. It returns
 * its next state; the atom `done` removes it, and so does an exception, which is reported.
 *
 * @param spec `[fun, state]`, or `[id, fun, state]` to remove it by the id. A function that is already installed is
 *   left unchanged
 * @throws TypeError for any other value
 *
 * @example
 * await sys.install("orders", [(seen, event) => (console.log(event), seen + 1), 0]);
 */
export async function install<S>(server: ServerRef, spec: DebugSpec<S>, timeout?: Timeout): Promise<typeof OK> {
  const why = wrongSpec(spec);
  if (why !== undefined) throw new TypeError(`Cannot install a debug function: ${why}`);
  return debug(INSTALL, "install", (served) => installIn(served, spec as DebugSpec), server, timeout, [spec]);
}

/**
 * Removes a debug function. Returns `ok` even if there is none.
 *
 * @param id the id it was installed with, or the function
 */
export function remove(server: ServerRef, id: unknown, timeout?: Timeout): Promise<typeof OK> {
  return debug(REMOVE, "remove", (served) => removeFrom(served, id), server, timeout, [id]);
}

/** Stops all debugging of the server: its trace, its log, its statistics and its debug functions. */
export function no_debug(server: ServerRef, timeout?: Timeout): Promise<typeof OK> {
  return debug([DEBUG, NO_DEBUG], "no_debug", clear, server, timeout);
}

/**
 * Stops the server with this reason, after the messages already in its mailbox. Resolves when it has ended, even if its
 * terminate callback changed the reason; after `timeout` ms (default: no limit) it resolves even if the server is still
 * ending.
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

function logging(flag: unknown): Debugging["apply"] {
  if (flag === "get") return logged as Debugging["apply"];
  if (flag === "print") return printLog;
  if (flag === true) return (served) => startLog(served);
  if (flag === false) return stopLog;
  const [on, limit] = isTuple(flag) && flag.length === 2 ? (flag as readonly unknown[]) : [];
  if (on !== true)
    throw new TypeError(
      `Cannot log a server: the flag must be true, [true, limit], false, "get" or "print", got ${describe(flag)}`,
    );
  const why = wrongLimit(limit);
  if (why !== undefined) throw new TypeError(`Cannot log a server: ${why}`);
  return (served) => startLog(served, limit as number);
}

function counting(flag: unknown): Debugging["apply"] {
  if (flag === "get") return statisticsOf;
  if (flag === true) return startStatistics;
  if (flag === false) return stopStatistics;
  throw new TypeError(
    `Cannot count the messages of a server: the flag must be true, false or "get", got ${describe(flag)}`,
  );
}

function debug(
  name: Atom | readonly [Atom, unknown],
  op: Debugging["op"],
  apply: Debugging["apply"],
  server: ServerRef,
  timeout: Timeout | undefined,
  more: readonly unknown[] = [],
): Promise<typeof OK> {
  return ask(name, { op, apply }, server, timeout, more) as Promise<typeof OK>;
}

function givenTo(server: ServerRef, more: readonly unknown[], timeout: Timeout | undefined): readonly unknown[] {
  return [server, ...more, ...(timeout === undefined ? [] : [timeout])];
}

// `name`: the function, or for OTP's `replace_state` the function and its argument.
function sysExit(
  reason: unknown,
  name: Atom | readonly [Atom, unknown],
  server: ServerRef,
  given: readonly unknown[],
  timeout: Timeout | undefined,
): Exit {
  const word = isTuple(name) ? wordOf(name as readonly [Atom, unknown]) : (name as Atom);
  return new Exit(
    [reason, [SYS, name, given]],
    `sys.${word.name} of ${nameOf(server)} failed: ${explain(reason, server, timeout)}`,
  );
}

// OTP reports sys:no_debug as {debug, no_debug}, and sys:replace_state with its function.
function wordOf([first, second]: readonly [Atom, unknown]): Atom {
  return first === DEBUG ? (second as Atom) : first;
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
  // Its failure is reported as a failure of the function of this module that sent the request.
  const asking = { ...calling((_request, reason) => sysExit(reason, name, server, given, timeout), true), ...as };
  const found = await post(new Request(asking, process, caller, server, operation, ms));
  if (found instanceof Refused) throw found.error;
  return found;
}
