/**
 * A server process: it keeps a state, answers calls and takes casts and messages, one at a time. OTP's `gen_server`.
 *
 *   const counter = {
 *     init: (start: number) => [OK, start] as const,
 *     handle_call: (_request: "next", _from: From, n: number) => [REPLY, n, n + 1] as const,
 *   };
 *   const pid = await gen_server.start(counter, 0);
 *   await gen_server.call(pid, "next"); // 0
 *
 * The table of callbacks and results is in `behaviour/callbacks.ts`.
 *
 * *When not to use it:* for a computation without state, use a function; for concurrent work, spawn a process or start
 * a server for each task. A gen_server does one thing at a time.
 */
import { type Atom, ensure } from "./term/atom.ts";
import { BADARG, type IGNORE, NORMAL, OK } from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { ErlangError, Exit } from "./term/error.ts";
import { isTuple } from "./term/guarded.ts";
import { NODE, type Pid } from "./term/pid.ts";
import type { CallTo, CastTo, ReplyFrom, ServedBy, ServerRef } from "./term/protocol.ts";
import type { Ref } from "./term/ref.ts";
import type { Timeout } from "./term/timeout.ts";
import { acting } from "./process/context.ts";
import { refused } from "./process/refusal.ts";
import { isName, type Name } from "./term/name.ts";
import { strange } from "./term/strange.ts";
import type { From } from "./call/request.ts";
import type { AnyModule, CallResult, InitResult, Module, NoReplyResult, Status } from "./behaviour/callbacks.ts";
import type { Checked, Shape } from "./behaviour/inferred.ts";
import * as gen from "./behaviour/gen.ts";
import { noModule } from "./behaviour/lacking.ts";
import { launch as launchProcess, NONE, type StartOptions, type Tie } from "./behaviour/launch.ts";
import { answer } from "./behaviour/reply.ts";
import { Server } from "./behaviour/server.ts";
import * as stopping from "./behaviour/stopping.ts";

export { CONTINUE, NOREPLY, REPLY, STOP } from "./term/atoms.ts";
export * from "./behaviour/async_requests.ts";
export { sensitive } from "./behaviour/sensitive.ts";
export { calls, type CallTable, casts, type CastTable, type ReplyResult } from "./behaviour/calls.ts";
export type { MailboxLimit } from "./behaviour/bounded.ts";
export type { CallResult, From, InitResult, Module, NoReplyResult, ServerRef, StartOptions, Status };

const ABCAST = ensure("abcast");

type ArgOf<M> = M extends { init(arg: infer A): unknown } ? A : unknown;

/**
 * The result of a start: the pid, or `IGNORE` if init may return it. The type of the pid carries the protocol that the
 * module's callbacks declare (`Received<…>`, or a table of clauses), so that calls and casts to it are checked.
 */
export type Started<M> = M extends { init(...args: never): infer R }
  ? typeof IGNORE extends Awaited<R>
    ? Pid<ServedBy<M>> | typeof IGNORE
    : Pid<ServedBy<M>>
  : Pid<ServedBy<M>>;

/**
 * Starts a server, not linked to the caller. Resolves when init has returned.
 *
 * @throws OtpError `{error, reason}`: `[ALREADY_STARTED, pid]` for a name in use, init's `[STOP, reason]`, `[error, stack]`
 *   for a crash in init, `timeout`
 */
export function start<M, S>(
  module: M & Shape<S> & Checked<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<Started<M>> {
  return launch(module as AnyModule, arg, options, "start") as Promise<Started<M>>;
}

/** Like `start`, linked to the calling process, which is the server's parent: the server ends when it does. */
export function start_link<M, S>(
  module: M & Shape<S> & Checked<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<Started<M>> {
  return launch(module as AnyModule, arg, options, "start_link") as Promise<Started<M>>;
}

/** Like `start`, and monitors the server atomically: resolves with `[pid, ref]`. */
export function start_monitor<M, S>(
  module: M & Shape<S> & Checked<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<[Pid<ServedBy<M>>, Ref]> {
  return launch(module as AnyModule, arg, options, "start_monitor") as Promise<[Pid<ServedBy<M>>, Ref]>;
}

/**
 * Calls a server and waits for its reply.
 *
 * @param timeout how long to wait, in ms (default 5,000; 1,000 and above are exact to about 0.1 s)
 * @throws Exit with reason `[reason, [gen_server, call, args]]`: `noproc`, `timeout`, `calling_self`, or the server's
 *   exit reason if it ended before it replied. If the `Exit` is not caught, the calling process ends with that reason
 */
export function call<const S extends ServerRef, const M extends CallTo<S>>(
  server: S,
  request: M,
  timeout?: Timeout,
): Promise<ReplyFrom<S, M>> {
  return gen.call(server, request, timeout) as Promise<ReplyFrom<S, M>>;
}

/** Sends a server a message without a reply. Always returns `ok`, even if there is no such server. */
export function cast<const S extends ServerRef, const M extends CastTo<S>>(server: S, message: M): typeof OK {
  return gen.cast(server, message);
}

/** A cast to a name on this node (OTP's `abcast`, with one node). */
export function abcast(name: Name, message: unknown): Atom<"abcast"> {
  if (!isName(name))
    throw new ErlangError(BADARG, `Cannot cast to ${describe(name)}: a name is a string or an atom${strange(name)}`);
  gen.cast(name, message);
  return ABCAST;
}

/**
 * Calls the server of this name on every node, which is this one (OTP's `multi_call`).
 *
 * @returns `[[[node, reply]], bad_nodes]`
 */
export async function multi_call(
  name: Name,
  request: unknown,
  timeout: Timeout = Infinity,
): Promise<[replies: (readonly [Atom, unknown])[], bad_nodes: Atom[]]> {
  try {
    return [[[NODE, await gen.call(name, request, timeout)]], []];
  } catch (error) {
    if (error instanceof Exit) return [[], [NODE]];
    throw error;
  }
}

/** Answers a caller whose `handle_call` returned `[NOREPLY, …]`. The first reply counts; a later one is dropped. */
export function reply(from: From, value: unknown): typeof OK {
  if (acting()?.alive === false) return OK;
  if (!isTuple(from) || from.length !== 2) {
    throw new ErlangError(
      BADARG,
      `Cannot reply: \`from\` must be the one that handle_call received, got ${describe(from)}`,
    );
  }
  answer(from, value);
  return OK;
}

/**
 * Stops a server: it handles the messages in its mailbox, runs terminate and exits with `reason`. Resolves when it is
 * dead.
 *
 * @throws Exit with reason `noproc`, `timeout`, or the server's exit reason if that differs from `reason`
 */
export function stop(server: ServerRef, reason: unknown = NORMAL, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stopping.stop(server, reason, timeout);
}

function launch(module: AnyModule, arg: unknown, options: StartOptions, tie: Tie): Promise<unknown> {
  if (typeof module !== "object" || module === null || isTuple(module) || module instanceof Promise) {
    return refused(
      new ErlangError(
        BADARG,
        `Cannot start a gen_server: its callback module must be an object with init, got ${describe(module)}${noModule(module)}`,
      ),
    );
  }
  const behaviour = module.behaviour ?? "gen_server";
  const as = { behaviour, kind: behaviour };
  return launchProcess(as, (parent, ancestors) => new Server(module, arg, parent, ancestors), options, tie);
}
