/** Types of callback modules, their events, results and actions. */
import type { Atom } from "../term/atom.ts";
import type { MessageOf, Protocol, ReplyTo } from "../term/protocol.ts";
import type { Timeout } from "../term/timeout.ts";
import type { From } from "../call/request.ts";
import type { Status } from "../behaviour/callbacks.ts";

type Tag<N extends string> = Atom<N>;
type Awaitable<T> = T | Promise<T>;

/** The kind of a time-out: for the next event, for the state, or with a name. */
export type TimeoutKind = Tag<"timeout"> | Tag<"state_timeout"> | readonly [Tag<"timeout">, unknown];

/**
 * The type of an event: `[CALL, from]`, `CAST`, `INFO` (a plain message), `INTERNAL` (an inserted one), a time-out;
 * `ENTER` for a state enter call.
 */
export type EventType =
  | readonly [Tag<"call">, From]
  | Tag<"cast">
  | Tag<"info">
  | Tag<"internal">
  | Tag<"enter">
  | TimeoutKind;

declare const answers: unique symbol;

/** The `from` of a call whose reply is an `R`. */
export type CallFrom<R> = From & { readonly [answers]?: (reply: R) => R };

/** Answers a call. */
export type ReplyAction<R = unknown> = readonly [Tag<"reply">, unknown extends R ? From : CallFrom<R>, R];

/** Options of a time-out: its time is a point on the clock of `performance.now()`, not a duration. */
type TimeoutOptions = readonly [Tag<"abs">, boolean] | readonly [readonly [Tag<"abs">, boolean]] | readonly [];

/** An action, which a result may ask for besides the next state. `A`: the allowed replies. */
export type Action<A = ReplyAction> =
  | A
  | Tag<"postpone">
  | readonly [Tag<"postpone">, boolean]
  | Tag<"hibernate">
  | readonly [Tag<"hibernate">, boolean]
  | readonly [Tag<"next_event">, Exclude<EventType, Tag<"enter">>, unknown]
  | Timeout
  | readonly [TimeoutKind, Timeout, unknown]
  | readonly [TimeoutKind, Timeout, unknown, TimeoutOptions]
  | readonly [TimeoutKind, Tag<"update">, unknown]
  | readonly [TimeoutKind, Tag<"cancel">]
  | readonly [Tag<"change_callback_module"> | Tag<"push_callback_module">, object]
  | Tag<"pop_callback_module">;

/** One action, or several in their order. */
export type Actions<A = ReplyAction> = Action<A> | readonly Action<A>[];

/** The results of init. */
export type InitResult<S, D> =
  | readonly [Tag<"ok">, S, D]
  | readonly [Tag<"ok">, S, D, Actions]
  | readonly [Tag<"stop">, unknown]
  | Tag<"ignore">;

/** The results of a state's callback. `A`: the allowed replies. */
export type Result<S, D, A = ReplyAction> =
  | readonly [Tag<"next_state">, S, D]
  | readonly [Tag<"next_state">, S, D, Actions<A>]
  | readonly [Tag<"keep_state"> | Tag<"repeat_state">, D]
  | readonly [Tag<"keep_state"> | Tag<"repeat_state">, D, Actions<A>]
  | Tag<"keep_state_and_data">
  | Tag<"repeat_state_and_data">
  | readonly [Tag<"keep_state_and_data"> | Tag<"repeat_state_and_data">, Actions<A>]
  | Tag<"stop">
  | readonly [Tag<"stop">, unknown]
  | readonly [Tag<"stop">, unknown, D]
  | readonly [Tag<"stop_and_reply">, unknown, A | readonly A[]]
  | readonly [Tag<"stop_and_reply">, unknown, A | readonly A[], D];

type Mode = Tag<"state_functions"> | Tag<"handle_event_function">;

/** The result of callback_mode. */
export type CallbackMode = Mode | readonly (Mode | Tag<"state_enter">)[];

