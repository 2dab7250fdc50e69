import { isTable } from "./draft.ts";
import type { Knowledge } from "./layer.ts";
import type { Segments, Table } from "./value.ts";

/**
 * What the layers below and the schema know, for a source whose names are ambiguous. Two names read the same when they are
 * equal once dots became underscores and letters lower case: `database.max_connections`, `DATABASE_MAX_CONNECTIONS`.
 */

/** What is known of a tree's shape from elsewhere: the schema. */
export interface Shape {
  /** The tables and leaves below a node, by key; undefined where the shape does not tell. */
  readonly children: ReadonlyMap<string, Shape>;
  readonly type?: ReturnType<Knowledge["type"]>;
  /** The shape of every key that `children` does not name: a record's values. */
  readonly rest?: Shape;
  /** The schema marks what is here as a secret. */
  readonly secret?: boolean;
}

/** The name with dots as underscores, in lower case. */
export function fold(name: string): string {
  return name.replaceAll(".", "_").toLowerCase();
}

/** Knowledge of these trees and of the schema's shape. Costs nothing until it is asked. */
export function knownPaths(trees: readonly Table[], shape?: Shape): Knowledge {
  return {
    paths: (folded) => {
      const found = new Map<string, Segments>();
      find(trees, shape === undefined ? [] : [shape], folded.split("_"), 0, [], found);
      return [...found.values()];
    },
    type: (path) => {
      let at = shape;
      for (const segment of path) at = at?.children.get(segment) ?? at?.rest;
      return at?.type;
    },
  };
}

/** A layer may be asked for many names, and stays the same object over many reloads. */
const foldedKeys = new WeakMap<Table, ReadonlyMap<string, readonly string[]>>();

function keysOf(table: Table): ReadonlyMap<string, readonly string[]> {
  let index = foldedKeys.get(table);
  if (index === undefined) {
    const keys = new Map<string, string[]>();
    for (const key of Object.keys(table)) {
      const folded = fold(key);
      const alike = keys.get(folded);
      if (alike === undefined) keys.set(folded, [key]);
      else alike.push(key);
    }
    foldedKeys.set(table, (index = keys));
  }
  return index;
}

function find(
  tables: readonly Table[],
  shapes: readonly Shape[],
  words: readonly string[],
  from: number,
  path: Segments,
  found: Map<string, Segments>,
): void {
  for (let to = from + 1; to <= words.length; to++) {
    const folded = words.slice(from, to).join("_");
    const keys = new Set<string>();
    for (const table of tables) for (const key of keysOf(table).get(folded) ?? []) keys.add(key);
    for (const shape of shapes) for (const key of shape.children.keys()) if (fold(key) === folded) keys.add(key);
    for (const key of keys) {
      const below = [...path, key];
      if (to === words.length) {
        found.set(JSON.stringify(below), below);
      } else {
        find(
          tables.map((table) => (Object.hasOwn(table, key) ? table[key] : undefined)).filter(isTable),
          shapes.map((shape) => shape.children.get(key)).filter((shape) => shape !== undefined),
          words,
          to,
          below,
          found,
        );
      }
    }
  }
}
