import { child, isTable } from "./draft.ts";
import { joinPath } from "./path.ts";
import { Pace, type Steps } from "./steps.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * What changed between two trees that share what is equal (`===`): a tree of changed nodes, computed as it is walked, so
 * that whoever looks for little visits little. A node changed when its value, or anything below it, did.
 */
export class Change {
  /** The last segment; empty for the root. */
  readonly key: string;
  readonly parent: Change | undefined;
  /** undefined: it was not there. */
  readonly before: Value | undefined;
  /** undefined: it is gone. */
  readonly after: Value | undefined;
  private computed: readonly Change[] | undefined;

  constructor(key: string, parent: Change | undefined, before: Value | undefined, after: Value | undefined) {
    this.key = key;
    this.parent = parent;
    this.before = before;
    this.after = after;
  }

  get path(): Segments {
    return this.parent === undefined ? [] : this.parent.path.concat(this.key);
  }

  /**
   * Whether it is, or was, a leaf: a scalar, a list, or a table without keys. When a leaf becomes a table or the reverse, its
   * node and the leaves inside the table are all changed leaves.
   */
  get leaf(): boolean {
    return isLeaf(this.before) || isLeaf(this.after);
  }

  /** Those of the keys whose nodes changed. */
  at(keys: Iterable<string>): readonly Change[] {
    const changes: Change[] = [];
    for (const key of keys) {
      const before = child(this.before, key);
      const after = child(this.after, key);
      if (!Object.is(before, after)) changes.push(new Change(key, this, before, after));
    }
    return changes;
  }

  /** The changed nodes one level down, in the order of their tables. */
  *below(pace: Pace): Steps<readonly Change[]> {
    if (this.computed !== undefined) return this.computed;
    const changes: Change[] = [];
    const before = isTable(this.before) ? this.before : NOTHING;
    const after = isTable(this.after) ? this.after : NOTHING;
    const old = Object.keys(before);
    let kept = 0;
    for (const key of old) {
      if (pace.due()) yield;
      // What is inherited is never equal to a value, so that only what differs needs a closer look.
      if (Object.is(before[key], after[key])) kept++;
      else if (Object.hasOwn(after, key)) {
        kept++;
        changes.push(new Change(key, this, before[key], after[key]));
      } else changes.push(new Change(key, this, before[key], undefined));
    }
    const now = Object.keys(after);
    if (now.length > kept) {
      for (const key of now) {
        if (pace.due()) yield;
        if (!Object.hasOwn(before, key)) changes.push(new Change(key, this, undefined, after[key]));
      }
    }
    return (this.computed = changes);
  }
}

const NOTHING: Table = {};

/** What changed from `before` to `after`; undefined when nothing did. */
export function diff(before: Table, after: Table): Change | undefined {
  return before === after ? undefined : new Change("", undefined, before, after);
}

/** A changed node, written out. */
export interface ChangedPath {
  /** Dotted. */
  readonly path: string;
  readonly segments: Segments;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** All changed leaves, sorted by path. */
export function* changedLeaves(root: Change | undefined, pace = new Pace()): Steps<readonly ChangedPath[]> {
  if (root === undefined) return [];
  const found: ChangedPath[] = [];
  yield* collect(root, "", [], found, pace);
  return yield* sortedByPath(found);
}

/** `before` with the changed leaves applied: the tree after the change. */
export function apply(before: Table, leaves: readonly ChangedPath[]): Table {
  let root: Value = before;
  for (const { segments, after } of leaves) root = applied(root, segments, 0, after) ?? {};
  return root as Table;
}

/** Sorts by dotted path, as strings compare, without holding others up. */
export function* sortedByPath<T extends { readonly path: string }>(list: T[]): Steps<T[]> {
  let sorted = true;
  for (let i = 1; i < list.length && sorted; i++) {
    if ((i & 4095) === 0) yield;
    sorted = list[i - 1]!.path <= list[i]!.path;
  }
  if (sorted) return list;
  let runs: T[][] = [];
  for (let i = 0; i < list.length; i += RUN) {
    runs.push(list.slice(i, i + RUN).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)));
    if (i > 0) yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(i + 1 < runs.length ? yield* mergedRuns(runs[i]!, runs[i + 1]!) : runs[i]!);
    }
    runs = merged;
  }
  return runs[0]!;
}

const RUN = 1024;

function* mergedRuns<T extends { readonly path: string }>(left: readonly T[], right: readonly T[]): Steps<T[]> {
  const out: T[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    if ((out.length & 4095) === 4095) yield;
    const takeLeft = r === right.length || (l < left.length && left[l]!.path <= right[r]!.path);
    out.push(takeLeft ? left[l++]! : right[r++]!);
  }
  return out;
}

function* collect(
  above: Change,
  path: string,
  segments: readonly string[],
  found: ChangedPath[],
  pace: Pace,
): Steps<void> {
  for (const change of yield* above.below(pace)) {
    if (pace.due()) yield;
    const at = joinPath(path, change.key);
    const below = segments.concat(change.key);
    const { before, after, leaf } = change;
    if (leaf) found.push({ path: at, segments: below, before, after });
    if (isTable(before) || isTable(after)) yield* collect(change, at, below, found, pace);
  }
}

function isLeaf(value: Value | undefined): boolean {
  return value !== undefined && (!isTable(value) || isEmpty(value));
}

function isEmpty(table: Table): boolean {
  for (const _ in table) return false;
  return true;
}

/** Sets or removes. A table that loses its last leaf goes with it: one that stays, empty, is told as a leaf of its own. */
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
