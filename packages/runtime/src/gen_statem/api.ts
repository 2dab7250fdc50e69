/**
 * A process that is a state machine: its handling of an event depends on its state. OTP's `gen_statem`.
 * `docs/gen_statem.md` is the guide.
 */
import { BADARG, type IGNORE, NORMAL, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import type { CallTo, CastTo, ReplyFrom, ServerRef } from "../term/protocol.ts";
import type { Ref } from "../term/ref.ts";
import type { Timeout } from "../term/timeout.ts";
import { acting } from "../process/context.ts";
import { refused } from "../process/refusal.ts";
import type { Ancestry } from "../process/process.ts";
import type { From } from "../call/request.ts";
import { call as genCall, callExit, calling, type Calling, cast as genCast } from "../behaviour/gen.ts";
import { noModule } from "../behaviour/lacking.ts";
import { launch as launchProcess, NONE, type StartOptions, type Tie } from "../behaviour/launch.ts";
import { answer } from "../behaviour/reply.ts";
import * as stopping from "../behaviour/stopping.ts";
import { listOf } from "./action.ts";
import { CLEAN_TIMEOUT, DIRTY_TIMEOUT, GEN_STATEM, REPLY } from "./atoms.ts";
import { type AnyModule, isModule } from "./callbacks.ts";
import { Machine } from "./machine.ts";
import type { ArgOf, CallFrom, ReplyAction, ServedBy, StateModule, WellFormed } from "./types.ts";

const CALL: Calling = {
  handlers: calling(({ server, payload, timeout }, reason) =>
    callExit(reason, server as ServerRef, payload, timeout, GEN_STATEM),
  ),
  exit: (reason, server, payload, timeout) => callExit(reason, server, payload, timeout, GEN_STATEM),
};

export * from "../behaviour/async_requests.ts";
export { events } from "./events.ts";
export type {
  Action,
  Actions,
  CallbackMode,
  CallFrom,
  Clauses,
  EventModule,
  EventType,
  InitResult,
  Named,
  ReplyAction,
  Result,
  StateFunction,
  StateModule,
  TimeoutKind,
} from "./types.ts";
export type { MailboxLimit } from "../behaviour/bounded.ts";
export type { StartOptions };

/** The result of a start: the pid, or `IGNORE` if init may return it. */
export type Started<M> = M extends { init(...args: never): infer R }
  ? typeof IGNORE extends Awaited<R>
    ? Pid<ServedBy<M>> | typeof IGNORE
    : Pid<ServedBy<M>>
  : Pid<ServedBy<M>>;

/**
 * Returns a callback module of mode `STATE_FUNCTIONS` unchanged. Its states are inferred from its functions and its
 * data from init, so that a transition to a state that does not exist does not compile.
 */
export function states<const K extends string, D, A, const M>(module: StateModule<K, D, A> & M): M {
  return module;
}

/**
 * Starts a state machine, not linked to the caller. Resolves when init has returned.
 *
 * @throws OtpError `{error, reason}`: `[ALREADY_STARTED, pid]` for a name in use, init's `[STOP, reason]`, the error of a crash
 *   in init, `[bad_return_from_init, result]`, `timeout`
 */
export function start<M extends AnyModule | object>(
  module: M & WellFormed<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<Started<M>> {
  return launch(module, arg, options, "start") as Promise<Started<M>>;
}

/** Like `start`, linked to the calling process, which is the machine's parent: the machine ends when it does. */
export function start_link<M extends AnyModule | object>(
  module: M & WellFormed<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<Started<M>> {
  return launch(module, arg, options, "start_link") as Promise<Started<M>>;
}

/** Like `start`, and monitors the machine atomically: resolves with `[pid, ref]`. */
export function start_monitor<M extends AnyModule | object>(
  module: M & WellFormed<M>,
  arg: ArgOf<M>,
  options: StartOptions = NONE,
): Promise<[Pid<ServedBy<M>>, Ref]> {
  return launch(module, arg, options, "start_monitor") as Promise<[Pid<ServedBy<M>>, Ref]>;
}

/** How long a call waits, in ms. `clean_timeout` and `dirty_timeout` differ only for other nodes. */
export type CallTimeout = Timeout | readonly [typeof CLEAN_TIMEOUT | typeof DIRTY_TIMEOUT, Timeout];

/**
 * Calls a state machine and waits for its reply.
 *
 * @param timeout how long to wait, in ms; for ever by default, unlike a gen_server's call
 * @throws Exit with reason `[reason, [gen_statem, call, args]]`: `noproc`, `timeout`, `calling_self`, or the machine's
 *   exit reason if it ended before it replied. If the `Exit` is not caught, the calling process ends with that reason
 */
export function call<const S extends ServerRef, const M extends CallTo<S>>(
  server: S,
  request: M,
  timeout: CallTimeout = Infinity,
): Promise<ReplyFrom<S, M>> {
  if (typeof timeout === "number" || !isTuple(timeout))
    return genCall(server, request, timeout, CALL) as Promise<ReplyFrom<S, M>>;
  return callWithin(server, request, timeout) as Promise<ReplyFrom<S, M>>;
}

function callWithin(server: ServerRef, request: unknown, given: readonly unknown[]): Promise<unknown> {
  const [kind, timeout] = given;
  if (given.length !== 2 || (kind !== CLEAN_TIMEOUT && kind !== DIRTY_TIMEOUT))
    return refused(
      new ErlangError(
        BADARG,
        `Cannot call a state machine: the time-out must be a number of milliseconds, Infinity, [CLEAN_TIMEOUT, ms] or [DIRTY_TIMEOUT, ms], got ${describe(given)}`,
      ),
    );
  const exit: Calling["exit"] = (reason, to, payload, ms) => callExit(reason, to, payload, ms, GEN_STATEM, given);
  return genCall(server, request, timeout as Timeout, {
    exit,
    handlers: calling(({ payload, timeout: ms }, reason) => exit(reason, server, payload, ms)),
  });
}

/** Sends a state machine an event without a reply. Always returns `ok`, even if there is no such machine. */
export function cast<const S extends ServerRef, const M extends CastTo<S>>(server: S, message: M): typeof OK {
  return genCast(server, message);
}

/** Answers a caller, or several: `reply(from, value)` or `reply(replies)` with `[REPLY, from, value]` actions. */
export function reply<R>(from: CallFrom<R>, value: R): typeof OK;
export function reply(replies: ReplyAction | readonly ReplyAction[]): typeof OK;
export function reply(...args: readonly unknown[]): typeof OK {
  if (acting()?.alive === false) return OK;
  for (const [, from, value] of args.length > 1 ? [[REPLY, ...args]] : listOf(args[0]).map(asReply)) {
    if (!isTuple(from) || from.length !== 2)
      throw new ErlangError(BADARG, `Cannot reply: \`from\` must be the one of the call event, got ${describe(from)}`);
    answer(from as unknown as From, value);
  }
  return OK;
}

function asReply(action: unknown): readonly unknown[] {
  if (isTuple(action) && action.length === 3 && action[0] === REPLY) return action;
  throw new ErlangError(BADARG, `Cannot reply: a reply is [REPLY, from, value], got ${describe(action)}`);
}

/**
 * Stops a state machine: it handles the messages in its mailbox, runs terminate and exits with `reason`. Resolves when
 * it is dead.
 *
 * @throws Exit with reason `noproc`, `timeout`, or the machine's exit reason if that differs from `reason`
 */
export function stop(server: ServerRef, reason: unknown = NORMAL, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stopping.stop(server, reason, timeout);
}

function launch(module: unknown, arg: unknown, options: StartOptions, tie: Tie): Promise<unknown> {
  try {
    if (!isModule(module) || noModule(module) !== "")
      throw new ErlangError(
        BADARG,
        `Cannot start a gen_statem: its callback module must be an object with callback_mode and init, got ${describe(module)}${noModule(module)}`,
      );
  } catch (error) {
    return refused(error);
  }
  const make = (parent: Pid | undefined, ancestors: Ancestry) => new Machine(module, arg, parent, ancestors);
  return launchProcess({ behaviour: "gen_statem", kind: "gen_statem" }, make, options, tie);
}
