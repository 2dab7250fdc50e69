/**
 * The compiler's checks of a callback module passed to a start: that its callbacks are spelt as in OTP, that their
 * results are allowed, and that the state from one callback fits the others.
 */
import type { Atom } from "../term/atom.ts";
import type { From } from "../call/request.ts";
import type { CallResult, InitResult, NoReplyResult, Status } from "./callbacks.ts";

type Awaitable<T> = T | PromiseLike<T>;

/** An array of unknown length, as the compiler infers it for separate functions. */
type Loose = readonly unknown[];

/**
 * The type that gives callbacks written in place the types of their parameters, and makes their results tuples. `S`:
 * the state from init.
 */
export type Shape<S> = { readonly [K in keyof Callbacks<S>]?: Callbacks<S>[K] | undefined };

// Methods, so that a callback may accept narrower parameters: its own type of request and of state.
interface Callbacks<S> {
  init(arg: never): Awaitable<InitResult<S> | Loose>;
  handle_call(request: unknown, from: From, state: S): Awaitable<CallResult<unknown> | Loose>;
  handle_cast(message: unknown, state: S): Awaitable<NoReplyResult<unknown> | Loose>;
  handle_info(message: unknown, state: S): Awaitable<NoReplyResult<unknown> | Loose>;
  handle_continue(term: unknown, state: S): Awaitable<NoReplyResult<unknown> | Loose>;
  terminate(reason: unknown, state: S): unknown;
  format_status(status: Status): Status;
}

interface Results {
  init: InitResult<unknown>;
  handle_call: CallResult<unknown>;
  handle_cast: NoReplyResult<unknown>;
  handle_info: NoReplyResult<unknown>;
  handle_continue: NoReplyResult<unknown>;
}

/**
 * The types among these that are not results of the callback. An array of unknown length is accepted if it has an atom.
 */
type Wrong<K extends keyof Results, R> = R extends Results[K]
  ? never
  : R extends Loose
    ? number extends R["length"]
      ? unknown extends R[number]
        ? never
        : Extract<R[number], Atom> extends never
          ? R
          : never
      : R
    : R;

type Fun = (...args: never) => unknown;
type Messages = "handle_call" | "handle_cast" | "handle_info" | "handle_continue";

/** The state in a result of a callback. */
type StateIn<R> = R extends readonly [Atom<"ok"> | Atom<"noreply">, infer S, unknown?]
  ? S
  : R extends readonly [Atom<"reply">, unknown, infer S, unknown?]
    ? S
    : R extends readonly [Atom<"stop">, unknown, infer S]
      ? S
      : R extends readonly [Atom<"stop">, unknown, unknown, infer S]
        ? S
        : never;

type Result<F> = [NonNullable<F>] extends [never]
  ? never
  : NonNullable<F> extends (...args: never) => infer R
    ? Awaited<R>
    : never;

/** The state that a callback takes. */
type Taken<K, F> = [NonNullable<F>] extends [never]
  ? unknown
  : K extends "handle_call"
    ? NonNullable<F> extends (request: never, from: never, state: infer S) => unknown
      ? S
      : unknown
    : NonNullable<F> extends (message: never, state: infer S) => unknown
      ? S
      : unknown;

/** The states in the results of all callbacks. */
type Made<M> = { [K in keyof M]-?: K extends Messages | "init" ? StateIn<Result<M[K]>> : never }[keyof M];

/** A word without its case and underscores: `handleCall` and `HANDLE_CALL` are `handle_call`. */
type Plain<K extends string> = K extends `${infer A}_${infer B}` ? Plain<`${A}${B}`> : Lowercase<K>;

/** A word with one character left out, for each of its characters. */
type Shorter<K extends string, Before extends string = ""> = K extends `${infer C}${infer Rest}`
  ? `${Before}${Rest}` | Shorter<Rest, `${Before}${C}`>
  : never;

type Near<K extends string> = K | Shorter<K>;
interface NearTo {
  handle_call: Near<"handlecall">;
  handle_cast: Near<"handlecast">;
  handle_info: Near<"handleinfo">;
  handle_continue: Near<"handlecontinue">;
  terminate: Near<"terminate">;
  format_status: Near<"formatstatus">;
}

/** The callbacks that this word may be a misspelling of; never for an unrelated word. */
type Meant<K extends string> = {
  [N in keyof NearTo]: Near<Plain<K>> & NearTo[N] extends never ? never : N;
}[keyof NearTo];

/** The module if it is correct; otherwise a type that describes the mistake. */
export type Checked<M> = keyof M extends never
  ? unknown
  : ("init" extends keyof M ? unknown : { init: Fun }) & { [K in keyof M]: CheckedKey<M, K> };

/** A state as inferred without `as const`: with mutable arrays of any length. */
type Plainly<T> = T extends Fun
  ? T
  : T extends readonly (infer E)[]
    ? Plainly<E>[]
    : T extends object
      ? { -readonly [K in keyof T]: Plainly<T[K]> }
      : T;

/**
 * The states among these that a callback does not accept; a result whose state has a less specific type is accepted.
 */
type Strange<Made, Taken> = Made extends Taken
  ? never
  : Taken extends Made
    ? never
    : Plainly<Made> extends Taken
      ? never
      : Made;

type CheckedKey<M, K extends keyof M> = K extends keyof Results
  ? Wrong<K, Result<M[K]>> extends never
    ? StateChecked<M, K>
    : (...args: never) => Awaitable<Results[K]>
  : K extends "terminate"
    ? StateChecked<M, K>
    : K extends "format_status" | "code_change"
      ? M[K]
      : M[K] extends Fun
        ? K extends string
          ? Meant<K> extends never
            ? M[K]
            : `There is no callback ${K}: is it ${Meant<K>}?`
          : M[K]
        : M[K];

type StateChecked<M, K extends keyof M> = K extends "init"
  ? M[K]
  : Strange<Made<M>, Taken<K, M[K]>> extends never
    ? M[K]
    : `${K & string} takes a state that init or another callback does not make`;
