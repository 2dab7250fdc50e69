import { ConfigValidationError } from "../errors.ts";
import { child, isTable, share } from "./draft.ts";
import { originAt, PUT } from "./explain.ts";
import type { Contribution, Layer } from "./layer.ts";
import { belowListText, emptyLayer, layersOf, refusalOf } from "./layers.ts";
import { BelowList, merge } from "./merge.ts";
import { andThen } from "./maybe.ts";
import { assign, type Override, Overrides } from "./overrides.ts";
import { formatPath } from "./path.ts";
import { admit, PlainDataError } from "./plain.ts";
import { problemAt } from "./problem.ts";
import type { Secrets } from "./secrets.ts";
import type { Shape } from "./shape.ts";
import type { Budget } from "./sliced.ts";
import { listAbove, Snapshot, valueAt } from "./snapshot.ts";
import type { Validation, ValidationContext } from "./validate.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * How one configuration becomes the next: layers → merge → overrides → validation → snapshot. A put, a reload and a source's
 * update all go this way; what comes out is committed as a whole, or not at all.
 *
 *     const prepared = prepare(now, { kind: "put", path: ["db", "port"], value: 1 }, rules);
 *     const checked = await check(now, prepared, rules);
 *     const next = complete(now, prepared, checked);
 *
 * All three are pure, but that `prepare` learns which paths are secret. Only `check` may have to wait: for schemas and validators,
 * which are others' code.
 */

/** A configuration and all it is made from. Immutable. */
export interface Configuration {
  /** What each source contributed, lowest first; undefined where there is nothing. */
  readonly contributions: readonly (Contribution | undefined)[];
  /** What became of them. */
  readonly layers: readonly Layer[];
  readonly overrides: Overrides;
  /** The layers, merged. */
  readonly base: Table;
  /** With the overrides on top. */
  readonly raw: Table;
  /** As the schema made it: the effective configuration. */
  readonly snapshot: Snapshot;
}

/** The rules a configuration must follow. */
export interface Rules {
  readonly validation: Validation;
  readonly secrets: Secrets;
  readonly shape: Shape | undefined;
}

/** What shall be different. */
export type Proposal =
  | { readonly kind: "put"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "merge"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "unset"; readonly path: Segments }
  | {
      readonly kind: "sources";
      readonly contributions: readonly (Contribution | undefined)[];
      /** Overrides to go with them, where a source was written to in their stead. */
      readonly overrides?: Overrides;
    };

/** A proposal that can be carried out, if what comes out is valid. */
export interface Prepared {
  readonly proposal: Proposal;
  /** The next configuration, but for its snapshot, which is still the one before. */
  readonly next: Configuration;
}

/** What the schema and the validators made of a prepared tree: the effective tree, frozen. */
export type Checked = Table;

const EMPTY: Table = Object.freeze({});

/** The configuration before anything was loaded. @param secrets what is secret in it and in all that follow */
export function emptyConfiguration(sources: readonly string[], secrets?: Secrets): Configuration {
  return {
    contributions: sources.map(() => undefined),
    layers: sources.map(emptyLayer),
    overrides: Overrides.none,
    base: EMPTY,
    raw: EMPTY,
    snapshot: new Snapshot(0, EMPTY, secrets),
  };
}

/**
 * The next configuration but for its snapshot.
 *
 * @throws ConfigValidationError when a value is not plain data, or would change an element of a list
 * @throws ConfigSourceError when a source contributed what is not plain data, or would change an element of a list
 */
export function prepare(now: Configuration, proposal: Proposal, rules: Rules): Prepared {
  const next = applied(now, proposal, rules.shape);
  for (const { secrets } of next.layers) if (secrets !== undefined) rules.secrets.learn(secrets);
  return { proposal, next };
}

/**
 * Runs the schema and the validators.
 *
 * @param budget lets a large tree that a schema made be admitted in slices
 * @returns the effective tree; a promise only where a schema or a validator is asynchronous, or the tree is large
 * @throws ConfigValidationError with every problem; or the promise rejects with it
 */
export function check(
  now: Configuration,
  { proposal, next }: Prepared,
  rules: Rules,
  budget?: Budget,
): Checked | Promise<Checked> {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return before;
  const layers = [...next.layers, ...now.layers].map((layer) => layer.tree);
  const scrub = rules.secrets.scrubber([next.raw, before, ...layers]);
  const context: ValidationContext = {
    action: actionOf(proposal),
    origin: (path) => originAt(path, next.layers, next.overrides),
    shown: (path, message) => {
      if (rules.secrets.covers(path)) return "is not valid (what is wrong is not shown, as it is secret)";
      return scrub(message);
    },
    budget,
  };
  const tree = rules.validation.run(next.raw, before, context, now.raw);
  return andThen(tree, (valid) => known(valid, proposal));
}

/** @throws ConfigValidationError when the schema dropped what was put */
function known(tree: Table, proposal: Proposal): Table {
  if (proposal.kind !== "put" || valueAt(tree, proposal.path) !== undefined) return tree;
  const message = "is not known to the schema, which drops it";
  throw refused(`"${formatPath(proposal.path)}" ${message}`, proposal, proposal.path, message);
}

