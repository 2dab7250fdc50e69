import { newBudget } from "../../budget.ts";
import { diff } from "../../core/diff.ts";
import { formatPath } from "../../core/path.ts";
import { type Budget, leavesOf } from "../../core/sliced.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { differenceOf } from "../../manager/history.ts";
import { ConfigValidationError } from "../../errors.ts";
import type { State } from "../../manager/state.ts";
import type { Context } from "../context.ts";
import type { Manager } from "../managers.ts";
import type { Visitor } from "../options.ts";
import { previewOf } from "../preview.ts";

const MOST_PATHS = 6;
const MOST_LINES = 500;

/** The versions, the refused changes between them, and the difference between two of them. */
export async function changes(
  { managers, options }: Context,
  query: URLSearchParams,
  visitor: Visitor,
): Promise<object> {
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
    entries: await entriesOf(manager, state),
    ...(to === null
      ? {}
      : { difference: await differenceTo(state, Number(to), from === null ? undefined : Number(from)) }),
  };
}

async function entriesOf(manager: Manager, state: State): Promise<object[]> {
  const { history, refusals } = state;
  const budget = newBudget();
  const committed: (object & { readonly time: number; readonly version: number })[] = [];
  for (const [index, { snapshot, at, cause, actor, reason }] of history.entries()) {
    const before = history[index - 1]?.snapshot;
    const paths = before === undefined ? undefined : await changedPaths(before, snapshot, budget);
    const entry = {
      kind: "committed",
      version: snapshot.version,
      at: new Date(at).toISOString(),
      time: at,
      cause,
      ...manager.author(actor, reason),
      paths: paths?.first,
      changed: paths?.count,
    };
    committed.push(entry);
  }
  const refused = refusals.map(({ version, at, cause, path, actor, reason, error }) => ({
    kind: "refused",
    version,
    at: new Date(at).toISOString(),
    time: at,
    cause,
    ...manager.author(actor, reason),
    paths: path === undefined ? undefined : [formatPath(path)],
    error: manager.scrub(error.message),
    problems:
      error instanceof ConfigValidationError
        ? error.problems
            .slice(0, 50)
            .map((one) => ({ path: one.path, message: manager.scrub(one.message), origin: one.origin }))
        : [],
  }));
  // A change is refused after the version that is current then was committed. Clocks may be set, versions only rise.
  return [...refused.reverse(), ...committed.reverse()].sort((a, b) => b.version - a.version);
}

/** What changed with a version: found once, as it never changes. */
async function changedPaths(before: Snapshot, after: Snapshot, budget: Budget): Promise<Changed> {
  const known = found.get(after);
  if (known !== undefined) return known;
  const leaves = await leavesOf(diff(before.tree, after.tree), undefined, budget);
  const changed: Changed = { first: leaves.slice(0, MOST_PATHS).map(({ path }) => path), count: leaves.length };
  found.set(after, changed);
  return changed;
}

interface Changed {
  readonly first: readonly string[];
  readonly count: number;
}

const found = new WeakMap<Snapshot, Changed>();

/** How a version differs from another one, or from the one before it, where that is kept. */
async function differenceTo(state: State, to: number, from: number | undefined): Promise<object> {
  const versions = state.history.map(({ snapshot }) => snapshot.version);
  const before = from ?? versions[versions.indexOf(to) - 1];
  return before === undefined && versions.includes(to) ? { to, oldest: true } : difference(state, before ?? to - 1, to);
}

async function difference(state: State, from: number, to: number): Promise<object> {
  try {
    const all = await differenceOf(state, from, to, newBudget());
    return {
      from,
      to,
      changed: all.length,
      lines: all.slice(0, MOST_LINES).map(({ path, old_value, new_value }) => ({
        path,
        old_value: old_value === undefined ? undefined : previewOf(old_value),
        new_value: new_value === undefined ? undefined : previewOf(new_value),
      })),
    };
  } catch (error) {
    return { from, to, error: (error as Error).message };
  }
}
