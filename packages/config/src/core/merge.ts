import { child, isIndex, isList, isTable } from "./draft.ts";
import { holdsMore, Making, shared, sharing, tableOf } from "./making.ts";
import { keysOf } from "./table.ts";
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
 * Equal subtrees of `before` are reused (`===`).
 *
 * @param trees frozen, lowest first
 * @param before the result of an earlier merge
 * @param were the trees of that merge, if each of `trees` shares equal subtrees with its counterpart: where none of
 *   them has changed, nothing is visited again
 * @throws BelowList with the list and the tree that writes into it
 */
export function merge(trees: readonly Table[], before: Table | undefined, were: readonly Table[] = []): Table {
  return merging(trees, before, were).whole() as Table;
}

/** The same, made piece by piece. */
export function merging(trees: readonly Table[], before: Table | undefined, were: readonly Table[] = []): Making {
  const parts = trees.map((table, index) => ({ table, was: were[index], index }));
  const isKnown = before !== undefined && were.length === trees.length;
  return parts.length === 0 ? sharing(before, EMPTY) : new Merging(parts, before, isKnown, []);
}

const EMPTY: Table = Object.freeze({});

/** A tree would change an element of a list in a tree below it. */
export class BelowList extends Error {
  override readonly name = "BelowList";
  /** Path of the list. */
  readonly path: Segments;
  /** The index in the tree. */
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

/** A table in a merge, the value in its place in the previous merge, and the index of its tree. */
interface Part {
  readonly table: Table;
  readonly was: Value | undefined;
  readonly index: number;
}

/** The merge of some tables at one path. */
class Merging extends Making {
  readonly before: Value | undefined;
  private readonly parts: readonly Part[];
  /** Whether `before` was made from the parts' previous values, and from nothing else. */
  private readonly isKnown: boolean;
  private readonly path: Segments;

  constructor(parts: readonly Part[], before: Value | undefined, isKnown: boolean, path: Segments) {
    super();
    this.parts = parts;
    this.before = before;
    this.isKnown = isKnown;
    this.path = path;
  }

  holdsMore(most: number): boolean {
    if (this.parts.length === 1) return this.alone().holdsMore(most);
    return this.parts.some(({ table, was }) => !(this.isKnown && table === was) && holdsMore(table, most));
  }

  entries(): readonly string[] | number | undefined {
    return this.parts.length === 1 ? this.alone().entries() : this.keys();
  }

  at(key: string | number): Value | Making {
    return this.parts.length === 1 ? this.alone().at(key) : this.merged(String(key));
  }

  whole(): Value {
    return this.parts.length === 1 ? this.alone().whole() : tableOf(this, this.keys());
  }

  private keys(): readonly string[] {
    const keys: string[] = [];
    for (let p = 0; p < this.parts.length; p++) {
      for (const key of keysOf(this.parts[p]!.table)) if (p === 0 || !this.isBelow(p, key)) keys.push(key);
    }
    return keys;
  }

  private merged(key: string): Value | Making {
    const before = child(this.before, key);
    let winner: Value | undefined;
    let was: Value | undefined;
    /**
     * Only the tables above the last value that is not a table count, both now and before. The earlier result is known to
     * consist of these tables only if the same ones counted then: a table that was hidden is not in it.
     */
    let tables: readonly Part[] = NONE;
    let counted: readonly number[] = NONE;
    let isSame = this.isKnown;
    for (const part of this.parts) {
      const value = child(part.table, key);
      const old = child(part.was, key);
      isSame &&= Object.is(value, old);
      if (old !== undefined) counted = isTable(old) ? [...counted, part.index] : NONE;
      if (value === undefined) continue;
      if (isList(winner) && isTable(value)) this.refuseIndices(value, key, part.index);
      tables = isTable(value) ? [...tables, { table: value, was: old, index: part.index }] : NONE;
      winner = value;
      was = old;
    }
    if (isSame) return before!;
    if (tables.length > 1) {
      const isKnown =
        this.isKnown &&
        counted.every((one) => tables.some((part) => part.index === one)) &&
        tables.every((part) => part.was === undefined || counted.includes(part.index));
      return new Merging(tables, before, isKnown, [...this.path, key]);
    }
    return isShared(winner!, was, before) ? winner! : shared(before, winner!);
  }

  /** A value that comes from one part, now and before, already shares its equal subtrees. */
  private alone(): Making {
    const { table, was } = this.parts[0]!;
    return sharing(isShared(table, was, this.before) ? undefined : this.before, table);
  }

  /** Whether a lower part has the key, so that it is already among the entries. */
  private isBelow(p: number, key: string): boolean {
    for (let q = 0; q < p; q++) if (Object.hasOwn(this.parts[q]!.table, key)) return true;
    return false;
  }

  private refuseIndices(table: Table, key: string, index: number): void {
    const keys = keysOf(table);
    if (keys.length > 0 && keys.every(isIndex)) throw new BelowList([...this.path, key], keys[0]!, index);
  }
}

const NONE: readonly never[] = [];

/** Whether a value already shares with the previous one: it is that value, or its successor in the same tree. */
function isShared(value: Value, was: Value | undefined, before: Value | undefined): boolean {
  return value === before || (was !== undefined && was === before);
}
