import type { ValueAtPath } from "../core/secrets.ts";
import { type Budget, secretsMet } from "../core/sliced.ts";
import type { Table } from "../core/value.ts";
import type { State } from "./state.ts";

/**
 * A message without secrets: the effective and recent ones, those of layers that are hidden by higher ones, and those
 * in refused candidates.
 *
 * @param more other values whose secrets the message must not show
 */
export function scrub(state: State, message: string, more: readonly ValueAtPath[] = []): string {
  return state.spec.secrets.scrub(message, [...treesOf(state), ...more]);
}

/** Finds the secrets that `scrub` removes, so that it need not search. Returns a promise if the values are large. */
export function meetSecrets(state: State, budget: Budget, more: readonly ValueAtPath[] = []): void | Promise<void> {
  return secretsMet(state.spec.secrets, [...treesOf(state), ...more], budget);
}

/** The number of versions that count as recent. */
const RECENT = 3;

function treesOf({ configuration, history, sources }: State): readonly ValueAtPath[] {
  const trees = new Set<Table>([configuration.raw, configuration.snapshot.tree]);
  for (const { tree } of configuration.layers) trees.add(tree);
  for (const { snapshot } of history.slice(-RECENT)) trees.add(snapshot.tree);
  for (const { candidate } of sources) if (typeof candidate === "object") addTree(trees, candidate);
  return Array.from(trees, (tree) => [[], tree]);
}

/** A candidate is a foreign object, and may throw on inspection. */
function addTree(trees: Set<Table>, candidate: object): void {
  try {
    const { tree } = candidate as { readonly tree?: unknown };
    if (typeof tree === "object" && tree !== null) trees.add(tree as Table);
  } catch {
    // It cannot be read, so it reveals no secret.
  }
}
