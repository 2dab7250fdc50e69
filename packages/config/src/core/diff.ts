import { child, entry, isTable } from "./draft.ts";
import { joinPath } from "./path.ts";
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
  private computed: readonly Change[] | undefined;
  private segments: Segments | undefined;
  private text: string | undefined;

  constructor(key: string, parent: Change | undefined, before: Value | undefined, after: Value | undefined) {
    this.key = key;
    this.parent = parent;
    this.before = before;
    this.after = after;
    this.listedBefore = parent !== undefined && (parent.listedBefore || Array.isArray(parent.before));
    this.listedAfter = parent !== undefined && (parent.listedAfter || Array.isArray(parent.after));
    this.computed = undefined;
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
    return (this.computed ??= this.compute());
  }

  private compute(): readonly Change[] {
    const changes: Change[] = [];
    const [before, after] = containersOf(this.before, this.after);
    const oldKeys = Object.keys(before);
    const oldValues = Object.values(before);
    const keys = Object.keys(after);
    const values = Object.values(after);
    let kept = 0;
    for (let i = 0; i < oldKeys.length; i++) {
      const key = oldKeys[i]!;
      const value = key === keys[i] ? values[i] : Object.hasOwn(after, key) ? after[key] : undefined;
      if (value !== undefined) kept++;
      if (!Object.is(oldValues[i], value)) changes.push(new Change(key, this, oldValues[i], value));
    }
    if (keys.length > kept) {
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        if (key !== oldKeys[i] && !Object.hasOwn(before, key))
          changes.push(new Change(key, this, undefined, values[i]));
      }
    }
    return changes;
  }
}

const NOTHING: Table = {};

/** Lists are walked by index, like tables by key. */
function containersOf(before: Value | undefined, after: Value | undefined): readonly [Table, Table] {
  const mixed = Array.isArray(before) ? isTable(after) : Array.isArray(after) && isTable(before);
  return [containerOf(before, mixed), containerOf(after, mixed)];
}

/** @param copied next to a table, a list must not expose its `length`, which is an ordinary key in a table */
function containerOf(value: Value | undefined, copied: boolean): Table {
  if (!isContainer(value)) return NOTHING;
  return copied && Array.isArray(value) ? (Object.fromEntries(Object.entries(value)) as Table) : (value as Table);
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
}

/**
 * One step of the search for changed leaves: adds those one level down to `found`, and the nodes to search next to
 * `deeper`.
 */
export function visitLeaves(
  { above, depth, but }: LeafPlace,
  found: ChangedPath[],
  deeper: (place: LeafPlace) => void,
): void {
  // If the excluded node is below here, it is one of the changes; if it is elsewhere, nothing is left out.
  const left = but !== undefined && but.length > depth ? but[depth] : undefined;
  for (const change of inOrder(above.below())) {
    const isOnTheWay = left !== undefined && change.key === left;
    if (isOnTheWay && but!.length === depth + 1) continue;
    const { leafBefore: before, leafAfter: after } = change;
    if (change.leaf) found.push({ path: change.dotted, segments: change.path, before, after });
    if (change.hasLeavesBelow) deeper({ above: change, depth: depth + 1, but: isOnTheWay ? but : undefined });
  }
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
    for (const below of at.below()) {
      nodes++;
      if (below.isContainer && nodes <= most) nodes = count(below, nodes);
      if (nodes > most) break;
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

function isEmpty(table: Table): boolean {
  for (const _ in table) return false;
  return true;
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
