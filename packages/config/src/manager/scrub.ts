import { scrubbed } from "../core/secrets.ts";
import type { Segments, Table, Value } from "../core/value.ts";
import type { Secrets } from "../core/secrets.ts";
import type { State } from "./state.ts";

/**
 * A message without secrets: those that are effective and those that were a moment ago, those that a layer has though a
 * higher one hides them, and those in what a source offers though it was refused.
 */
export function scrub(state: State, message: string): string {
  const { configuration, history, sources, spec } = state;
  const trees = new Set<Table>([configuration.raw, configuration.snapshot.tree]);
  for (const { tree } of configuration.layers) trees.add(tree);
  for (const { snapshot } of history.slice(-RECENT)) trees.add(snapshot.tree);
  for (const { candidate } of sources) if (typeof candidate === "object") addTree(trees, candidate);
  let clean = message;
  for (const tree of trees) clean = scrubbed(clean, textsIn(spec.secrets, tree));
  return clean;
}

/** The same, without the secrets of values that stand at a path. */
export function scrubValues(secrets: Secrets, message: string, path: Segments, values: readonly unknown[]): string {
  let clean = message;
  for (const value of values) clean = scrubbed(clean, secrets.textsAt(path, value as Value | undefined));
  return clean;
}

/** So many versions count as a moment. */
const RECENT = 3;

/** A candidate is others' object, and may not let itself be read. */
function addTree(trees: Set<Table>, candidate: object): void {
  try {
    const { tree } = candidate as { readonly tree?: unknown };
    if (typeof tree === "object" && tree !== null) trees.add(tree as Table);
  } catch {
    // It says nothing, so it has no secret.
  }
}

function textsIn(secrets: Secrets, tree: Table): readonly string[] {
  let known = texts.get(secrets.generation);
  if (known === undefined) texts.set(secrets.generation, (known = new WeakMap<Table, readonly string[]>()));
  let found = known.get(tree);
  if (found === undefined) {
    try {
      found = secrets.textsIn(tree);
    } catch {
      // A candidate is others' object, and may not let itself be read.
      found = [];
    }
    known.set(tree, found);
  }
  return found;
}

/** By what is secret. */
const texts = new WeakMap<object, WeakMap<Table, readonly string[]>>();