// A method, so that a callback may accept narrower parameters.
type Callback<A extends readonly unknown[], R> = { method(...args: A): R }["method"];

/** A state's function. */
export type StateFunction<S, D> = Callback<[type: EventType, content: unknown, data: D], Awaitable<Result<S, D>>>;

/** The callbacks that no state can be named after. */
type Reserved =
  | "callback_mode"
  | "init"
  | "handle_event"
  | "terminate"
  | "format_status"
  | "code_change"
  | "name"
  | "behaviour"
  | "constructor";

/** A state by its name, as a string or as an atom. */
export type Named<N extends string> = N | Atom<N>;

/** The callbacks that modules of both modes share. */
export interface Common<S, D, A> {
  callback_mode(): CallbackMode;
  init(arg: A): Awaitable<InitResult<S, D>>;
  readonly terminate?: Callback<[reason: unknown, state: S, data: D], unknown> | undefined;
  readonly format_status?: Callback<[status: Status], Status> | undefined;
}

/** A module of mode `HANDLE_EVENT_FUNCTION`: `S` is its states, any terms, `D` its data, `A` the argument of init. */
export interface EventModule<S, D, A> extends Common<S, D, A> {
  handle_event(type: EventType, content: unknown, state: S, data: D): Awaitable<Result<S, D>>;
}

/** A module of mode `STATE_FUNCTIONS`: one function for each state `K`, besides init and the other callbacks. */
export type StateModule<K extends string, D, A> = Common<Named<NoInfer<Exclude<K, Reserved>>>, D, A> & {
  readonly [S in K]: S extends Reserved ? unknown : StateFunction<Named<NoInfer<Exclude<K, Reserved>>>, NoInfer<D>>;
};

/** The argument of a module's init. */
export type ArgOf<M> = M extends { init(arg: infer A): unknown } ? A : unknown;

// The states that a result goes to.
type Targets<R> =
  Awaited<R> extends infer T ? (T extends readonly [Tag<"next_state">, infer S, ...unknown[]] ? S : never) : never;
type InitialState<M> = M extends { init(...args: never): infer R }
  ? Awaited<R> extends infer T
    ? T extends readonly [Tag<"ok">, infer S, unknown, ...unknown[]]
      ? S
      : never
    : never
  : never;
type StatesOf<M> = Named<Exclude<keyof M & string, Reserved>>;

// The outer shape of a result; its contents may have a wider type than the compiler can check.
type Shape =
  | readonly [Tag<"next_state">, unknown, unknown, unknown?]
  | readonly [Tag<"keep_state"> | Tag<"repeat_state">, unknown, unknown?]
  | Tag<"keep_state_and_data">
  | Tag<"repeat_state_and_data">
  | readonly [Tag<"keep_state_and_data"> | Tag<"repeat_state_and_data">, unknown]
  | Tag<"stop">
  | readonly [Tag<"stop">, unknown, unknown?]
  | readonly [Tag<"stop_and_reply">, unknown, unknown, unknown?];
type InitShape = readonly [Tag<"ok">, unknown, unknown, unknown?] | readonly [Tag<"stop">, unknown] | Tag<"ignore">;

// The results that can be none: arrays whose length is not known, and atoms whose name is not, may be.
type NoResult<R, Allowed> =
  Awaited<R> extends infer T
    ? unknown extends T
      ? never
      : T extends Allowed
        ? never
        : Atom extends T
          ? never
          : T extends readonly unknown[]
            ? number extends T["length"]
              ? never
              : T
            : T
    : never;

// The mistake in a callback's result, or unknown if there is none.
type Checked<R, Allowed, Going, States> = [NoResult<R, Allowed>] extends [never]
  ? [Going] extends [States]
    ? unknown
    : UnknownState<Exclude<Going, States>>
  : WrongResult<NoResult<R, Allowed>>;

