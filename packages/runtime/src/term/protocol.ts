/**
 * Types of tagged tuples. A server's protocol is an interface of functions; its messages and replies follow from it:
 *
 *   interface StackCalls { push(item: number): typeof OK; pop(): number | undefined }
 *   interface StackProtocol { calls: StackCalls }
 *
 * A call is then `[Atom<"push">, number]` and resolves with `typeof OK`.
 */
import type { Atom } from "./atom.ts";
import type { Pid } from "./pid.ts";

declare const clauses: unique symbol;

/**
 * A message outside a protocol, since a process may receive anything. It also lets `switch` narrow on atoms, and
 * carries the interface it is combined with, from which a start infers the messages that its server understands.
 */
export type Unexpected<T = unknown> = readonly [tag: undefined, ...rest: unknown[]] & { readonly [clauses]?: T };

type Tagged<T, K extends keyof T & string> = T[K] extends (...args: infer A) => unknown
  ? readonly [tag: Atom<K>, ...args: A]
  : never;

/** All messages of an interface of functions. */
export type MessageOf<T> = { [K in keyof T & string]: Tagged<T, K> }[keyof T & string];

/** The argument of a callback: a message of the protocol, or anything else. */
export type Received<T> = MessageOf<T> | Unexpected<T>;

/** The reply to a message; for a union of messages, the union of replies. */
export type ReplyTo<T, M> = M extends readonly [Atom<infer K>, ...unknown[]]
  ? K extends keyof T
    ? T[K] extends (...args: never) => infer R
      ? R
      : never
    : never
  : never;

/** The calls and casts that a server understands. */
export interface Protocol {
  readonly calls?: object;
  readonly casts?: object;
}

/**
 * Registered names and their protocols, filled by declaration merging:
 *
 *   declare module "@otpts/runtime" { interface Registered { config_manager: ConfigManagerProtocol } }
 */
export interface Registered {} // oxlint-disable-line typescript/no-empty-object-type

/** A name registry supplied by the program. OTP's `register_name`, `unregister_name`, `whereis_name` and `send`. */
export interface NameRegistry {
  /**
   * Registers a process under a name: `true` (or the atom `yes`), or false if the name is taken. Called in that
   * process.
   */
  register_name(name: never, pid: Pid): unknown;
  unregister_name(name: never): unknown;
  /** The pid of the process that has the name, or undefined. */
  whereis_name(name: never): unknown;
  /** Sends it a message; throws if no process has the name. */
  send(name: never, message: unknown): unknown;
}

/** A name in such a registry: `{ via: [registry, ["users", 17]] }`. */
export interface Via {
  readonly via: readonly [registry: NameRegistry, name: unknown];
}

/** The target of a call or cast: a pid, a registered name, a name on a node, or a name in a registry. */
export type ServerRef = Pid | string | Atom | readonly [name: string | Atom, node: string | Atom] | Via;

/** The protocol of a server reference; `unknown` if none is declared. */
export type ProtocolOf<S> =
  S extends Pid<infer P>
    ? P
    : S extends keyof Registered
      ? Registered[S]
      : S extends Atom<infer N>
        ? N extends keyof Registered
          ? Registered[N]
          : unknown
        : unknown;

/** The requests that `call` takes for this server. */
export type CallTo<S> = ProtocolOf<S> extends { calls: infer C } ? MessageOf<C> : unknown;

/** The reply that `call` resolves with. */
export type ReplyFrom<S, M> = ProtocolOf<S> extends { calls: infer C } ? ReplyTo<C, M> : unknown;

/** The messages that `cast` takes for this server. */
export type CastTo<S> = ProtocolOf<S> extends { casts: infer C } ? MessageOf<C> : unknown;

/** The protocol that the callbacks of a module declare; `unknown` if they do not use `Received`. */
export type ServedBy<M> = Says<Takes<M, "handle_call">, "calls"> & Says<Takes<M, "handle_cast">, "casts">;

// The interface T behind a callback whose first parameter is Received<T>; never for any other.
type Takes<M, K extends string> = M extends { readonly [_ in K]: (message: infer R, ...rest: never) => unknown }
  ? Interface<R>
  : never;

type Interface<R> = unknown extends R
  ? never
  : R extends { readonly [clauses]?: infer T }
    ? typeof clauses extends keyof R
      ? NonNullable<T>
      : never
    : never;

type Says<T, K extends string> = [T] extends [never] ? unknown : { readonly [_ in K]: T };
