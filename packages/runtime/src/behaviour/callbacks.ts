/**
 * What a gen_server's callback module is, and what its callbacks may return.
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

/** What may follow the state in a result. */
export type Ext = number | Tag<"infinity"> | Tag<"hibernate"> | readonly [Tag<"continue">, unknown];

/** What `init` may return. */
export type InitResult<S> =
  | readonly [Tag<"ok">, S]
  | readonly [Tag<"ok">, S, Ext]
  | readonly [Tag<"stop">, unknown]
  | Tag<"ignore">;

/** What `handle_cast`, `handle_info` and `handle_continue` may return. */
export type NoReplyResult<S> =
  | readonly [Tag<"noreply">, S]
  | readonly [Tag<"noreply">, S, Ext]
  | readonly [Tag<"stop">, unknown, S];

/** What `handle_call` may return. */
export type CallResult<S> =
  | NoReplyResult<S>
  | readonly [Tag<"reply">, unknown, S]
  | readonly [Tag<"reply">, unknown, S, Ext]
  | readonly [Tag<"stop">, unknown, unknown, S];

/** What `format_status` gets and returns: it may rewrite any of these for reports and `sys.get_status`. */
export interface Status {
  readonly state?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly log?: readonly unknown[] | undefined;
  /** Of a gen_statem: its data, and, as `[type, content]`, the events it has postponed and its time-outs. */
  readonly data?: unknown;
  readonly postponed?: readonly unknown[];
  readonly timeouts?: readonly unknown[];
  /** Of a gen_statem that ends: the event at hand, and those inserted after it. */
  readonly queue?: readonly unknown[];
}

type Awaitable<T> = T | Promise<T>;

/** A gen_server's callback module. Each callback may be asynchronous; one runs at a time. */
export interface Module<S = unknown, A = unknown> {
  init(arg: A): Awaitable<InitResult<S>>;
  handle_call?(request: never, from: From, state: S): Awaitable<CallResult<S>>;
  handle_cast?(message: never, state: S): Awaitable<NoReplyResult<S>>;
  handle_info?(message: unknown, state: S): Awaitable<NoReplyResult<S>>;
  handle_continue?(term: never, state: S): Awaitable<NoReplyResult<S>>;
  terminate?(reason: unknown, state: S): unknown;
  format_status?(status: Status): Status;
}

/** The module as the loop sees it: types are the callbacks' own business. */
export interface AnyModule {
  /** What the module is itself a behaviour for, if it is one: said in errors and reports. */
  readonly behaviour?: string;
  init?(arg: unknown): unknown;
  handle_call?(request: unknown, from: From, state: unknown): unknown;
  handle_cast?(message: unknown, state: unknown): unknown;
  handle_info?(message: unknown, state: unknown): unknown;
  handle_continue?(term: unknown, state: unknown): unknown;
  terminate?(reason: unknown, state: unknown): unknown;
  format_status?(status: Status): Status;
  /** What sys.get_state tells, where that is not the state itself, and the state after sys.replace_state. */
  observe?(state: unknown): unknown;
  /** What `sys` is told came in, where that is not the plain message; with it, nothing of what callbacks return is told. */
  incoming?(callback: string, message: unknown, from: From | undefined): unknown;
  replace?(state: unknown, fun: (observed: unknown) => unknown): unknown;
}