// The callbacks that every module has.
type Complete<M> = [keyof M] extends [never]
  ? unknown
  : ("callback_mode" extends keyof M ? unknown : { callback_mode(): CallbackMode }) &
      ("init" extends keyof M ? unknown : { init(arg: never): unknown });

type InitOf<M, States> = M extends { init(...args: never): infer R }
  ? { readonly init: Checked<R, InitShape, InitialState<M>, States> }
  : unknown;

/**
 * At the start of a module, shows a missing callback, an invalid result, or a transition to a state that does not
 * exist.
 */
export type WellFormed<M> = Complete<M> &
  (M extends { handle_event(type: never, content: never, state: infer S, data: never): infer R }
    ? InitOf<M, S> & { readonly handle_event: Checked<R, Shape, Targets<R>, S> }
    : InitOf<M, StatesOf<M>> & {
        readonly [K in Exclude<keyof M, Reserved>]: M[K] extends (...args: never) => infer R
          ? Checked<R, Shape, Targets<R>, StatesOf<M>>
          : unknown;
      });

interface UnknownState<S> {
  readonly there_is_no_state: S;
}

interface WrongResult<T> {
  readonly this_is_no_result: T;
}

declare const understands: unique symbol;

/** A state's function whose type has the protocol that it understands. */
export interface Understanding<P> {
  readonly [understands]?: P;
}

type ProtocolIn<F> = F extends { readonly [understands]?: infer P }
  ? typeof understands extends keyof F
    ? NonNullable<P>
    : never
  : never;

/** The protocol of a module, as declared by its functions (`gen_statem.events`). */
export type ServedBy<M> = [{ [K in keyof M]: ProtocolIn<M[K]> }[keyof M]] extends [infer P]
  ? [P] extends [never]
    ? unknown
    : P
  : unknown;

type Calls<P> = P extends { calls: infer C } ? C : Record<never, never>;
type Casts<P> = P extends { casts: infer C } ? C : Record<never, never>;
// The replies that any call of the protocol may get, each with its own `from`.
type Replies<P> = {
  [K in keyof Calls<P> & string]: ReplyAction<ReplyTo<Calls<P>, MessageOf<Pick<Calls<P>, K>>>>;
}[keyof Calls<P> & string];
type Outcome<P, S, D> = Awaitable<Result<S, D, Replies<P>>>;

/** The clauses of a state, one for each event it knows. */
export interface Clauses<P extends Protocol, S, D> {
  readonly call?: {
    readonly [K in keyof Calls<P> & string]?: (
      request: MessageOf<Pick<Calls<P>, K>>,
      from: CallFrom<ReplyTo<Calls<P>, MessageOf<Pick<Calls<P>, K>>>>,
      data: D,
    ) => Outcome<P, S, D>;
  };
  readonly cast?: {
    readonly [K in keyof Casts<P> & string]?: (message: MessageOf<Pick<Casts<P>, K>>, data: D) => Outcome<P, S, D>;
  };
  /** Plain messages. */
  readonly info?: ((message: unknown, data: D) => Outcome<P, S, D>) | undefined;
  readonly internal?: ((content: unknown, data: D) => Outcome<P, S, D>) | undefined;
  /** The event time-out. */
  readonly timeout?: ((content: unknown, data: D) => Outcome<P, S, D>) | undefined;
  readonly state_timeout?: ((content: unknown, data: D) => Outcome<P, S, D>) | undefined;
  /** Named time-outs, by name, for names that are strings or atoms. */
  readonly timeouts?: Readonly<Record<string, (content: unknown, data: D) => Outcome<P, S, D>>> | undefined;
  /** Called when the state is entered. Without it, nothing happens then. */
  readonly enter?: ((old_state: S, data: D) => Outcome<P, S, D>) | undefined;
  /** Handles all other events. Without it, an event without a clause is an error, `function_clause`. */
  readonly otherwise?: ((type: EventType, content: unknown, data: D) => Awaitable<Result<S, D>>) | undefined;
}
