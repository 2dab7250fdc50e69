import { ConfigValidationError } from "../errors.ts";
import type { Aliases } from "./aliases.ts";
import { child, isList, isTable } from "./draft.ts";
import { originAt, PUT } from "./explain.ts";
import type { Contribution, Layer } from "./layer.ts";
import { belowListText, emptyLayer, layersOf, type Names, refusalOf } from "./layers.ts";
import { type Making, sharing } from "./making.ts";
import { andThen } from "./maybe.ts";
import { BelowList, merging } from "./merge.ts";
import { assign, assigning, Overrides, remove } from "./overrides.ts";
import { nearPath } from "./near_path.ts";
import { formatPath, isWithin } from "./path.ts";
import { admit, isAdmitted, PlainDataError } from "./plain.ts";
import { problemAt } from "./problem.ts";
import { renamed } from "./renaming.ts";
import type { Secrets, ValueAtPath } from "./secrets.ts";
import { type Budget, inSlices, secretsMet, UNLIMITED } from "./sliced.ts";
import { listAbove, Snapshot, valueAt } from "./snapshot.ts";
import { keysOf, makeTable, valuesOf } from "./table.ts";
import type { Validation, ValidationContext } from "./validate.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * How one configuration becomes the next: layers → merge → overrides → validation → snapshot. Puts, reloads and source
 * updates all follow this sequence; the result is committed as a whole, or not at all.
 *
 *     const prepared = prepare(now, { kind: "put", path: ["db", "port"], value: 1 }, rules);
 *     const checked = await check(now, prepared, rules);
 *     const next = complete(now, prepared, checked);
 *
 * All three are pure, except that `prepare` learns which paths are secret. `check` may have to wait for schemas and
 * validators, which are foreign code; with a budget, all of them may pause for the event loop if a tree is large.
 */

/** A configuration and everything it is made from. Immutable. */
export interface Configuration {
  /** The contribution of each source, lowest first; undefined if there is none. */
  readonly contributions: readonly (Contribution | undefined)[];
  /** The layers made from them. */
  readonly layers: readonly Layer[];
  readonly overrides: Overrides;
  /** The layers, merged. */
  readonly base: Table;
  /** With the overrides on top. */
  readonly raw: Table;
  /** The schema's output: the effective configuration. */
  readonly snapshot: Snapshot;
}

/** The rules of a configuration. */
export interface Rules extends Names {
  readonly validation: Validation;
  readonly secrets: Secrets;
}

/** A proposed change. */
export type Proposal =
  | { readonly kind: "put"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "merge"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "unset"; readonly path: Segments }
  | {
      readonly kind: "sources";
      readonly contributions: readonly (Contribution | undefined)[];
      /** The new overrides, if values were written to a source instead of overridden. */
      readonly overrides?: Overrides;
    };

/** A proposal that can be carried out if its result is valid. */
export interface Prepared {
  readonly proposal: Proposal;
  /** The next configuration, but for its snapshot, which is still the one before. */
  readonly next: Configuration;
}

/** The output of the schema and the validators for a prepared tree: the effective tree, frozen. */
export type Checked = Table;

const EMPTY: Table = Object.freeze({});

/**
 * The configuration before the first load. @param secrets the secrets of this and all later ones; @param aliases the
 * old names, likewise
 */
export function emptyConfiguration(sources: readonly string[], secrets?: Secrets, aliases?: Aliases): Configuration {
  return {
    contributions: sources.map(() => undefined),
    layers: sources.map(emptyLayer),
    overrides: Overrides.none,
    base: EMPTY,
    raw: EMPTY,
    snapshot: new Snapshot(0, EMPTY, secrets, aliases),
  };
}

/**
 * Makes the next configuration, apart from its snapshot.
 *
 * @param budget lets large trees be made in slices; the result is then a promise
 * @throws ConfigValidationError if a value is not plain data, or would change an element of a list; or rejects with it
 * @throws ConfigSourceError if a contribution is not plain data, or would change an element of a list; or rejects with
 *   it
 */
export function prepare(now: Configuration, proposal: Proposal, rules: Rules): Prepared;
export function prepare(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  budget: Budget | undefined,
): Prepared | Promise<Prepared>;
export function prepare(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  budget?: Budget,
): Prepared | Promise<Prepared> {
  return andThen(applied(now, proposal, rules, makerFor(budget), budget ?? UNLIMITED), (next) => {
    for (const { secrets } of next.layers) if (secrets !== undefined) rules.secrets.learn(secrets);
    return { proposal, next };
  });
}

type Make = (making: Making) => Value | Promise<Value>;

function makerFor(budget: Budget | undefined): Make {
  return (making) => (budget === undefined ? making.whole() : inSlices(making, budget));
}

/**
 * Runs the schema and the validators.
 *
 * @param budget lets a large tree from a schema be admitted in slices
 * @returns the effective tree; a promise only if a schema or a validator is asynchronous, or the tree is large
 * @throws ConfigValidationError with every problem, or the promise rejects with it
 */
export function check(
  now: Configuration,
  { proposal, next }: Prepared,
  rules: Rules,
  budget?: Budget,
): Checked | Promise<Checked> {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return before;
  const { secrets } = rules;
  const context: ValidationContext = {
    action: actionOf(proposal),
    origin: (path) => originAt(path, next.layers, next.overrides),
    shown: () => {
      const trees = [next.raw, before, ...[...next.layers, ...now.layers].map(({ tree }) => tree)];
      const values = trees.map((tree): ValueAtPath => [[], tree]);
      const shown = (path: Segments, message: string): string =>
        secrets.covers(path)
          ? "is not valid (the problem is not shown, as the value is secret)"
          : secrets.scrub(message, values);
      if (budget === undefined) return shown;
      return andThen(secretsMet(secrets, values, budget), () => shown);
    },
    budget,
  };
  const tree = rules.validation.run(next.raw, before, context, now.raw);
  return andThen(tree, (valid) => known(valid, proposal, rules));
}

