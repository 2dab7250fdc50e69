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
 * A message that is none of a protocol's: a process may receive anything. It also lets `switch` narrow on atoms, and
 * remembers the interface it stands beside, so that a start can tell what its server understands.
 */
export type Unexpected<T = unknown> = readonly [tag: undefined, ...rest: unknown[]] & { readonly [clauses]?: T };

type Tagged<T, K extends keyof T & string> = T[K] extends (...args: infer A) => unknown
  ? readonly [tag: Atom<K>, ...args: A]
  : never;

/** All messages of an interface of functions. */
export type MessageOf<T> = { [K in keyof T & string]: Tagged<T, K> }[keyof T & string];

/** What a callback gets: a message of the protocol, or anything else. */
export type Received<T> = MessageOf<T> | Unexpected<T>;

/** The reply to a message; of a union of messages the union of replies. */
export type ReplyTo<T, M> = M extends readonly [Atom<infer K>, ...unknown[]]
  ? K extends keyof T
    ? T[K] extends (...args: never) => infer R
      ? R
      : never
    : never
  : never;

/** What a server understands. */
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

/** A registry of names of the program's own. OTP's `register_name`, `unregister_name`, `whereis_name` and `send`. */
export interface NameRegistry {
  /** Enters a process under a name: `true` (or the atom `yes`), or false if somebody has it. Called in that process. */
  register_name(name: never, pid: Pid): unknown;
  unregister_name(name: never): unknown;
  /** The pid of the process that has the name, or undefined. */
  whereis_name(name: never): unknown;
  /** Sends a message to it; throws if nobody has the name. */
  send(name: never, message: unknown): unknown;
}

/** A name in such a registry: `{ via: [registry, ["users", 17]] }`. */
export interface Via {
  readonly via: readonly [registry: NameRegistry, name: unknown];
}

/** Who a call or cast goes to: a pid, a registered name, a name on a node, or a name in a registry. */
export type ServerRef = Pid | string | Atom | readonly [name: string | Atom, node: string | Atom] | Via;

/** The protocol of a server reference; `unknown` where nobody declared one. */
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

/** What `call` takes for this server. */
export type CallTo<S> = ProtocolOf<S> extends { calls: infer C } ? MessageOf<C> : unknown;

/** What `call` resolves with. */
export type ReplyFrom<S, M> = ProtocolOf<S> extends { calls: infer C } ? ReplyTo<C, M> : unknown;

/** What `cast` takes for this server. */
export type CastTo<S> = ProtocolOf<S> extends { casts: infer C } ? MessageOf<C> : unknown;

/** What the callbacks of a module say they take; `unknown` where they do not say it with `Received`. */
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
