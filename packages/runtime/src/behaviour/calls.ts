/**
 * A table of clauses for `handle_call` or `handle_cast`, one per message of an interface, so that none can be forgotten
 * and each has its own type of reply, which `switch` cannot check.
 *
 *   interface CounterCalls { next(): number; add(by: number): number }
 *
 *   const counter = {
 *     init: (start: number) => [OK, start] as const,
 *     handle_call: calls<CounterCalls, number>({
 *       next: (_request, _from, n) => [REPLY, n, n + 1],
 *       add: ([, by], _from, n) => [REPLY, n + by, n + by],
 *     }),
 *   };
 *
 * A message without a clause goes to `otherwise`; without that, it is OTP's error `function_clause`, which ends the
 * server.
 */
import { type Atom, ensure } from "../term/atom.ts";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import type { Received } from "../term/protocol.ts";
import type { From } from "../call/request.ts";
import type { CallResult, Ext, NoReplyResult } from "./callbacks.ts";
import { tagOf, unmatched } from "./clause.ts";

type Awaitable<T> = T | Promise<T>;

/** A result of `handle_call` whose reply is an `R`. */
export type ReplyResult<R, S> =
  | NoReplyResult<S>
  | readonly [Atom<"reply">, R, S]
  | readonly [Atom<"reply">, R, S, Ext]
  | readonly [Atom<"stop">, unknown, R, S];

/** One clause per call of the interface `T`, for a server with state `S`. */
export type CallTable<T, S> = {
  readonly [K in keyof T & string]: T[K] extends (...args: infer A) => infer R
    ? (request: readonly [tag: Atom<K>, ...args: A], from: From, state: S) => Awaitable<ReplyResult<R, S>>
    : never;
};

/** One clause per cast of the interface `T`, for a server with state `S`. */
export type CastTable<T, S> = {
  readonly [K in keyof T & string]: T[K] extends (...args: infer A) => unknown
    ? (message: readonly [tag: Atom<K>, ...args: A], state: S) => Awaitable<NoReplyResult<S>>
    : never;
};

/**
 * Builds a `handle_call` from clauses.
 *
 * @param otherwise handles messages without a clause
 */
export function calls<T extends object, S>(
  table: CallTable<T, S>,
  otherwise?: (request: unknown, from: From, state: S) => Awaitable<CallResult<S>>,
): (request: Received<T>, from: From, state: S) => Awaitable<CallResult<S>> {
  const clauses = clausesOf(table, "calls");
  return (request, from, state) => {
    const clause = clauses.get(tagOf(request)) ?? otherwise ?? none("handle_call", request, clauses);
    return clause(request, from, state) as Awaitable<CallResult<S>>;
  };
}

/** Builds a `handle_cast` from clauses. */
export function casts<T extends object, S>(
  table: CastTable<T, S>,
  otherwise?: (message: unknown, state: S) => Awaitable<NoReplyResult<S>>,
): (message: Received<T>, state: S) => Awaitable<NoReplyResult<S>> {
  const clauses = clausesOf(table, "casts");
  return (message, state) => {
    const clause = clauses.get(tagOf(message)) ?? otherwise ?? none("handle_cast", message, clauses);
    return clause(message, state) as Awaitable<NoReplyResult<S>>;
  };
}

type Clause = (...args: unknown[]) => unknown;

function clausesOf(table: object, what: "calls" | "casts"): ReadonlyMap<unknown, Clause> {
  const refuse = (why: string): never => {
    throw new ErlangError(BADARG, `Cannot make a callback by gen_server.${what}: ${why}`);
  };
  if (typeof table !== "object" || table === null || isTuple(table))
    refuse(`it needs an object with a function for each message, got ${describe(table)}`);
  for (const [tag, clause] of Object.entries(table))
    if (typeof clause !== "function")
      refuse(`the clause of ${describe(tag)} must be a function, got ${describe(clause)}`);
  return new Map(Object.entries(table).map(([tag, clause]) => [ensure(tag), clause as Clause]));
}

function none(callback: string, message: unknown, clauses: ReadonlyMap<unknown, Clause>): never {
  throw new ErlangError(
    ensure("function_clause"),
    `Cannot handle ${describe(message)}: no clause of ${callback} takes it; ${unmatched(message, clauses, "clauses")}`,
  );
}
