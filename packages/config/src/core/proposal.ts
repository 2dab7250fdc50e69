import { ConfigSourceError, ConfigValidationError } from "../errors.ts";
import { child, isTable, share } from "./draft.ts";
import { originAt, placeOf } from "./explain.ts";
import { knownPaths, type Shape } from "./known_paths.ts";
import type { Contribution, Layer, Origin } from "./layer.ts";
import { merge } from "./merge.ts";
import { assign, type Override, Overrides } from "./overrides.ts";
import { formatPath } from "./path.ts";
import { admit, PlainDataError } from "./plain.ts";
import { scrubbed, type Secrets } from "./secrets.ts";
import { Snapshot, valueAt } from "./snapshot.ts";
import { Pace, type Steps } from "./steps.ts";
import type { Validation } from "./validate.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * How one configuration becomes the next: layers → merge → overrides → validation → snapshot. A put, a reload and a source's
 * update all go this way; what comes out is committed as a whole, or not at all.
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

const EMPTY: Table = Object.freeze({});

/** The configuration before anything was loaded. */
export function emptyConfiguration(sources: readonly string[]): Configuration {
  return {
    contributions: sources.map(() => undefined),
    layers: sources.map(emptyLayer),
    overrides: Overrides.none,
    base: EMPTY,
    raw: EMPTY,
    snapshot: new Snapshot(0, EMPTY),
  };
}

/** A layer with nothing in it. */
export function emptyLayer(source: string): Layer {
  return { source, tree: EMPTY, origin: () => ({ source }), diagnostics: [] };
}

/**
 * The configuration that a proposal leads to. Its snapshot is the same object when nothing effective changes.
 *
 * @throws ConfigValidationError when a value is not plain data, or is not valid
 * @throws ConfigSourceError when a source contributed what is not plain data
 */
export function* propose(now: Configuration, proposal: Proposal, rules: Rules): Steps<Configuration> {
  const next = yield* applied(now, proposal, rules.shape);
  return yield* validated(now, next, proposal, rules);
}

/** The next configuration but for its snapshot. */
function* applied(now: Configuration, proposal: Proposal, shape: Shape | undefined): Steps<Configuration> {
  const pace = new Pace();
  switch (proposal.kind) {
    case "put": {
      const value = yield* admitted(now, proposal);
      const overrides = now.overrides.put(proposal.path, value);
      const raw =
        valueAt(now.raw, proposal.path) === value ? now.raw : yield* assign(now.raw, proposal.path, value, pace);
      return { ...now, overrides, raw };
    }
    case "merge": {
      const value = yield* admitted(now, proposal);
      if (!isTable(value)) {
        const message = "a merge wants a table; to set a value use put";
        const path = formatPath(proposal.path);
        throw new ConfigValidationError(`${actionOf(proposal)}: ${message}`, [{ path, message, origin: "put" }]);
      }
      const puts: Override[] = [];
      for (const leaf of leavesOf(value, proposal.path)) {
        const standing = valueAt(now.raw, leaf.path);
        if (!(isTable(leaf.value) && isTable(standing))) puts.push(leaf);
        if (pace.due()) yield;
      }
      const overrides = now.overrides.putAll(puts);
      return { ...now, overrides, raw: yield* overrides.over(now.base, now.raw, pace) };
    }
    case "unset": {
      const overrides = now.overrides.unset(proposal.path);
      if (overrides === now.overrides) return now;
      return { ...now, overrides, raw: yield* overrides.over(now.base, now.raw, pace) };
    }
    case "sources": {
      const { contributions } = proposal;
      const layers = yield* layersOf(now, contributions, shape);
      const base = yield* merge(
        layers.map((layer) => layer.tree),
        now.base,
        pace,
        now.layers.map((layer) => layer.tree),
      );
      const { overrides = now.overrides } = proposal;
      // The first configuration may begin with overrides that are laid over nothing yet.
      const same = base === now.base && overrides === now.overrides && now.snapshot.version > 0;
      // Without overrides, then and now, the base shares with its predecessor already.
      const bare = overrides.isEmpty && now.raw === now.base;
      const raw = same ? now.raw : bare ? base : yield* overrides.over(base, now.raw, pace);
      return { contributions, layers, overrides, base, raw, snapshot: now.snapshot };
    }
  }
}

