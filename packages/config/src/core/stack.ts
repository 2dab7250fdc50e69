import { contributionOf, layerIn } from "./contribution.ts";
import { isTable } from "./draft.ts";
import { topmost } from "./explain.ts";
import type { Contribution, Diagnostic, Layer } from "./layer.ts";
import { belowListText, placeOf, refusalOf } from "./layers.ts";
import { andThen } from "./maybe.ts";
import { BelowList, merging } from "./merge.ts";
import { formatPath } from "./path.ts";
import { type Budget, eachInTurn, inSlices, UNLIMITED } from "./sliced.ts";
import type { Segments, Table } from "./value.ts";

/**
 * Several contributions as one, for a source made of several files. They merge like the layers of a configuration,
 * large ones in slices, and each value keeps its origin.
 *
 *     await stacked("file:config.*", [base, production, local], [], budget)
 *
 * @param parts lowest first
 * @param diagnostics diagnostics in addition to those of the parts
 * @throws ConfigSourceError if a part would change an element of a list of another one; or the contribution throws it
 */
export async function stacked(
  source: string,
  parts: readonly Contribution[],
  diagnostics: readonly Diagnostic[],
  budget: Budget,
): Promise<Contribution> {
  const layers = parts.filter((part) => typeof part !== "function");
  if (layers.length === parts.length) {
    const trees = layers.map(({ tree }) => tree);
    try {
      return oneOf(source, layers, diagnostics, (await inSlices(merging(trees, undefined), budget)) as Table);
    } catch (error) {
      throw refusalBelowList(layers, error);
    }
  }
  // A part whose names are ambiguous also gets the parts below it.
  return contributionOf((lower, slices) => {
    let known = lower;
    const made: Layer[] = [];
    const add = (part: Contribution): void | Promise<void> =>
      andThen(layerIn(part, known, slices), (layer) => {
        known = known.over(layer.tree);
        made.push(layer);
      });
    const refuse = (error: unknown): never => {
      throw refusalBelowList(made, error);
    };
    return andThen(eachInTurn(parts, add, UNLIMITED), () => {
      try {
        const trees = made.map(({ tree }) => tree);
        const merged = andThen(inSlices(merging(trees, undefined), slices), (tree) =>
          oneOf(source, made, diagnostics, tree as Table),
        );
        return merged instanceof Promise ? merged.catch(refuse) : merged;
      } catch (error) {
        return refuse(error);
      }
    });
  });
}

function oneOf(source: string, layers: readonly Layer[], diagnostics: readonly Diagnostic[], tree: Table): Layer {
  const sizes = layers.map(({ bytes }) => bytes).filter((bytes) => bytes !== undefined);
  const secrets = layers.flatMap((layer) => layer.secrets ?? []);
  return {
    source,
    tree,
    origin: (path) => topmost(path, layers) ?? { source },
    diagnostics: [
      ...diagnostics,
      ...layers.flatMap((layer) => layer.diagnostics),
      ...layers.flatMap((layer, i) => shapeConflicts(source, layer, layers.slice(0, i))),
    ],
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(sizes.length === 0 ? {} : { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) }),
  };
}

/**
 * Finds places where a table meets another kind of value. Visits the layer, not the tree below, which may be much
 * larger.
 */
function shapeConflicts(source: string, layer: Layer, below: readonly Layer[]): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const walk = (tree: Table, under: readonly (readonly [Layer, Table])[], path: Segments): void => {
    if (under.length === 0) return;
    for (const key of Object.keys(tree)) {
      const value = tree[key]!;
      const at = [...path, key];
      const having = under.filter(([, table]) => Object.hasOwn(table, key));
      const top = having.at(-1);
      if (top === undefined) continue;
      if (isTable(value) !== isTable(top[1][key])) {
        const shown = formatPath(at);
        const [over, beneath] = [placeOf(layer.origin(at)), placeOf(top[0].origin(at))];
        const message = `"${shown}" of ${over} replaces the value of ${beneath}: one of them is a table, the other is not`;
        found.push({ source, code: "shape", message, path: shown });
      } else if (isTable(value)) {
        const last = having.findLastIndex(([, table]) => !isTable(table[key]));
        walk(
          value,
          having.slice(last + 1).map(([one, table]) => [one, table[key] as Table]),
          at,
        );
      }
    }
  };
  walk(
    layer.tree,
    below.map((one) => [one, one.tree]),
    [],
  );
  return found;
}

function refusalBelowList(layers: readonly Layer[], error: unknown): unknown {
  if (!(error instanceof BelowList)) return error;
  const origin = layers[error.index]!.origin([...error.path, error.element]);
  return refusalOf(belowListText(error.path, error.element), "below_list", origin);
}
