import { newBudget } from "../budget.ts";
import { isTable } from "../core/draft.ts";
import { originAt } from "../core/explain.ts";
import { ruleInWords } from "../core/environment.ts";
import type { Layer, Origin } from "../core/layer.ts";
import { placeOf } from "../core/layers.ts";
import { formatPath } from "../core/path.ts";
import type { Budget } from "../core/sliced.ts";
import { valueAt } from "../core/snapshot.ts";
import type { Segments, Value } from "../core/value.ts";
import { meetSecrets, scrub } from "../manager/scrub.ts";
import type { State } from "../manager/state.ts";
import { statusOf } from "../manager/status.ts";
import { leavesIn } from "./leaves.ts";

/** An environment variable and its effect. */
export interface Variable {
  readonly name: string;
  readonly source: string;
  /** Dotted. */
  readonly path: string;
  /** Its value, secrets redacted. */
  readonly value: Value;
  /** The rule from the name to the path: `mapping`, `double_underscore`, `known_path`, `single_underscore`, `naive`. */
  readonly rule: string;
  /** The rule for people. */
  readonly rule_in_words: string;
  /** `sets`: it sets the value; `shadowed`: another layer has priority; `dropped`: the schema does not know the path. */
  readonly effect: "sets" | "shadowed" | "dropped";
  /** The place of the effective value, if that is another one. */
  readonly by?: string;
}

/** The effects of the environment on a configuration. */
export interface Environment {
  /** Sorted by name. */
  readonly variables: readonly Variable[];
  /** Diagnostics of the sources: ignored, ambiguous, empty or misspelt names. */
  readonly notices: readonly string[];
  /** Whether any source reads variables. */
  readonly read: boolean;
}

/** All variables with their paths, rules and effects. */
export async function environmentOf(state: State): Promise<Environment> {
  const { configuration, spec } = state;
  const budget = newBudget();
  const found: Variable[] = [];
  for (const layer of configuration.layers) found.push(...(await variablesIn(layer, state, budget)));
  const readers = new Set([
    ...spec.layers.flatMap((source, i) => (source.kind === "env" ? [spec.layer_names[i]!] : [])),
    ...found.map(({ source }) => source),
  ]);
  const { diagnostics } = await statusOf(state);
  await meetSecrets(state, budget);
  return {
    variables: found.sort((one, other) => (one.name < other.name ? -1 : 1)),
    // Paths that the schema drops are listed with their variables.
    notices: diagnostics
      .filter(({ source, code }) => readers.has(source) && code !== "no_effect")
      .map(({ message }) => scrub(state, message)),
    read: readers.size > 0,
  };
}

async function variablesIn(layer: Layer, state: State, budget: Budget): Promise<readonly Variable[]> {
  const byName = new Map<string, { readonly origin: Origin; path: Segments }>();
  for (const [path] of leavesIn(layer.tree, [])) {
    const origin = layer.origin(path);
    if (budget.spent()) await budget.turn();
    if (origin.variable === undefined) continue;
    const known = byName.get(origin.variable);
    // A variable can hold a table: its path is the table's.
    if (known === undefined) byName.set(origin.variable, { origin, path });
    else known.path = inCommon(known.path, path);
  }
  return Array.from(byName, ([name, { origin, path }]) => variableOf(name, origin, path, layer, state));
}

function variableOf(name: string, origin: Origin, path: Segments, layer: Layer, state: State): Variable {
  const { configuration, spec } = state;
  const { layers, overrides, snapshot } = configuration;
  const value = valueAt(layer.tree, path)!;
  const winner = originAt(firstLeaf(value, path), layers, overrides);
  const own = winner?.source === origin.source && winner.variable === name;
  const dropped = snapshot.at(path) === undefined;
  const rule = origin.rule ?? "mapping";
  return {
    name,
    source: layer.source,
    path: formatPath(path),
    value: spec.secrets.redact(path, value)!,
    rule,
    rule_in_words: ruleInWords(rule),
    effect: dropped ? "dropped" : own ? "sets" : "shadowed",
    ...(own || dropped || winner === undefined ? {} : { by: placeOf(winner) }),
  };
}

function firstLeaf(value: Value, path: Segments): Segments {
  if (!isTable(value)) return path;
  const [key] = Object.keys(value);
  return key === undefined ? path : firstLeaf(value[key]!, [...path, key]);
}

function inCommon(one: Segments, other: Segments): Segments {
  const length = one.findIndex((segment, i) => segment !== other[i]);
  return length < 0 ? one : one.slice(0, length);
}
