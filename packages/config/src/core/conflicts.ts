import { isTable } from "./draft.ts";
import { PUT, topmost } from "./explain.ts";
import type { Origin } from "./layer.ts";
import type { Configuration } from "./proposal.ts";
import { valueAt } from "./snapshot.ts";
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

/** All shape conflicts of a configuration: between its layers, and between them and the runtime overrides. */
export function conflictsOf({ base, layers, overrides }: Configuration): readonly Conflict[] {
  const found: Conflict[] = shapeConflicts(layers.map((layer) => layer.tree)).map(({ path, winner, loser }) => ({
    path,
    winner: layers[winner]!.origin(path),
    loser: layers[loser]!.origin(path),
  }));
  for (const { path, value } of overrides) {
    for (let length = 1; length <= path.length; length++) {
      const at = path.slice(0, length);
      const below = valueAt(base, at);
      if (below === undefined) break;
      if (isTable(below) === (length < path.length || isTable(value))) continue;
      found.push({ path: at, winner: PUT, loser: topmost(at, layers) ?? PUT });
      break;
    }
  }
  return found;
}

/** All shape conflicts between these trees. Visits only what two trees share. */
export function shapeConflicts(trees: readonly Table[]): readonly ShapeConflict[] {
  const found: ShapeConflict[] = [];
  collect(
    trees.map((table, index) => ({ table, index })),
    [],
    found,
  );
  return found;
}

interface Part {
  readonly table: Table;
  readonly index: number;
}

function collect(parts: readonly Part[], path: Segments, found: ShapeConflict[]): void {
  if (parts.length < 2) return;
  for (let p = 0; p < parts.length - 1; p++) {
    for (const key of Object.keys(parts[p]!.table)) {
      if (parts.slice(0, p).some((part) => Object.hasOwn(part.table, key))) continue;
      const having = parts.slice(p).filter((part) => Object.hasOwn(part.table, key));
      if (having.length < 2) continue;
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
      collect(tables, [...path, key], found);
    }
  }
}
