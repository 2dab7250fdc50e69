/**
 * The callback module of a gen_server, and the allowed results of its callbacks.
 *
 *   init(arg)                            [OK, state] · [OK, state, ext] · [STOP, reason] · IGNORE
 *   handle_call(request, from, state)    [REPLY, reply, state] · [REPLY, reply, state, ext] · [NOREPLY, state] ·
 *                                        [NOREPLY, state, ext] · [STOP, reason, reply, state] · [STOP, reason, state]
 *   handle_cast(message, state)          [NOREPLY, state] · [NOREPLY, state, ext] · [STOP, reason, state]
 *   handle_info(message, state)          the same
 *   handle_continue(term, state)         the same
 *   terminate(reason, state)             anything
 *   format_status(status)                the status, rewritten
 *
 *   ext: a time-out in ms · Infinity · INFINITY · HIBERNATE · [CONTINUE, term]
 *
 * Anything else is `{bad_return_value, Value}`. A term thrown with `erlang.throw` counts as returned.
 */
import type { Atom } from "../term/atom.ts";
import type { From } from "../call/request.ts";

type Tag<N extends string> = Atom<N>;

/** The optional element after the state in a result. */
export type Ext = number | Tag<"infinity"> | Tag<"hibernate"> | readonly [Tag<"continue">, unknown];

/** The results of `init`. */
export type InitResult<S> =
  | readonly [Tag<"ok">, S]
  | readonly [Tag<"ok">, S, Ext]
  | readonly [Tag<"stop">, unknown]
  | Tag<"ignore">;

/** The results of `handle_cast`, `handle_info` and `handle_continue`. */
export type NoReplyResult<S> =
  | readonly [Tag<"noreply">, S]
  | readonly [Tag<"noreply">, S, Ext]
  | readonly [Tag<"stop">, unknown, S];

/** The results of `handle_call`. */
export type CallResult<S> =
  | NoReplyResult<S>
  | readonly [Tag<"reply">, unknown, S]
  | readonly [Tag<"reply">, unknown, S, Ext]
  | readonly [Tag<"stop">, unknown, unknown, S];

/** The argument and result of `format_status`: it may rewrite any field for reports and `sys.get_status`. */
export interface Status {
  readonly state?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly log?: readonly unknown[] | undefined;
  /** For a gen_statem: its data, and, as `[type, content]`, its postponed events and time-outs. */
  readonly data?: unknown;
  readonly postponed?: readonly unknown[];
  readonly timeouts?: readonly unknown[];
  /** For a gen_statem that ends: the current event, and those inserted after it. */
  readonly queue?: readonly unknown[];
}

type Awaitable<T> = T | Promise<T>;
// A method, so that a callback may take less than it can be given.
type Method<A extends readonly unknown[], R> = { method(...args: A): R }["method"];

/** A gen_server's callback module. Each callback may be asynchronous; one runs at a time. */
export interface Module<S = unknown, A = unknown> {
  init(arg: A): Awaitable<InitResult<S>>;
  readonly handle_call?: Method<[request: never, from: From, state: S], Awaitable<CallResult<S>>> | undefined;
  readonly handle_cast?: Method<[message: never, state: S], Awaitable<NoReplyResult<S>>> | undefined;
  readonly handle_info?: Method<[message: unknown, state: S], Awaitable<NoReplyResult<S>>> | undefined;
  readonly handle_continue?: Method<[term: never, state: S], Awaitable<NoReplyResult<S>>> | undefined;
  readonly terminate?: Method<[reason: unknown, state: S], unknown> | undefined;
  readonly format_status?: Method<[status: Status], Status> | undefined;
}

/** The module as the loop sees it, without types of state and messages. */
export interface AnyModule {
  /** The behaviour that the module itself implements, if any, for errors and reports. */
  readonly behaviour?: string;
  init?(arg: unknown): unknown;
  handle_call?(request: unknown, from: From, state: unknown): unknown;
  handle_cast?(message: unknown, state: unknown): unknown;
  handle_info?(message: unknown, state: unknown): unknown;
  handle_continue?(term: unknown, state: unknown): unknown;
  terminate?(reason: unknown, state: unknown): unknown;
  format_status?(status: Status): Status;
  /** The result of sys.get_state if that is not the state itself; `replace` makes the state after sys.replace_state. */
  observe?(state: unknown): unknown;
  /**
   * The incoming message as reported to `sys`, if that is not the plain message; with this function, results of
   * callbacks are not reported.
   */
  incoming?(callback: string, message: unknown, from: From | undefined): unknown;
  replace?(state: unknown, fun: (observed: unknown) => unknown): unknown;
}
