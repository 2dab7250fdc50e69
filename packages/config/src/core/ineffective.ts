import { entry, isList, isTable } from "./draft.ts";
import type { Diagnostic, Layer } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { andThen } from "./maybe.ts";
import { nearest } from "./nearest.ts";
import { formatPath } from "./path.ts";
import type { Shape } from "./shape.ts";
import { type Budget, PIECE, searched } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { keysOf } from "./table.ts";
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
 * @param raw the merged layers
 * @param effective the schema's output
 * @param budget lets large trees be searched in slices; the result is then a promise
 */
export function keysWithoutEffect(
  layers: readonly Layer[],
  raw: Table,
  effective: Table,
  shape: Shape | undefined,
  budget: Budget,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const start: Place = { said: raw, kept: effective, known: shape, path: [], from: 0 };
  const look = (place: Place | Lost, deeper: (place: Place | Lost) => void): void => {
    if (found.length >= MOST) return;
    if ("lost" in place) found.push(...without(place, layers));
    else visit(place, deeper);
  };
  return andThen(searched([start], look, budget), () => found.slice(0, MOST));
}

/** The input at a path, and the part of it that the schema keeps. */
interface Place {
  readonly said: Value;
  readonly kept: Value;
  readonly known: Shape | undefined;
  readonly path: Segments;
  /** The next entry to visit. */
  readonly from: number;
}

/** What the schema drops. */
interface Lost {
  readonly lost: Value;
  readonly path: Segments;
  /** Keys that were not dropped, or would not have been. */
  readonly known: readonly string[];
}

function visit(place: Place, deeper: (place: Place | Lost) => void): void {
  const { said, kept, known, path, from } = place;
  if (said === kept) return;
  const isTables = isTable(said) && isTable(kept);
  if (!isTables && !(isList(said) && isList(kept) && said.length === kept.length)) return;
  const keys = isTables ? keysOf(said) : undefined;
  const { length } = keys ?? (said as readonly Value[]);
  const end = Math.min(length, from + PIECE);
  let names: readonly string[] | undefined;
  for (let i = from; i < end; i++) {
    const key = keys?.[i] ?? String(i);
    const value = entry(said, key)!;
    const now = entry(kept, key);
    const below = isTables ? (known?.children.get(key) ?? known?.rest) : (known?.prefix?.[i] ?? known?.items);
    if (now !== undefined) {
      if (value !== now && typeof value === "object" && value !== null) {
        deeper({ said: value, kept: now, known: below, path: [...path, key], from: 0 });
      }
    } else if (isTables && below === undefined) {
      names ??= [...(known?.children.keys() ?? []), ...keysOf(kept)];
      deeper({ lost: value, path: [...path, key], known: names });
    }
  }
  if (end < length) deeper({ ...place, from: end });
}

/** One diagnostic for each layer that has the key. */
function without({ lost: value, path, known }: Lost, layers: readonly Layer[]): readonly Diagnostic[] {
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
