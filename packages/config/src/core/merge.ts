import { child, Draft, isTable, share } from "./draft.ts";
import { Pace, type Steps } from "./steps.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Layers merge from the first to the last; the last wins. Tables merge key by key. Everything else replaces: lists,
 * scalars, null, a table where a scalar was, a scalar where a table was (the last two are shape conflicts).
 *
 *     { db: { host: "a", port: 1 } }  +  { db: { port: 2 } }  =  { db: { host: "a", port: 2 } }
 *
 * Equal subtrees of `before` are taken over (`===`).
 *
 * @param trees frozen, lowest first
 * @param before the result of an earlier merge
 * @param were the trees of that merge, if each of `trees` shares with its counterpart what is equal: what came from one
 *   tree alone, then and now, need not be compared again
 */
export function* merge(
  trees: readonly Table[],
  before: Table | undefined,
  pace = new Pace(),
  were: readonly Table[] = [],
): Steps<Table> {
  if (trees.length === 0) return yield* mergeTables([{ table: {}, was: undefined }], before, pace);
  return yield* mergeTables(
    trees.map((table, i) => ({ table, was: were[i] })),
    before,
    pace,
  );
}

/** A place where a table met something else: the one that came later replaced the other. */
export interface ShapeConflict {
  readonly path: Segments;
  /** Index of the tree that won, in the list that was merged. */
  readonly winner: number;
  /** Index of the tree whose value was replaced. */
  readonly loser: number;
}

/** All shape conflicts between these trees. Visits only what two trees share. */
export function* shapeConflicts(trees: readonly Table[]): Steps<readonly ShapeConflict[]> {
  const found: ShapeConflict[] = [];
  const pace = new Pace();
  const parts = trees.map((table, index) => ({ table, index }));
  yield* collect(parts, [], found, pace);
  return found;
}

type Part = { readonly table: Table; readonly index: number };

/** A table that takes part in a merge, and what stood in its place in the merge before. */
type Layered = { readonly table: Table; readonly was: Value | undefined };

function* mergeTables(parts: readonly Layered[], before: Value | undefined, pace: Pace): Steps<Table> {
  if (parts.length === 1) {
    const { table, was } = parts[0]!;
    // It came from here alone before, too: then it shares what is equal already.
    if (was !== undefined && was === before) return table;
    return (yield* share(before, Object.freeze(table), pace)) as Table;
  }
  const draft = new Draft(before);
  for (let p = 0; p < parts.length; p++) {
    for (const key of Object.keys(parts[p]!.table)) {
      if (pace.due()) yield;
      if (p > 0 && isBelow(parts, p, key)) continue;
      draft.set(key, yield* mergeKey(parts, p, key, child(before, key), pace));
    }
  }
  return draft.done();
}

/** Whether a part below `p` has the key, so that it was merged already. */
function isBelow(parts: readonly Layered[], p: number, key: string): boolean {
  for (let q = 0; q < p; q++) if (Object.hasOwn(parts[q]!.table, key)) return true;
  return false;
}

/** The tables that count are those above the last thing that is no table. */
function* mergeKey(
  parts: readonly Layered[],
  first: number,
  key: string,
  before: Value | undefined,
  pace: Pace,
): Steps<Value> {
  let winner: Value = parts[first]!.table[key]!;
  let was = child(parts[first]!.was, key);
  let tables: Layered[] | undefined;
  for (let p = first + 1; p < parts.length; p++) {
    const part = parts[p]!;
    if (!Object.hasOwn(part.table, key)) continue;
    const value = part.table[key]!;
    const old = child(part.was, key);
    if (!isTable(value) || !isTable(winner)) tables = undefined;
    else (tables ??= [{ table: winner, was }]).push({ table: value, was: old });
    winner = value;
    was = old;
  }
  if (tables !== undefined) return yield* mergeTables(tables, before, pace);
  if (winner === before || typeof winner !== "object" || winner === null) return winner;
  if (was !== undefined && was === before) return winner;
  return yield* share(before, winner, pace);
}

function* collect(parts: readonly Part[], path: Segments, found: ShapeConflict[], pace: Pace): Steps<void> {
  if (parts.length < 2) return;
  for (let p = 0; p < parts.length - 1; p++) {
    for (const key of Object.keys(parts[p]!.table)) {
      if (pace.due()) yield;
      if (parts.slice(0, p).some((part) => Object.hasOwn(part.table, key))) continue;
      const having = parts.slice(p).filter((part) => Object.hasOwn(part.table, key));
      if (having.length < 2) continue;
      let tables: Part[] = [];
      let last: Part | undefined;
      for (const part of having) {
        const value = part.table[key]!;
        const previous = last?.table[key];
        if (last !== undefined && isTable(value) !== isTable(previous)) {
          found.push({ path: [...path, key], winner: part.index, loser: last.index });
          tables = [];
        }
        if (isTable(value)) tables.push({ table: value, index: part.index });
        last = part;
      }
      yield* collect(tables, [...path, key], found, pace);
    }
  }
}
