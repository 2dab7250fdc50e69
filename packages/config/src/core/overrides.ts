import { child, Draft, isTable, share } from "./draft.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Runtime overrides: what `put` left behind, always on top of every source.
 *
 * What you put is what you get: an override replaces the whole subtree at its path. A later put below it changes that
 * subtree, a later put at it or above it replaces it. `unset` drops the overrides at a path and below; what the sources
 * say, or an override further up, shows again.
 *
 *     put db { port: 1 }, put db.host "a"   →  { db: { port: 1, host: "a" } }, whatever the sources have at db
 *     then unset db.host                    →  { db: { port: 1 } }
 */

/** One override. */
export interface Override {
  readonly path: Segments;
  readonly value: Value;
}

/** A set of overrides; immutable. */
export class Overrides {
  static readonly none = new Overrides({ value: undefined, below: new Map() });

  private readonly root: Node;

  private constructor(root: Node) {
    this.root = root;
  }

  /** The set that these overrides make when put one after the other. */
  static of(list: Iterable<Override>): Overrides {
    return Overrides.none.putAll(list);
  }

  /** With `value` (frozen plain data) at `path`, and nothing below it. */
  put(path: Segments, value: Value): Overrides {
    return this.putAll([{ path, value }]);
  }

  /** With all of these, put one after the other. */
  putAll(list: Iterable<Override>): Overrides {
    const edit = new Edit();
    const root = edit.copy(this.root);
    for (const { path, value } of list) {
      let node = root;
      for (let depth = 0; depth < path.length - 1; depth++) node = edit.below(node, path[depth]!);
      node.below.set(path[path.length - 1]!, { value, below: new Map() });
    }
    return new Overrides(root);
  }

  /** Without any override at `path` and below it. The same set when there was none. */
  unset(path: Segments): Overrides {
    return this.find(path) === undefined ? this : new Overrides(without(this.root, path, 0));
  }

  /** The override at exactly this path. */
  at(path: Segments): Value | undefined {
    return this.find(path)?.value;
  }

  /** The path of the override that decides the value at `path`: the deepest one at or above it. */
  deciding(path: Segments): Segments | undefined {
    let found: Segments | undefined;
    let node: Node | undefined = this.root;
    for (let depth = 0; depth < path.length; depth++) {
      node = node.below.get(path[depth]!);
      if (node === undefined) break;
      if (node.value !== undefined) found = path.slice(0, depth + 1);
    }
    return found;
  }

  /** All overrides, each after those above it, so that `Overrides.of` makes the same set again. */
  [Symbol.iterator](): IterableIterator<Override> {
    return listed(this.root, [], [])[Symbol.iterator]();
  }

  /** Whether there are overrides at or below a path. */
  hasWithin(path: Segments): boolean {
    return this.find(path) !== undefined;
  }

  /** The overrides at or below a path. */
  within(path: Segments): Override[] {
    const node = this.find(path);
    return node === undefined ? [] : [...listed(node, path, [])];
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.root.below.size === 0;
  }

  /** The overrides on top of `base`. Equal subtrees of `before` are taken over. */
  over(base: Table, before: Table | undefined): Table {
    return overlaid(base, this.root, before) as Table;
  }

  private find(path: Segments): Node | undefined {
    let node: Node | undefined = this.root;
    for (const segment of path) node = node?.below.get(segment);
    return node;
  }
}

/**
 * `tree` with `value` at `path`. What stands in the way of the path becomes a table. For a path that has just been put this
 * equals laying all overrides over the sources again, for less.
 */
export function assign(tree: Table, path: Segments, value: Value): Table {
  return assigned(tree, path, 0, value) as Table;
}

function assigned(node: Value | undefined, path: Segments, depth: number, value: Value): Value {
  if (depth === path.length) return value;
  const key = path[depth]!;
  const below = assigned(child(node, key), path, depth + 1, value);
  const out: Record<string, Value> = {};
  // Not a spread: of a frozen table with a thousand keys it takes five times as long.
  if (isTable(node)) for (const other of Object.keys(node)) out[other] = node[other]!;
  out[key] = below;
  return Object.freeze(out);
}

interface Node {
  /** undefined: no override here, only below. */
  readonly value: Value | undefined;
  readonly below: ReadonlyMap<string, Node>;
}

interface Editable extends Node {
  readonly below: Map<string, Node>;
}

/** Nodes that were copied for one change may be changed in place until it is over. */
class Edit {
  private readonly own = new Set<Node>();

  copy(node: Node): Editable {
    if (this.own.has(node)) return node as Editable;
    const copy = { value: node.value, below: new Map(node.below) };
    this.own.add(copy);
    return copy;
  }

  /** The node at `key` below one of its own, made if need be. */
  below(node: Editable, key: string): Editable {
    const next = this.copy(node.below.get(key) ?? { value: undefined, below: new Map() });
    node.below.set(key, next);
    return next;
  }
}

/** `node` without what is at `path`, and without nodes that say nothing. */
function without(node: Node, path: Segments, depth: number): Node {
  const key = path[depth]!;
  const below = new Map(node.below);
  const next = depth === path.length - 1 ? undefined : without(node.below.get(key)!, path, depth + 1);
  if (next === undefined || (next.value === undefined && next.below.size === 0)) below.delete(key);
  else below.set(key, next);
  return { value: node.value, below };
}

function listed(node: Node, path: Segments, into: Override[]): readonly Override[] {
  if (node.value !== undefined) into.push({ path, value: node.value });
  for (const [key, below] of node.below) listed(below, [...path, key], into);
  return into;
}

function overlaid(base: Value | undefined, node: Node, before: Value | undefined): Value {
  const current = node.value === undefined ? base : node.value;
  if (node.below.size === 0) return share(before, current!);
  const table: Table = isTable(current) ? current : {};
  const draft = new Draft(before);
  for (const key of Object.keys(table)) {
    const below = node.below.get(key);
    const value = table[key]!;
    draft.set(key, below === undefined ? share(child(before, key), value) : overlaid(value, below, child(before, key)));
  }
  for (const [key, below] of node.below) {
    if (!Object.hasOwn(table, key)) draft.set(key, overlaid(undefined, below, child(before, key)));
  }
  return draft.done();
}
