import { formatPath } from "../../core/path.ts";
import { differenceOf } from "../../manager/history.ts";
import { ConfigValidationError } from "../../errors.ts";
import type { State } from "../../manager/state.ts";
import type { Context } from "../context.ts";
import type { Manager } from "../managers.ts";
import type { Visitor } from "../options.ts";
import { textOfValue } from "./configuration.ts";

const MOST_PATHS = 6;
const MOST_LINES = 500;

/** The versions, those that were refused between them, and how two of them differ. */
export function changes({ managers, options }: Context, query: URLSearchParams, visitor: Visitor): object {
  const manager = managers.named(query.get("manager"));
  const { state } = manager;
  const base = {
    managers: managers.all.map((one) => one.name),
    manager: manager.name,
    can_write: !options.read_only && visitor.write !== false,
  };
  if (state === undefined) return { ...base, missing: true, entries: [] };
  const current = state.configuration.snapshot.version;
  const to = query.get("to");
  const from = query.get("from");
  return {
    ...base,
    current,
    entries: entriesOf(manager, state),
    ...(to === null ? {} : { difference: differenceTo(state, Number(to), from === null ? undefined : Number(from)) }),
  };
}

function entriesOf(manager: Manager, state: State): object[] {
  const { history, refusals } = state;
  const committed = history.map(({ snapshot, at, cause, actor, reason }, index) => {
    const before = history[index - 1];
    const paths = before === undefined ? undefined : differenceOf(state, before.snapshot.version, snapshot.version);
    return {
      kind: "committed",
      version: snapshot.version,
      at: new Date(at).toISOString(),
      time: at,
      cause,
      actor,
      reason,
      paths: paths?.slice(0, MOST_PATHS).map(({ path }) => path),
      changed: paths?.length,
    };
  });
  const refused = refusals.map(({ version, at, cause, path, actor, reason, error }) => ({
    kind: "refused",
    version,
    at: new Date(at).toISOString(),
    time: at,
    cause,
    actor,
    reason,
    paths: path === undefined ? undefined : [formatPath(path)],
    error: manager.scrub(error.message),
    problems:
      error instanceof ConfigValidationError
        ? error.problems
            .slice(0, 50)
            .map((one) => ({ path: one.path, message: manager.scrub(one.message), origin: one.origin }))
        : [],
  }));
  return [...committed, ...refused].sort((a, b) => b.time - a.time || b.version - a.version);
}

/** How a version differs from another one, or from the one before it, where that is kept. */
function differenceTo(state: State, to: number, from: number | undefined): object {
  const versions = state.history.map(({ snapshot }) => snapshot.version);
  const before = from ?? versions[versions.indexOf(to) - 1];
  return before === undefined && versions.includes(to) ? { to, oldest: true } : difference(state, before ?? to - 1, to);
}

function difference(state: State, from: number, to: number): object {
  try {
    const all = differenceOf(state, from, to);
    return {
      from,
      to,
      changed: all.length,
      lines: all.slice(0, MOST_LINES).map(({ path, old_value, new_value }) => ({
        path,
        old_value: old_value === undefined ? undefined : textOfValue(old_value),
        new_value: new_value === undefined ? undefined : textOfValue(new_value),
      })),
    };
  } catch (error) {
    return { from, to, error: (error as Error).message };
  }
}