function* validated(now: Configuration, next: Configuration, proposal: Proposal, rules: Rules): Steps<Configuration> {
  const before = now.snapshot.tree;
  const action = actionOf(proposal);
  const fresh = now.snapshot.version === 0;
  if (next.raw === now.raw && !fresh) return next;
  let texts: readonly string[] | undefined;
  const tree = yield* rules.validation.run(next.raw, before, {
    action,
    origin: (path) => {
      const origin = originAt(path, next.layers, next.overrides);
      return origin === undefined ? undefined : origin.source === "runtime" ? "put" : placeOf(origin);
    },
    shown: (path, message) => {
      if (rules.secrets.covers(path)) return "is not valid (what is wrong is not shown, as it is secret)";
      texts ??= [...rules.secrets.textsIn(next.raw), ...rules.secrets.textsIn(before)];
      return scrubbed(message, texts);
    },
  });
  if (proposal.kind === "put" && valueAt(tree, proposal.path) === undefined) {
    const path = formatPath(proposal.path);
    const message = "is not known to the schema, which drops it";
    throw new ConfigValidationError(`${action}: "${path}" ${message}`, [{ path, message, origin: "put" }]);
  }
  // Without a schema the effective tree is the merged one, and that shares with its predecessor already.
  const unchanged = tree === next.raw && before === now.raw;
  const shared = unchanged ? tree : ((yield* share(before, tree)) as Table);
  if (shared === before && !fresh) return next;
  return { ...next, snapshot: new Snapshot(now.snapshot.version + 1, shared) };
}

/** Begins the message of a refusal. */
export function actionOf(proposal: Proposal): string {
  if (proposal.kind === "sources") return "Cannot load the configuration";
  return `Cannot ${proposal.kind} "${formatPath(proposal.path)}"`;
}

function* admitted(now: Configuration, proposal: { kind: string; path: Segments; value: unknown }): Steps<Value> {
  const at = proposal.path;
  const action = `Cannot ${proposal.kind} "${formatPath(at)}"`;
  if (at.includes("__proto__")) {
    const message = 'no table may have the key "__proto__"';
    throw new ConfigValidationError(`${action}: ${message}`, [{ path: formatPath(at), message, origin: "put" }]);
  }
  try {
    return (yield* admit(proposal.value, valueAt(now.raw, at), { at, strict: true })).value;
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const problem = { path: formatPath(error.path), message: error.what, origin: "put" };
    const hint = proposal.value === undefined ? "; to drop an override use unset" : "";
    throw new ConfigValidationError(`${action}: value at "${problem.path}" ${error.what}${hint}`, [problem]);
  }
}

function* leavesOf(value: Value, path: Segments): Iterable<{ readonly path: Segments; readonly value: Value }> {
  if (!isTable(value) || Object.keys(value).length === 0) {
    yield { path, value };
    return;
  }
  for (const key of Object.keys(value)) yield* leavesOf(child(value, key)!, [...path, key]);
}

/** Contributions as layers: those that depend on the layers below are made again when one of these changed. */
function* layersOf(
  now: Configuration,
  contributions: readonly (Contribution | undefined)[],
  shape: Shape | undefined,
): Steps<readonly Layer[]> {
  const layers: Layer[] = [];
  let changedBelow = now.snapshot.version === 0;
  for (const [i, contribution] of contributions.entries()) {
    const old = now.layers[i]!;
    const same = contribution === now.contributions[i];
    if (same && (typeof contribution !== "function" || !changedBelow)) {
      layers.push(old);
      continue;
    }
    const made = contribution === undefined ? emptyLayer(old.source) : layerOf(contribution, old.source, layers, shape);
    const tree = yield* admittedLayer(made, old);
    changedBelow ||= tree !== old.tree;
    layers.push({
      source: old.source,
      tree,
      origin: (path) => originIn(made, old.source, path),
      diagnostics: made.diagnostics,
      ...(made.bytes === undefined ? {} : { bytes: made.bytes }),
    });
  }
  return layers;
}

/** @throws ConfigSourceError when a contribution, which may be others' code, fails or makes no layer */
function layerOf(contribution: Contribution, source: string, below: readonly Layer[], shape: Shape | undefined): Layer {
  let made: unknown = contribution;
  if (typeof contribution === "function") {
    const known = knownPaths(
      below.map((layer) => layer.tree),
      shape,
    );
    try {
      made = contribution(known);
    } catch (error) {
      if (error instanceof ConfigSourceError) throw error;
      const why = error instanceof Error ? error.message : "it threw something that is not an Error";
      throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "failed", cause: error });
    }
  }
  const { tree, origin, diagnostics } = (made ?? {}) as { readonly [key in keyof Layer]?: unknown };
  if (typeof tree === "object" && typeof origin === "function" && Array.isArray(diagnostics)) return made as Layer;
  const message = `Cannot load "${source}": a contribution must have a tree, an origin function and a list of diagnostics`;
  throw new ConfigSourceError(message, { source, code: "not_a_layer" });
}

/** Where a value came from; a source that cannot say is at least known by name. */
function originIn(layer: Layer, source: string, path: Segments): Origin {
  try {
    return layer.origin(path);
  } catch {
    return { source };
  }
}

function* admittedLayer(layer: Layer, old: Layer): Steps<Table> {
  try {
    const { value } = yield* admit(layer.tree, old.tree, { strict: false });
    if (!isTable(value)) throw new PlainDataError([], "is no table");
    return value;
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const origin = originIn(layer, old.source, error.path);
    const { file, line, column, variable } = origin;
    const from = variable === undefined ? "" : ` (from ${placeOf(origin)})`;
    throw new ConfigSourceError(`Cannot load "${old.source}": ${error.message}${from}`, {
      source: old.source,
      code: "not_plain",
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    });
  }
}
