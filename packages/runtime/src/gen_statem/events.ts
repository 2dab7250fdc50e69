/**
 * A state's function built from clauses, one per event, so that each call gets its own type of reply.
 *
 *   locked: gen_statem.events<Door, State, Data>({
 *     call: { push: (_request, from) => [KEEP_STATE_AND_DATA, [[REPLY, from, "is locked"]]] },
 *     cast: { button: ([, digit], data) => … },
 *   }),
 */
import { Atom, ensure } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import { checkOptions } from "../term/options.ts";
import { tagOf, unmatched } from "../behaviour/clause.ts";
import type { Protocol } from "../term/protocol.ts";
import { CALL, CAST, ENTER, INFO, INTERNAL, KEEP_STATE_AND_DATA, STATE_TIMEOUT, TIMEOUT } from "./atoms.ts";
import type { Clauses, EventType, StateFunction, Understanding } from "./types.ts";

type Clause = (...args: unknown[]) => unknown;
type Table = Readonly<Record<string, Clause>>;
type ByTag = ReadonlyMap<unknown, Clause>;

const CLAUSES = ["call", "cast", "info", "internal", "timeout", "state_timeout", "timeouts", "enter", "otherwise"];

/**
 * Builds a state's function from clauses: `P` is the protocol of the machine, `S` its states, `D` its data. The pid of
 * a machine with such functions carries the protocol: calls and casts to it are checked.
 */
export function events<P extends Protocol, S, D>(clauses: Clauses<P, S, D>): StateFunction<S, D> & Understanding<P> {
  checkOptions(clauses, CLAUSES, "build the function of a state");
  const { call, cast, timeouts, otherwise } = clauses;
  const calls = byTag(call as Table | undefined);
  const casts = byTag(cast as Table | undefined);
  const named = byTag(timeouts as Table | undefined);
  const plain = new Map<unknown, Clause | undefined>([
    [INFO, clauses.info as Clause | undefined],
    [INTERNAL, clauses.internal as Clause | undefined],
    [TIMEOUT, clauses.timeout as Clause | undefined],
    [STATE_TIMEOUT, clauses.state_timeout as Clause | undefined],
    [ENTER, clauses.enter as Clause | undefined],
  ]);
  const run = (type: EventType, content: unknown, data: D): unknown => {
    const kind = isTuple(type) ? type[0] : undefined;
    if (kind === CALL) {
      const clause = calls.get(tagOf(content));
      if (clause !== undefined) return clause(content, (type as readonly unknown[])[1], data);
    } else {
      const clause =
        kind === TIMEOUT
          ? named.get(atomOf((type as readonly unknown[])[1]))
          : type === CAST
            ? casts.get(tagOf(content))
            : plain.get(type);
      if (clause !== undefined) return clause(content, data);
      if (type === ENTER) return KEEP_STATE_AND_DATA;
    }
    if (otherwise !== undefined) return otherwise(type, content, data);
    throw noClause(type, content, calls, casts);
  };
  return run as StateFunction<S, D>;
}

function byTag(table: Table | undefined): ByTag {
  return new Map(Object.entries(table ?? {}).map(([tag, clause]) => [ensure(tag), clause]));
}

function noClause(type: EventType, content: unknown, calls: ByTag, casts: ByTag): ErlangError {
  const called = isTuple(type) && type[0] === CALL;
  const what = called ? "call" : describe(type);
  const why = called
    ? `; ${unmatched(content, calls, "calls")}`
    : type === CAST
      ? `; ${unmatched(content, casts, "casts")}`
      : "";
  return new ErlangError(
    ensure("function_clause"),
    `Cannot handle the event ${describe(content)} of type ${what}: no clause of the state takes it${why}`,
  );
}

function atomOf(name: unknown): unknown {
  return typeof name === "string" ? ensure(name) : name instanceof Atom ? name : undefined;
}