/** @throws ConfigValidationError if the schema dropped the value that was put */
function known(tree: Table, proposal: Proposal, { shape }: Rules): Table {
  if (proposal.kind !== "put" || valueAt(tree, proposal.path) !== undefined) return tree;
  const near = nearPath(proposal.path, tree, shape);
  const hint = near === undefined ? "" : `; the nearest known path is "${near}"`;
  const message = `is not known to the schema, which drops it${hint}`;
  throw refused(`"${formatPath(proposal.path)}" ${message}`, proposal, proposal.path, message);
}

/**
 * Makes the next configuration. Its snapshot is the same object if nothing effective changed; otherwise its version is
 * one higher.
 */
export function complete(now: Configuration, prepared: Prepared, checked: Checked): Configuration;
export function complete(
  now: Configuration,
  prepared: Prepared,
  checked: Checked,
  budget: Budget | undefined,
): Configuration | Promise<Configuration>;
export function complete(
  now: Configuration,
  { next }: Prepared,
  checked: Checked,
  budget?: Budget,
): Configuration | Promise<Configuration> {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return next;
  // Without a schema the effective tree is the merged one, which already shares with its predecessor.
  const isShared = checked === next.raw && before === now.raw;
  return andThen(isShared ? checked : makerFor(budget)(sharing(before, checked)), (tree) => {
    if (tree === before && !isFirst(now)) return next;
    return { ...next, snapshot: now.snapshot.next(tree as Table) };
  });
}

/** The beginning of the message of a refusal. */
export function actionOf(proposal: Proposal): string {
  if (proposal.kind === "sources") return "Cannot load the configuration";
  return `Cannot ${proposal.kind} "${formatPath(proposal.path)}"`;
}

/**
 * Whether nothing has been loaded yet: the first configuration may begin with overrides that are not yet laid over
 * anything.
 */
function isFirst(now: Configuration): boolean {
  return now.snapshot.version === 0;
}

function applied(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  make: Make,
  budget: Budget,
): Configuration | Promise<Configuration> {
  switch (proposal.kind) {
    case "put": {
      const { path } = proposal;
      refuseBelowList(now, proposal);
      return andThen(admitted(now, proposal, make), (written) =>
        andThen(byNewNames(written, proposal, rules, budget), (value) =>
          withAssigned(now, now.overrides.put(path, value), path, value, make),
        ),
      );
    }
    case "merge": {
      refuseBelowList(now, proposal);
      return andThen(admitted(now, proposal, make), (written) =>
        andThen(byNewNames(written, proposal, rules, budget), (value) => {
          if (!isTable(value)) {
            const message = "a merge needs a table; to set a value use put";
            throw refused(message, proposal, proposal.path, message);
          }
          return withMerged(now, proposal, value, make);
        }),
      );
    }
    case "unset": {
      refuseBelowList(now, proposal);
      const overrides = now.overrides.unset(proposal.path);
      if (overrides === now.overrides) return now;
      const [at, making] = overrides.uncovered(proposal.path, now.base, now.raw);
      if (making === undefined) return { ...now, overrides, raw: remove(now.raw, at) };
      return andThen(make(making), (value) => withAssigned(now, overrides, at, value, make));
    }
    case "sources": {
      const { contributions, overrides = now.overrides } = proposal;
      const made = layersOf(contributions, now.layers, now.contributions, isFirst(now), rules, budget);
      return andThen(made, (layers) =>
        andThen(based(layers, now, make), (base) => {
          const isSame = base === now.base && overrides === now.overrides && !isFirst(now);
          // Without overrides, before and now, the base already shares with its predecessor.
          const isBare = overrides.isEmpty && now.raw === now.base;
          const raw = isSame ? now.raw : isBare ? base : make(overrides.layingOver(base, now.raw));
          return andThen(raw, (tree) => ({
            contributions,
            layers,
            overrides,
            base,
            raw: tree as Table,
            snapshot: now.snapshot,
          }));
        }),
      );
    }
  }
}

/** The layers, merged. */
function based(layers: readonly Layer[], now: Configuration, make: Make): Table | Promise<Table> {
  const failed = (error: unknown): never => {
    if (!(error instanceof BelowList)) throw error;
    const origin = layers[error.index]!.origin([...error.path, error.element]);
    throw refusalOf(belowListText(error.path, error.element), "below_list", origin);
  };
  try {
    const trees = layers.map((layer) => layer.tree);
    const were = now.layers.map((layer) => layer.tree);
    const base = make(merging(trees, now.base, were)) as Table | Promise<Table>;
    return base instanceof Promise ? base.catch(failed) : base;
  } catch (error) {
    return failed(error);
  }
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

type Write = Exclude<Proposal, { readonly kind: "sources" }>;

/** @throws ConfigValidationError if there is a list above the path */
function refuseBelowList(now: Configuration, proposal: Write, path: Segments = proposal.path): void {
  const list = listAbove(now.raw, path);
  if (list === undefined) return;
  const message = `is a list: it can only be replaced as a whole, by a put at "${formatPath(list)}"`;
  throw refused(`"${formatPath(list)}" ${message}`, proposal, list, message);
}

function refused(what: string, proposal: Write, path: Segments, message: string): ConfigValidationError {
  return new ConfigValidationError(`${actionOf(proposal)}: ${what}`, [problemAt(path, message, PUT)]);
}

/** The value of a put or a merge, which shares equal subtrees with the previous value. */
function admitted(
  now: Configuration,
  proposal: Extract<Proposal, { readonly value: unknown }>,
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
