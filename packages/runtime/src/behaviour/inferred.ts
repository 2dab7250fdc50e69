/**
 * What the compiler can tell about a callback module that is given to a start: that its callbacks are spelt as OTP does, that
 * their results are results, and that the state which one makes is a state which the others take.
 */
import type { Atom } from "../term/atom.ts";
import type { From } from "../call/request.ts";
import type { CallResult, InitResult, NoReplyResult, Status } from "./callbacks.ts";

type Awaitable<T> = T | PromiseLike<T>;

/** An array whose length the compiler does not know, as it infers them for functions that stand alone. */
type Loose = readonly unknown[];

/**
 * What gives the parameters of callbacks their types where they are written in place, and their results the form of tuples.
 * `S`: the state that init makes.
 */
export type Shape<S> = { readonly [K in keyof Callbacks<S>]?: Callbacks<S>[K] | undefined };

// Methods, so that a callback may take less than what comes: a request of its own, a state of its own.
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

/** What among these is no result of the callback. An array of unknown length is let pass if an atom is in it. */
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

/** The state that a result of a callback holds. */
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

/** The state that any of the callbacks makes. */
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

/** The callbacks that this word may be meant to be; never for a word of its own. */
type Meant<K extends string> = {
  [N in keyof NearTo]: Near<Plain<K>> & NearTo[N] extends never ? never : N;
}[keyof NearTo];

/** The module, if nothing is wrong with it; else what is. */
export type Checked<M> = keyof M extends never
  ? unknown
  : ("init" extends keyof M ? unknown : { init: Fun }) & { [K in keyof M]: CheckedKey<M, K> };

/** A state as it would be without `as const`: arrays that may change, of any length. */
type Plainly<T> = T extends Fun
  ? T
  : T extends readonly (infer E)[]
    ? Plainly<E>[]
    : T extends object
      ? { -readonly [K in keyof T]: Plainly<T[K]> }
      : T;

/** The states among these that a callback does not take; a result that says less of its state than the callback is let pass. */
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
