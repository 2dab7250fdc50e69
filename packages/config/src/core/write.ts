import { ConfigValidationError } from "../errors.ts";
import { type Configuration, EMPTY, type Make, type Rules, type Write } from "./configuration.ts";
import { child, isList, isTable } from "./draft.ts";
import { PUT } from "./explain.ts";
import { sharing } from "./making.ts";
import { andThen } from "./maybe.ts";
import { merging } from "./merge.ts";
import { nearPath } from "./near_path.ts";
import { assign, assigning, type Overrides, remove } from "./overrides.ts";
import { formatPath, isWithin } from "./path.ts";
import { admit, isAdmitted, PlainDataError } from "./plain.ts";
import { problemAt } from "./problem.ts";
import { renamed } from "./renaming.ts";
import type { Budget } from "./sliced.ts";
import { listAbove, valueAt } from "./snapshot.ts";
import { keysOf, makeTable, valuesOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * The result of a put, a merge or an unset: the overrides, and the tree under them.
 *
 * @throws ConfigValidationError if a value is not plain data, or would change an element of a list; or rejects with it
 */
export function written(
  now: Configuration,
  proposal: Write,
  rules: Rules,
  make: Make,
  budget: Budget,
): Configuration | Promise<Configuration> {
  refuseBelowList(now, proposal);
  switch (proposal.kind) {
    case "put": {
      const { path } = proposal;
      return andThen(admitted(now, proposal, make), (given) =>
        andThen(byNewNames(given, proposal, rules, budget), (value) =>
          withAssigned(now, now.overrides.put(path, value), path, value, make),
        ),
      );
    }
    case "merge": {
      return andThen(admitted(now, proposal, make), (given) =>
        andThen(byNewNames(given, proposal, rules, budget), (value) => {
          if (!isTable(value)) {
            const message = "a merge needs a table; to set a value use put";
            throw refused(message, proposal, proposal.path, message);
          }
          return withMerged(now, proposal, value, make);
        }),
      );
    }
    case "unset": {
      const overrides = now.overrides.unset(proposal.path);
      if (overrides === now.overrides) return now;
      const [at, making] = overrides.uncovered(proposal.path, now.base, now.raw);
      if (making === undefined) return { ...now, overrides, raw: remove(now.raw, at) };
      return andThen(make(making), (value) => withAssigned(now, overrides, at, value, make));
    }
  }
}

/** The beginning of the message of a refusal. */
export function actionOfWrite(proposal: Write): string {
  return `Cannot ${proposal.kind} "${formatPath(proposal.path)}"`;
}

/** @throws ConfigValidationError if the schema dropped the value that was put */
export function kept(tree: Table, proposal: Extract<Write, { kind: "put" }>, { shape }: Rules): Table {
  if (valueAt(tree, proposal.path) !== undefined) return tree;
  const near = nearPath(proposal.path, tree, shape);
  const hint = near === undefined ? "" : `; the nearest known path is "${near}"`;
  const message = `is not known to the schema, which drops it${hint}`;
  throw refused(`"${formatPath(proposal.path)}" ${message}`, proposal, proposal.path, message);
}

function withMerged(
  now: Configuration,
  proposal: Write,
  value: Table,
  make: Make,
): Configuration | Promise<Configuration> {
  const { path } = proposal;
  const there = valueAt(now.raw, path);
  const table = meant(now, proposal, value, there, path);
  if (table === undefined) return now;
  const overrides = now.overrides.merge(path, table);
  if (!isTable(there)) return withAssigned(now, overrides, path, table, make);
  const merged = make(merging([there, table], there, [there, EMPTY]));
  return andThen(merged, (value) => withAssigned(now, overrides, path, value, make));
}

/** The next configuration for overrides that change the value at one path. */
function withAssigned(
  now: Configuration,
  overrides: Overrides,
  path: Segments,
  value: Value,
  make: Make,
): Configuration | Promise<Configuration> {
  if (valueAt(now.raw, path) === value) return { ...now, overrides };
  if (path.length === 0) return { ...now, overrides, raw: value as Table };
  return andThen(make(assigning(now.raw, path, value)), (raw) => ({ ...now, overrides, raw: raw as Table }));
}

/**
 * The effective part of a merged table: an empty table has no effect where there already is a table.
 *
 * @param there the value at its path
 * @returns undefined if nothing is left
 * @throws ConfigValidationError if it meets a list
 */
function meant(
  now: Configuration,
  proposal: Write,
  value: Table,
  there: Value | undefined,
  path: Segments,
): Table | undefined {
  if (isList(there)) refuseBelowList(now, proposal, [...path, "*"]);
  const keys = keysOf(value);
  if (keys.length === 0) return isTable(there) ? undefined : value;
  const values = valuesOf(value, keys);
  let left: (Value | undefined)[] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const inner = values[i]!;
    if (!isTable(inner)) continue;
    const said = meant(now, proposal, inner, child(there, keys[i]!), [...path, keys[i]!]);
    if (said !== inner) (left ??= values.slice())[i] = said;
  }
  if (left === undefined) return value;
  const kept = keys.filter((_, i) => left[i] !== undefined);
  if (kept.length === 0) return undefined;
  return makeTable(
    kept,
    left.filter((one) => one !== undefined),
  );
}

/** @throws ConfigValidationError if there is a list above the path */
function refuseBelowList(now: Configuration, proposal: Write, path: Segments = proposal.path): void {
  const list = listAbove(now.raw, path);
  if (list === undefined) return;
  const message = `is a list: it can only be replaced as a whole, by a put at "${formatPath(list)}"`;
  throw refused(`"${formatPath(list)}" ${message}`, proposal, list, message);
}

function refused(what: string, proposal: Write, path: Segments, message: string): ConfigValidationError {
  return new ConfigValidationError(`${actionOfWrite(proposal)}: ${what}`, [problemAt(path, message, PUT)]);
}

/** The value of a put or a merge, which shares equal subtrees with the previous value. */
function admitted(
  now: Configuration,
  proposal: Extract<Write, { readonly value: unknown }>,
  make: Make,
): Value | Promise<Value> {
  const at = proposal.path;
  if (at.includes("__proto__")) {
    const message = 'no table may have the key "__proto__"';
    throw refused(message, proposal, at, message);
  }
  const rules = { at, strict: true };
  const before = valueAt(now.raw, at);
  try {
    if (isAdmitted(proposal.value, rules)) return make(sharing(before, proposal.value));
    return admit(proposal.value, before, rules);
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const hint = proposal.value === undefined ? "; to drop an override use unset" : "";
    throw refused(`value at "${formatPath(error.path)}" ${error.what}${hint}`, proposal, error.path, error.what);
  }
}

/**
 * The value of a put, with old names inside it replaced. @throws ConfigValidationError if a new name is outside its
 * path
 */
function byNewNames(value: Value, proposal: Write, { aliases, shape }: Rules, budget: Budget): Value | Promise<Value> {
  if (aliases === undefined || aliases.isEmpty || !isTable(value)) return value;
  const at = proposal.path;
  return andThen(renamed(assign({}, at, value), aliases, shape, budget), ({ tree, moved }) => {
    if (moved.length === 0) return value;
    const away = moved.find(({ to }) => !isWithin(to, at));
    if (away === undefined) return valueAt(tree, at) ?? {};
    const [old, fresh] = [formatPath(away.from), formatPath(away.to)];
    const message = `is now called "${fresh}", and must be put there`;
    throw refused(`"${old}" ${message}`, proposal, away.from, message);
  });
}
