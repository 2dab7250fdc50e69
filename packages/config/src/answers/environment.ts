import { newBudget } from "../budget.ts";
import { isTable } from "../core/draft.ts";
import { originAt } from "../core/explain.ts";
import { ruleInWords } from "../core/environment.ts";
import type { Layer, Origin } from "../core/layer.ts";
import { placeOf } from "../core/layers.ts";
import { formatPath } from "../core/path.ts";
import { valueAt } from "../core/snapshot.ts";
import type { Segments, Value } from "../core/value.ts";
import { meetSecrets, scrub } from "../manager/scrub.ts";
import type { State } from "../manager/state.ts";
import { statusOf } from "../manager/status.ts";

/** An environment variable that is read, and what becomes of it. */
export interface Variable {
  readonly name: string;
  readonly source: string;
  /** Dotted. */
  readonly path: string;
  /** What is read, secrets redacted. */
  readonly value: Value;
  /** How the name became the path: `mapping`, `double_underscore`, `known_path`, `single_underscore`, `naive`. */
  readonly rule: string;
  /** The rule for people. */
  readonly rule_in_words: string;
  /** `sets`: its value counts; `shadowed`: another one stands above it; `dropped`: the schema does not know the path. */
  readonly effect: "sets" | "shadowed" | "dropped";
  /** Where the value comes from that counts instead. */
  readonly by?: string;
}

/** What the environment does to a configuration. */
export interface Environment {
  /** Sorted by name. */
  readonly variables: readonly Variable[];
  /** What the sources of variables tell: names that are left out, ambiguous, empty or misspelt. */
  readonly notices: readonly string[];
  /** Whether any source reads variables. */
  readonly read: boolean;
}

/** Which variable sets what, by which rule, and which have no effect. */
export async function environmentOf(state: State): Promise<Environment> {
  const { configuration, spec } = state;
  const found = configuration.layers.flatMap((layer) => variablesIn(layer, state));
  const readers = new Set([
    ...spec.layers.flatMap((source, i) => (source.kind === "env" ? [spec.layer_names[i]!] : [])),
    ...found.map(({ source }) => source),
  ]);
  const { diagnostics } = await statusOf(state);
  await meetSecrets(state, newBudget());
  return {
    variables: found.sort((one, other) => (one.name < other.name ? -1 : 1)),
    // What the schema drops is told with its variable.
    notices: diagnostics
      .filter(({ source, code }) => readers.has(source) && code !== "no_effect")
      .map(({ message }) => scrub(state, message)),
    read: readers.size > 0,
  };
}

function variablesIn(layer: Layer, state: State): Variable[] {
  const byName = new Map<string, { readonly origin: Origin; path: Segments }>();
  const visit = (value: Value, path: Segments): void => {
    if (isTable(value) && Object.keys(value).length > 0) {
      for (const key of Object.keys(value)) visit(value[key]!, [...path, key]);
      return;
    }
    const origin = layer.origin(path);
    if (origin.variable === undefined) return;
    const known = byName.get(origin.variable);
    // A variable that holds a table has all that is in it.
    if (known === undefined) byName.set(origin.variable, { origin, path });
    else known.path = inCommon(known.path, path);
  };
  visit(layer.tree, []);
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
