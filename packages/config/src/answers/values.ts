import { newBudget } from "../budget.ts";
import { originAt, PUT } from "../core/explain.ts";
import { placeOf } from "../core/layers.ts";
import { nearPath } from "../core/near_path.ts";
import { formatPath, parsePath } from "../core/path.ts";
import { REDACTED } from "../core/redaction.ts";
import type { Budget } from "../core/sliced.ts";
import { valueAt } from "../core/snapshot.ts";
import type { Segments, Value } from "../core/value.ts";
import type { State } from "../manager/state.ts";
import { leavesIn } from "./leaves.ts";

/** The effective value at a path. */
export interface ValueAnswer {
  /** Dotted. */
  readonly path: string;
  readonly version: number;
  /** Secrets redacted; undefined if the path does not exist. */
  readonly value: Value | undefined;
  /** The nearest known path, if this one does not exist. */
  readonly near?: string;
}

/** A leaf of the effective configuration. */
export interface Leaf {
  /** Dotted. */
  readonly path: string;
  /** Secrets redacted. */
  readonly value: Value;
  /** The origin, for people: `file:config.toml:3`, `env:MYAPP_PORT`, `put`, `default`. */
  readonly place: string;
  readonly from: "source" | "put" | "default";
}

/** The leaves of the effective configuration at a path and below, in the order of the tables. */
export interface LeavesAnswer extends Omit<ValueAnswer, "value"> {
  readonly leaves: readonly Leaf[];
}

/** The effective value at a path. @throws TypeError if it is not a path */
export async function valueAnswer(state: State, path: string): Promise<ValueAnswer> {
  const at = pathOf(state, path);
  return { ...headOf(state, at), value: await shownAt(state, at, newBudget()) };
}

/** The leaves at a path and below, each with its place. @throws TypeError if it is not a path */
export async function leavesAnswer(state: State, path: string): Promise<LeavesAnswer> {
  const budget = newBudget();
  const at = pathOf(state, path);
  const value = await shownAt(state, at, budget);
  const leaves: Leaf[] = [];
  for (const [segments, leaf] of value === undefined ? [] : leavesIn(value, at)) {
    leaves.push({ path: formatPath(segments), value: leaf, ...sourceOf(segments, state) });
    if (budget.spent()) await budget.turn();
  }
  return { ...headOf(state, at), leaves };
}

function pathOf({ spec }: State, path: string): Segments {
  return spec.aliases.rename(path === "" ? [] : parsePath(path, "read"));
}

function headOf({ configuration, spec }: State, at: Segments): Omit<ValueAnswer, "value"> {
  const { version, tree } = configuration.snapshot;
  const near = valueAt(tree, at) === undefined ? nearPath(at, tree, spec.shape) : undefined;
  return { path: formatPath(at), version, ...(near === undefined ? {} : { near }) };
}

async function shownAt({ configuration, spec }: State, at: Segments, budget: Budget): Promise<Value | undefined> {
  const { snapshot } = configuration;
  if (spec.secrets.covers(at)) return valueAt(snapshot.tree, at) === undefined ? undefined : REDACTED;
  return valueAt(await snapshot.redactedWithin(budget), at);
}

function sourceOf(path: Segments, { configuration }: State): Pick<Leaf, "place" | "from"> {
  const { layers, overrides, raw } = configuration;
  const origin = valueAt(raw, path) === undefined ? undefined : originAt(path, layers, overrides);
  if (origin === undefined) return { place: "default", from: "default" };
  return origin === PUT ? { place: "put", from: "put" } : { place: placeOf(origin), from: "source" };
}
