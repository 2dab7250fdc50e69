/** Types of event handlers. */
import type { Atom } from "../term/atom.ts";

type Tag<N extends string> = Atom<N>;
type Awaitable<T> = T | Promise<T>;
// A method, so that a callback may take less than it can be given.
type Callback<A extends readonly unknown[], R> = { method(...args: A): R }["method"];

/** Any handler module, for any events, state and arguments. */
interface AnyModule {
  init(args: never): Awaitable<InitResult<unknown>>;
  handle_event(event: never, state: never): Awaitable<EventResult<unknown>>;
  readonly handle_call?: Callback<[request: never, state: never], Awaitable<CallResult<unknown>>> | undefined;
  readonly handle_info?: Callback<[message: never, state: never], Awaitable<EventResult<unknown>>> | undefined;
  readonly terminate?: Callback<[argument: never, state: never], unknown> | undefined;
}

/** A handler by its module, or by its module and an id: a module may be installed several times. */
export type HandlerRef = AnyModule | readonly [module: AnyModule, id: unknown];

type ModuleOf<H> = H extends readonly [infer M, unknown] ? M : H;

/** What a handler's `handle_call` takes; anything, if it has none. */
export type RequestOf<H> = ModuleOf<H> extends { handle_call(request: infer Q, state: never): unknown } ? Q : unknown;

/** What a handler's `handle_call` replies, as far as the types of its results say so. */
export type ReplyOf<H> =
  ModuleOf<H> extends { handle_call(request: never, state: never): infer R } ? RepliesIn<Awaited<R>> : unknown;

type RepliesIn<R> = [R] extends [readonly [unknown, unknown, ...unknown[]]] ? R[1] : unknown;

/** The results of `init`. */
export type InitResult<S> =
  | readonly [Tag<"ok">, S]
  | readonly [Tag<"ok">, S, Tag<"hibernate">]
  | readonly [Tag<"error">, unknown];

/** The results of `handle_event` and `handle_info`. */
export type EventResult<S> =
  | readonly [Tag<"ok">, S]
  | readonly [Tag<"ok">, S, Tag<"hibernate">]
  | Tag<"remove_handler">
  | readonly [Tag<"swap_handler">, args: unknown, S, handler: HandlerRef, new_args: unknown];

/** The results of `handle_call`. */
export type CallResult<S> =
  | readonly [Tag<"ok">, reply: unknown, S]
  | readonly [Tag<"ok">, reply: unknown, S, Tag<"hibernate">]
  | readonly [Tag<"remove_handler">, reply: unknown]
  | readonly [Tag<"swap_handler">, reply: unknown, args: unknown, S, handler: HandlerRef, new_args: unknown];

/**
 * An event handler: `S` is its state, `A` the argument of its init. Callbacks may be asynchronous; a manager runs one
 * at a time. A callback that fails, or returns anything else, removes the handler: its manager and the other handlers
 * go on.
 */
export interface HandlerModule<S = unknown, A = unknown> {
  init(args: A): Awaitable<InitResult<S>>;
  handle_event(event: never, state: S): Awaitable<EventResult<S>>;
  readonly handle_call?: Callback<[request: never, state: S], Awaitable<CallResult<S>>> | undefined;
  readonly handle_info?: Callback<[message: unknown, state: S], Awaitable<EventResult<S>>> | undefined;
  readonly terminate?: Callback<[argument: unknown, state: S], unknown> | undefined;
}

/** The module as its manager sees it. */
export interface AnyHandler {
  readonly name?: unknown;
  init?(args: unknown): unknown;
  handle_event?(event: unknown, state: unknown): unknown;
  handle_call?(request: unknown, state: unknown): unknown;
  handle_info?(message: unknown, state: unknown): unknown;
  terminate?(argument: unknown, state: unknown): unknown;
  format_status?(status: { readonly state?: unknown; readonly message?: unknown; readonly reason?: unknown }): unknown;
}
