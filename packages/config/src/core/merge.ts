import { child, Draft, isIndex, isList, isTable, share } from "./draft.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Layers merge from the first to the last; the last wins. Tables merge key by key. Everything else replaces: lists,
 * scalars, null, a table where a scalar was, a scalar where a table was (the last two are shape conflicts, see
 * `conflicts.ts`).
 *
 *     { db: { host: "a", port: 1 } }  +  { db: { port: 2 } }  =  { db: { host: "a", port: 2 } }
 *
 * A list is never turned into a table: a table of nothing but indices over a list is a write into that list, and refused.
 *
 *     { servers: ["a", "b"] }  +  { servers: { "0": "c" } }   throws BelowList
 *
 * Equal subtrees of `before` are taken over (`===`).
 *
 * @param trees frozen, lowest first
 * @param before the result of an earlier merge
 * @param were the trees of that merge, if each of `trees` shares with its counterpart what is equal: what came from one
 *   tree alone, then and now, need not be compared again
 * @throws BelowList naming the list and the tree that writes into it
 */
export function merge(trees: readonly Table[], before: Table | undefined, were: readonly Table[] = []): Table {
  if (trees.length === 0) return mergeTables([{ table: {}, was: undefined, index: 0 }], before, []);
  return mergeTables(
    trees.map((table, index) => ({ table, was: were[index], index })),
    before,
    [],
  );
}

/** A tree wants to change an element of a list that stands in a tree below it. */
export class BelowList extends Error {
  override readonly name = "BelowList";
  /** Path of the list. */
  readonly path: Segments;
  /** The index that the tree names. */
  readonly element: string;
  /** Index of the tree, in the list that was merged. */
  readonly index: number;

  constructor(path: Segments, element: string, index: number) {
    super("A list can only be replaced as a whole");
    this.path = path;
    this.element = element;
    this.index = index;
  }
}

/** A table that takes part in a merge, what stood in its place in the merge before, and which tree it is of. */
interface Part {
  readonly table: Table;
  readonly was: Value | undefined;
  readonly index: number;
}

/** @param path where the walk is; changes in place */
function mergeTables(parts: readonly Part[], before: Value | undefined, path: string[]): Table {
  if (parts.length === 1) {
    const { table, was } = parts[0]!;
    // It came from here alone before, too: then it shares what is equal already.
    if (was !== undefined && was === before) return table;
    return share(before, Object.freeze(table)) as Table;
  }
  const draft = new Draft(before);
  for (let p = 0; p < parts.length; p++) {
    for (const key of Object.keys(parts[p]!.table)) {
      if (p > 0 && isMerged(parts, p, key)) continue;
      path.push(key);
      draft.set(key, mergeKey(parts, p, key, child(before, key), path));
      path.pop();
    }
  }
  return draft.done();
}

/** Whether a part below `p` has the key, so that it was merged already. */
function isMerged(parts: readonly Part[], p: number, key: string): boolean {
  for (let q = 0; q < p; q++) if (Object.hasOwn(parts[q]!.table, key)) return true;
  return false;
}

/** The tables that count are those above the last thing that is no table. */
function mergeKey(
  parts: readonly Part[],
  first: number,
  key: string,
  before: Value | undefined,
  path: string[],
): Value {
  let { index } = parts[first]!;
  let winner: Value = parts[first]!.table[key]!;
  let was = child(parts[first]!.was, key);
  let tables: Part[] | undefined;
  for (let p = first + 1; p < parts.length; p++) {
    const part = parts[p]!;
    if (!Object.hasOwn(part.table, key)) continue;
    const value = part.table[key]!;
    const old = child(part.was, key);
    if (!isTable(value) || !isTable(winner)) {
      if (isList(winner) && isTable(value)) refuseIndices(value, path, part.index);
      tables = undefined;
    } else (tables ??= [{ table: winner, was, index }]).push({ table: value, was: old, index: part.index });
    winner = value;
    was = old;
    ({ index } = part);
  }
  if (tables !== undefined) return mergeTables(tables, before, path);
  if (winner === before || typeof winner !== "object" || winner === null) return winner;
  if (was !== undefined && was === before) return winner;
  return share(before, winner);
}

function refuseIndices(table: Table, path: readonly string[], index: number): void {
  const keys = Object.keys(table);
  if (keys.length > 0 && keys.every(isIndex)) throw new BelowList([...path], keys[0]!, index);
}
