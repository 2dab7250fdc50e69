import { shapeConflicts } from "./conflicts.ts";
import { topmost } from "./explain.ts";
import type { Contribution, Diagnostic, Layer } from "./layer.ts";
import { belowListText, placeOf, refusalOf } from "./layers.ts";
import { BelowList, merge } from "./merge.ts";
import { formatPath } from "./path.ts";
import type { Table } from "./value.ts";

/**
 * Several contributions as one: what a source has that is made of several files. They merge as the layers of a configuration
 * do, and each value keeps its origin.
 *
 *     stacked("family:config", [base, production, local])
 *
 * @param parts lowest first
 * @param diagnostics what is to be told beside what the parts tell
 * @throws ConfigSourceError where a part would change an element of a list of another one; or the contribution does
 */
export function stacked(
  source: string,
  parts: readonly Contribution[],
  diagnostics: readonly Diagnostic[] = [],
): Contribution {
  const layers = parts.filter((part) => typeof part !== "function");
  if (layers.length === parts.length) return oneOf(source, layers, diagnostics);
  // A part whose names are ambiguous knows the parts below it as well.
  return (lower) => {
    let known = lower;
    const made = parts.map((part) => {
      const layer = typeof part === "function" ? part(known) : part;
      known = known.over(layer.tree);
      return layer;
    });
    return oneOf(source, made, diagnostics);
  };
}

function oneOf(source: string, layers: readonly Layer[], diagnostics: readonly Diagnostic[]): Layer {
  const trees = layers.map(({ tree }) => tree);
  const sizes = layers.map(({ bytes }) => bytes).filter((bytes) => bytes !== undefined);
  const secrets = layers.flatMap((layer) => layer.secrets ?? []);
  return {
    source,
    tree: merged(layers, trees),
    origin: (path) => topmost(path, layers) ?? { source },
    diagnostics: [
      ...diagnostics,
      ...layers.flatMap((layer) => layer.diagnostics),
      ...shapeConflicts(trees).map(({ path, winner, loser }): Diagnostic => {
        const [shown, over, under] = [formatPath(path), layers[winner]!.origin(path), layers[loser]!.origin(path)];
        const message = `"${shown}" of ${placeOf(over)} replaces what ${placeOf(under)} has there: one of them is a table, the other is none`;
        return { source, code: "shape", message, path: shown };
      }),
    ],
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(sizes.length === 0 ? {} : { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) }),
  };
}

function merged(layers: readonly Layer[], trees: readonly Table[]): Table {
  try {
    return merge(trees, undefined);
  } catch (error) {
    if (!(error instanceof BelowList)) throw error;
    const origin = layers[error.index]!.origin([...error.path, error.element]);
    throw refusalOf(belowListText(error.path, error.element), "below_list", origin);
  }
}
