import { child, entry, isTable } from "./draft.ts";
import { joinPath } from "./path.ts";
import { keysOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * The difference between two trees that share equal subtrees (`===`): a tree of changed nodes, computed as it is
 * walked, so that a narrow search visits few nodes. A node has changed if its value, or anything below it, has changed.
 * The elements of a list are nodes, by index; a *leaf* is a scalar, a whole list or a table without keys, and never
 * lies inside a list.
 *
 *     { a: { x: 1, l: [1, 2] } }  →  { a: { x: 1, l: [1, 3] } }
 *     changed nodes: a, a.l, a.l.1      changed leaves: a.l
 */
export class Change {
  /** The last segment; empty for the root. */
  readonly key: string;
  readonly parent: Change | undefined;
  /** undefined: it did not exist. */
  readonly before: Value | undefined;
  /** undefined: it was removed. */
  readonly after: Value | undefined;
  /** Whether the value before, or after, is inside a list. */
  private readonly listedBefore: boolean;
  private readonly listedAfter: boolean;
  private computed: (readonly Change[] | undefined)[];
  private listed: Entries | undefined;
  private segments: Segments | undefined;
  private text: string | undefined;

  constructor(key: string, parent: Change | undefined, before: Value | undefined, after: Value | undefined) {
    this.key = key;
    this.parent = parent;
    this.before = before;
    this.after = after;
    this.listedBefore = parent !== undefined && (parent.listedBefore || Array.isArray(parent.before));
    this.listedAfter = parent !== undefined && (parent.listedAfter || Array.isArray(parent.after));
    this.computed = [];
    this.listed = undefined;
    this.segments = parent === undefined ? [] : undefined;
    this.text = parent === undefined ? "" : undefined;
  }

  get path(): Segments {
    return (this.segments ??= [...this.parent!.path, this.key]);
  }

  /** The path, dotted. */
  get dotted(): string {
    return (this.text ??= joinPath(this.parent!.dotted, this.key));
  }

  /** The value before, with lists as a whole; undefined inside a list. */
  get leafBefore(): Value | undefined {
    return this.listedBefore ? undefined : this.before;
  }

  /** The value after, with lists as a whole; undefined inside a list. */
  get leafAfter(): Value | undefined {
    return this.listedAfter ? undefined : this.after;
  }

  /**
   * Whether it is, or was, a leaf. When a leaf becomes a table or the reverse, its node and the leaves inside the table are
   * all changed leaves.
   */
  get leaf(): boolean {
    return isLeaf(this.leafBefore) || isLeaf(this.leafAfter);
  }

  /** Whether there are, or were, nodes below it. */
  get isContainer(): boolean {
    return isContainer(this.before) || isContainer(this.after);
  }

  /** Whether there are, or were, leaves below it. */
  get hasLeavesBelow(): boolean {
    return isTable(this.leafBefore) || isTable(this.leafAfter);
  }

  /** The changed nodes among these keys. */
  at(keys: Iterable<string>): readonly Change[] {
    const changes: Change[] = [];
    for (const key of keys) {
      const before = entry(this.before, key);
      const after = entry(this.after, key);
      if (!Object.is(before, after)) changes.push(new Change(key, this, before, after));
    }
    return changes;
  }

  /** The changed nodes one level down, in the order of their tables and lists. */
  below(): readonly Change[] {
    if (this.pieces === 1) return this.piece(0);
    return Array.from({ length: this.pieces }, (_, i) => this.piece(i)).flat();
  }

  /** The number of pieces in which the entries one level down are compared. */
  get pieces(): number {
    return Math.max(1, Math.ceil(this.entries.count / PIECE));
  }

  /** The changed nodes among one piece of the entries. */
  piece(index: number): readonly Change[] {
    return (this.computed[index] ??= this.compute(index * PIECE));
  }

  private compute(from: number): readonly Change[] {
    const changes: Change[] = [];
    const { keys, count } = this.entries;
    const { before, after } = this;
    const end = Math.min(count, from + PIECE);
    for (let i = from; i < end; i++) {
      const key = keys?.[i];
      const old = key === undefined ? elementAt(before, i) : entry(before, key);
      const value = key === undefined ? elementAt(after, i) : entry(after, key);
      if (!Object.is(old, value)) changes.push(new Change(key ?? String(i), this, old, value));
    }
    return changes;
  }

  private get entries(): Entries {
    return (this.listed ??= entriesOf(this.before, this.after));
  }
}

/** This many entries are compared in one go: well below a millisecond. */
const PIECE = 2_000;

/** The keys that one of two values has; for two lists only the number of elements. */
interface Entries {
  readonly keys: readonly string[] | undefined;
  readonly count: number;
}

function entriesOf(before: Value | undefined, after: Value | undefined): Entries {
  if (!isTable(before) && !isTable(after)) {
    const count = Math.max(lengthOf(before), lengthOf(after));
    return { keys: undefined, count };
  }
  const [old, now] = [keysIn(before), keysIn(after)];
  if (old.length === 0 || now.length === 0 || areEqual(old, now)) {
    const keys = old.length === 0 ? now : old;
    return { keys, count: keys.length };
  }
  const keys = old.slice();
  for (let i = 0; i < now.length; i++) {
    if (now[i] !== old[i] && entry(before, now[i]!) === undefined) keys.push(now[i]!);
  }
  return { keys, count: keys.length };
}

function keysIn(value: Value | undefined): readonly string[] {
  if (isTable(value)) return Object.isFrozen(value) ? keysOf(value) : Object.keys(value);
  return Array.isArray(value) ? Object.keys(value) : NONE;
}

const NONE: readonly never[] = [];

function areEqual(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

function lengthOf(value: Value | undefined): number {
  return Array.isArray(value) ? value.length : 0;
}

function elementAt(value: Value | undefined, index: number): Value | undefined {
  return Array.isArray(value) ? (value[index] as Value | undefined) : undefined;
}

/** The changes from `before` to `after`; undefined if there are none. */
export function diff(before: Table, after: Table): Change | undefined {
  return before === after ? undefined : new Change("", undefined, before, after);
}

/** A changed node as plain data. */
export interface ChangedPath {
  /** Dotted. */
  readonly path: string;
  readonly segments: Segments;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/**
 * All changed leaves, sorted by path.
 *
 * @param but the path of a node to leave out, with everything below it: for example a put, which is reported as one
 *   change
 */
export function changedLeaves(root: Change | undefined, but?: Segments): readonly ChangedPath[] {
  if (root === undefined) return [];
  const found: ChangedPath[] = [];
  const search = (place: LeafPlace): void => visitLeaves(place, found, search);
  search({ above: root, depth: 0, but });
  return sortedByPath(found);
}

/** A node to search for changed leaves, its depth, and the part to leave out. */
export interface LeafPlace {
  readonly above: Change;
  readonly depth: number;
  readonly but: Segments | undefined;
  /** The piece of the node's entries to search. Default: the first. */
  readonly piece?: number;
}

/**
 * One step of the search for changed leaves: adds those one level down to `found`, and the nodes to search next to
 * `deeper`.
 */
export function visitLeaves(place: LeafPlace, found: ChangedPath[], deeper: (place: LeafPlace) => void): void {
  const { above, depth, but, piece = 0 } = place;
  // If the excluded node is below here, it is one of the changes; if it is elsewhere, nothing is left out.
  const left = but !== undefined && but.length > depth ? but[depth] : undefined;
  for (const change of inOrder(above.piece(piece))) {
    const isOnTheWay = left !== undefined && change.key === left;
    if (isOnTheWay && but!.length === depth + 1) continue;
    const { leafBefore: before, leafAfter: after } = change;
    if (change.leaf) found.push({ path: change.dotted, segments: change.path, before, after });
    if (change.hasLeavesBelow) deeper({ above: change, depth: depth + 1, but: isOnTheWay ? but : undefined });
  }
  if (piece + 1 < above.pieces) deeper({ ...place, piece: piece + 1 });
}

/** Sorted by key, so that little is left to sort at the end. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  for (let i = 1; i < changes.length; i++) {
    if (changes[i - 1]!.key > changes[i]!.key) return changes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }
  return changes;
}

/** Whether more than this many nodes changed. */
export function changesMore(change: Change | undefined, most: number): boolean {
  const count = (at: Change, before: number): number => {
    let nodes = before;
    for (let i = 0; i < at.pieces && nodes <= most; i++) {
      for (const below of at.piece(i)) {
        nodes++;
        if (below.isContainer && nodes <= most) nodes = count(below, nodes);
        if (nodes > most) break;
      }
    }
    return nodes;
  };
  return change !== undefined && count(change, 0) > most;
}

/** `before` with the changed leaves applied: the tree after the change. */
export function apply(before: Table, leaves: readonly ChangedPath[]): Table {
  let root: Value = before;
  for (const { segments, after } of leaves) root = applied(root, segments, 0, after) ?? {};
  return root as Table;
}

/** Sorts by dotted path, as strings compare; in place. */
export function sortedByPath<T extends { readonly path: string }>(list: T[]): T[] {
  return list.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function isContainer(value: Value | undefined): boolean {
  return typeof value === "object" && value !== null;
}

function isLeaf(value: Value | undefined): boolean {
  return value !== undefined && (!isTable(value) || isEmpty(value));
}

/** An engine lists all keys of a table before it gives the first one: those of a large one are remembered. */
function isEmpty(table: Table): boolean {
  return keysIn(table).length === 0;
}

/**
 * Sets or removes a value. A table that loses its last leaf is removed with it, because an empty table is itself a
 * leaf.
 */
function applied(value: Value | undefined, path: Segments, depth: number, after: Value | undefined): Value | undefined {
  if (depth === path.length) return after;
  const key = path[depth]!;
  if (after === undefined && child(value, key) === undefined) return value;
  const table: Record<string, Value> = isTable(value) ? { ...value } : {};
  const next = applied(child(table, key), path, depth + 1, after);
  if (next !== undefined) table[key] = next;
  else delete table[key];
  return next === undefined && isEmpty(table) ? undefined : table;
}