/** The next configuration. Its snapshot is the same object when nothing effective changed, else its version is one higher. */
export function complete(now: Configuration, { next }: Prepared, checked: Checked): Configuration {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return next;
  // Without a schema the effective tree is the merged one, and that shares with its predecessor already.
  const isShared = checked === next.raw && before === now.raw;
  const tree = isShared ? checked : (share(before, checked) as Table);
  if (tree === before && !isFirst(now)) return next;
  return { ...next, snapshot: now.snapshot.next(tree) };
}

/** Begins the message of a refusal. */
export function actionOf(proposal: Proposal): string {
  if (proposal.kind === "sources") return "Cannot load the configuration";
  return `Cannot ${proposal.kind} "${formatPath(proposal.path)}"`;
}

/** Whether nothing was loaded yet: the first configuration may begin with overrides that are laid over nothing so far. */
function isFirst(now: Configuration): boolean {
  return now.snapshot.version === 0;
}

function applied(now: Configuration, proposal: Proposal, shape: Shape | undefined): Configuration {
  switch (proposal.kind) {
    case "put": {
      refuseBelowList(now, proposal);
      const value = admitted(now, proposal);
      const overrides = now.overrides.put(proposal.path, value);
      const raw = valueAt(now.raw, proposal.path) === value ? now.raw : assign(now.raw, proposal.path, value);
      return { ...now, overrides, raw };
    }
    case "merge": {
      refuseBelowList(now, proposal);
      const value = admitted(now, proposal);
      if (!isTable(value)) {
        const message = "a merge wants a table; to set a value use put";
        throw refused(message, proposal, proposal.path, message);
      }
      const puts: Override[] = [];
      for (const leaf of leavesOf(value, proposal.path, [])) {
        // An empty table would be merged into a list, too.
        refuseBelowList(now, proposal, isTable(leaf.value) ? [...leaf.path, "*"] : leaf.path);
        if (!(isTable(leaf.value) && isTable(valueAt(now.raw, leaf.path)))) puts.push(leaf);
      }
      const overrides = now.overrides.putAll(puts);
      return { ...now, overrides, raw: overrides.over(now.base, now.raw) };
    }
    case "unset": {
      refuseBelowList(now, proposal);
      const overrides = now.overrides.unset(proposal.path);
      if (overrides === now.overrides) return now;
      return { ...now, overrides, raw: overrides.over(now.base, now.raw) };
    }
    case "sources": {
      const { contributions, overrides = now.overrides } = proposal;
      const layers = layersOf(contributions, now.layers, now.contributions, isFirst(now), shape);
      const base = merged(layers, now);
      const isSame = base === now.base && overrides === now.overrides && !isFirst(now);
      // Without overrides, then and now, the base shares with its predecessor already.
      const isBare = overrides.isEmpty && now.raw === now.base;
      const raw = isSame ? now.raw : isBare ? base : overrides.over(base, now.raw);
      return { contributions, layers, overrides, base, raw, snapshot: now.snapshot };
    }
  }
}

function merged(layers: readonly Layer[], now: Configuration): Table {
  try {
    return merge(
      layers.map((layer) => layer.tree),
      now.base,
      now.layers.map((layer) => layer.tree),
    );
  } catch (error) {
    if (!(error instanceof BelowList)) throw error;
    const origin = layers[error.index]!.origin([...error.path, error.element]);
    throw refusalOf(belowListText(error.path, error.element), "below_list", origin);
  }
}

type Write = Exclude<Proposal, { readonly kind: "sources" }>;

/** @throws ConfigValidationError where a list stands above the path */
function refuseBelowList(now: Configuration, proposal: Write, path: Segments = proposal.path): void {
  const list = listAbove(now.raw, path);
  if (list === undefined) return;
  const message = `is a list: it can only be replaced as a whole, by a put at "${formatPath(list)}"`;
  throw refused(`"${formatPath(list)}" ${message}`, proposal, list, message);
}

function refused(what: string, proposal: Write, path: Segments, message: string): ConfigValidationError {
  return new ConfigValidationError(`${actionOf(proposal)}: ${what}`, [problemAt(path, message, PUT)]);
}

function admitted(now: Configuration, proposal: Extract<Proposal, { readonly value: unknown }>): Value {
  const at = proposal.path;
  if (at.includes("__proto__")) {
    const message = 'no table may have the key "__proto__"';
    throw refused(message, proposal, at, message);
  }
  try {
    return admit(proposal.value, valueAt(now.raw, at), { at, strict: true });
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const hint = proposal.value === undefined ? "; to drop an override use unset" : "";
    throw refused(`value at "${formatPath(error.path)}" ${error.what}${hint}`, proposal, error.path, error.what);
  }
}

function leavesOf(value: Value, path: Segments, found: Override[]): readonly Override[] {
  const keys = isTable(value) ? Object.keys(value) : [];
  if (keys.length === 0) found.push({ path, value });
  for (const key of keys) leavesOf(child(value, key)!, [...path, key], found);
  return found;
}
