import { isTable } from "./draft.ts";
import type { Diagnostic, Layer } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { nearest } from "./nearest.ts";
import { formatPath } from "./path.ts";
import { valueAt } from "./snapshot.ts";
import type { Shape } from "./shape.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Keys without effect: settings of a file or a variable that the schema silently drops, mostly because they are
 * misspelt. A key that the schema has but its output lacks does not count: a transformation may have renamed it.
 */

/** Maximum number of diagnostics for one configuration. */
const MOST = 100;

/**
 * A diagnostic, with its place and the nearest known key, for each of the first hundred keys without effect.
 *
 * @param raw the merged tree of the layers
 * @param effective the schema's output for it
 */
export function keysWithoutEffect(
  layers: readonly Layer[],
  raw: Table,
  effective: Table,
  shape: Shape | undefined,
): readonly Diagnostic[] {
  if (raw === effective) return [];
  const found: Diagnostic[] = [];
  const walk = (said: Value, kept: Value, known: Shape | undefined, path: Segments): void => {
    if (said === kept || found.length >= MOST) return;
    if (Array.isArray(said) && Array.isArray(kept) && said.length === kept.length) {
      said.forEach((element: Value, i) =>
        walk(element, kept[i] as Value, known?.prefix?.[i] ?? known?.items, [...path, String(i)]),
      );
    } else if (isTable(said) && isTable(kept)) {
      for (const key of Object.keys(said)) {
        if (found.length >= MOST) return;
        const below = known?.children.get(key) ?? known?.rest;
        const at = [...path, key];
        if (Object.hasOwn(kept, key)) walk(said[key]!, kept[key]!, below, at);
        else if (below === undefined) {
          found.push(...without(said[key]!, at, [...(known?.children.keys() ?? []), ...Object.keys(kept)], layers));
        }
      }
    }
  };
  walk(raw, effective, shape, []);
  return found.slice(0, MOST);
}

/** One diagnostic for each layer that has the key. */
function without(
  value: Value,
  path: Segments,
  known: readonly string[],
  layers: readonly Layer[],
): readonly Diagnostic[] {
  const [leaf, words] = only(value, path.at(-1)!);
  const full = [...path, ...leaf];
  const shown = formatPath(full);
  // A variable's words became tables, because they matched nothing known.
  const meant = nearest(path.at(-1)!, known) ?? nearest(words, known);
  const hint = meant === undefined ? "" : `; the nearest known key is "${formatPath([...path.slice(0, -1), meant])}"`;
  const said = layers.filter((layer) => valueAt(layer.tree, full) !== undefined);
  return said.map((layer) => {
    const message = `"${shown}" has no effect, as the schema does not know it${hint} (${placeOf(layer.origin(full))})`;
    return { source: layer.source, code: "no_effect", message, path: shown };
  });
}

/** The path down through tables with one key each, and its words joined. */
function only(value: Value, first: string): readonly [Segments, string] {
  const leaf: string[] = [];
  for (let at = value; isTable(at) && leaf.length < 10;) {
    const keys = Object.keys(at);
    if (keys.length !== 1) break;
    leaf.push(keys[0]!);
    at = at[keys[0]!]!;
  }
  return [leaf, [first, ...leaf].join("_")];
}
