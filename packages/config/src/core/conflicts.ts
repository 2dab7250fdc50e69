import { isTable } from "./draft.ts";
import { PUT, topmost } from "./explain.ts";
import type { Origin } from "./layer.ts";
import { andThen } from "./maybe.ts";
import type { Override } from "./overrides.ts";
import type { Configuration } from "./configuration.ts";
import { type Budget, eachInTurn, PIECE, searched } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { keysOf } from "./table.ts";
import type { Segments, Table } from "./value.ts";

/**
 * Shape conflicts: places where a table met another kind of value, so that the later one replaced the other as a whole.
 * That is the rule, but seldom intended.
 *
 *     { db: { host: "a" } }  then  { db: "postgres://a" }     conflict at "db"
 */

/** A shape conflict between two trees of a merge. */
export interface ShapeConflict {
  readonly path: Segments;
  /** Index of the tree that won, in the list that was merged. */
  readonly winner: number;
  /** Index of the tree whose value was replaced. */
  readonly loser: number;
}

/** A shape conflict in a configuration. */
export interface Conflict {
  readonly path: Segments;
  /** The origin of the value that counts; `PUT` for a runtime override. */
  readonly winner: Origin;
  /** The origin of the replaced value. */
  readonly loser: Origin;
}

/**
 * All shape conflicts of a configuration: between its layers, and between them and the runtime overrides.
 *
 * @param budget lets large trees be searched in slices; the result is then a promise
 */
export function conflictsOf(
  { base, layers, overrides }: Configuration,
  budget: Budget,
): readonly Conflict[] | Promise<readonly Conflict[]> {
  const found: Conflict[] = [];
  const note = ({ path, winner, loser }: ShapeConflict): void => {
    found.push({ path, winner: layers[winner]!.origin(path), loser: layers[loser]!.origin(path) });
  };
  const replaced = ({ path, value }: Override): void => {
    for (let length = 1; length <= path.length; length++) {
      const at = path.slice(0, length);
      const below = valueAt(base, at);
      if (below === undefined) return;
      if (isTable(below) === (length < path.length || isTable(value))) continue;
      found.push({ path: at, winner: PUT, loser: topmost(at, layers) ?? PUT });
      return;
    }
  };
  const trees = layers.map((layer) => layer.tree);
  return andThen(shapeConflicts(trees, budget), (conflicts) =>
    andThen(eachInTurn(conflicts, note, budget), () => andThen(eachInTurn(overrides, replaced, budget), () => found)),
  );
}

/** All shape conflicts between these trees. Visits only what two trees share. */
export function shapeConflicts(
  trees: readonly Table[],
  budget: Budget,
): readonly ShapeConflict[] | Promise<readonly ShapeConflict[]> {
  const found: ShapeConflict[] = [];
  const start: Place = { parts: trees.map((table, index) => ({ table, index })), path: [], first: 0, from: 0 };
  return andThen(
    searched([start], (place, deeper) => visit(place, found, deeper), budget),
    () => found,
  );
}

interface Part {
  readonly table: Table;
  readonly index: number;
}

/** Tables of several trees at one path. */
interface Place {
  readonly parts: readonly Part[];
  readonly path: Segments;
  /** Only keys that this table is the first to have are visited. */
  readonly first: number;
  /** Its next key to visit. */
  readonly from: number;
}

function visit(place: Place, found: ShapeConflict[], deeper: (place: Place) => void): void {
  const { parts, path, first, from } = place;
  if (first >= parts.length - 1) return;
  const keys = keysOf(parts[first]!.table);
  const end = Math.min(keys.length, from + PIECE);
  for (let i = from; i < end; i++) {
    const key = keys[i]!;
    const having = partsWith(parts, key, first);
    if (having === undefined) continue;
    let tables: Part[] = [];
    let last: Part | undefined;
    for (const part of having) {
      const value = part.table[key]!;
      if (last !== undefined && isTable(value) !== isTable(last.table[key])) {
        found.push({ path: [...path, key], winner: part.index, loser: last.index });
        tables = [];
      }
      if (isTable(value)) tables.push({ table: value, index: part.index });
      last = part;
    }
    if (tables.length > 1) deeper({ parts: tables, path: [...path, key], first: 0, from: 0 });
  }
  deeper(end < keys.length ? { ...place, from: end } : { ...place, first: first + 1, from: 0 });
}

/** The parts that have a key, if this one is the first of several. */
function partsWith(parts: readonly Part[], key: string, first: number): readonly Part[] | undefined {
  let having: Part[] | undefined;
  for (let p = 0; p < parts.length; p++) {
    if (p === first || !Object.hasOwn(parts[p]!.table, key)) continue;
    if (p < first) return undefined;
    (having ??= [parts[first]!]).push(parts[p]!);
  }
  return having;
}
