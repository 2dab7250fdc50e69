import { child, isTable } from "./draft.ts";
import { holdsMore, Making, shared, sharing, tableOf } from "./making.ts";
import { keysOf, makeTable, valuesOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Runtime overrides: the values of puts, always above every source.
 *
 * What you put is what you get: an override replaces the whole subtree at its path. A later put below it changes that
 * subtree, and a later put at it or above it replaces it. `unset` drops the overrides at a path and below, so that the
 * sources' values, or an override further up, show again.
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
  static readonly none = new Overrides(undefined);

  private readonly root: Node | undefined;

  private constructor(root: Node | undefined) {
    this.root = root;
  }

  /** The set that results from putting these overrides one after the other. */
  static of(list: Iterable<Override>): Overrides {
    const growing = new Map<string, Growing>();
    const root: Growing = { value: undefined, below: growing };
    for (const { path, value } of list) {
      let at = root;
      for (const segment of path.slice(0, -1)) at = grown(at, segment);
      at.below.set(path.at(-1)!, { value, below: new Map() });
    }
    return growing.size === 0 ? Overrides.none : new Overrides(nodeOf(root));
  }

  /** With `value` (frozen plain data) at `path`, and nothing below it. */
  put(path: Segments, value: Value): Overrides {
    return new Overrides(withNode(this.root, path, 0, () => new Node(value)));
  }

  /** With each leaf of `table` (frozen plain data) put at its path below `path`; a table without keys is a leaf. */
  merge(path: Segments, table: Table): Overrides {
    return new Overrides(withNode(this.root, path, 0, (node) => merged(node, table)));
  }

  /** Without any override at `path` and below it. The same set when there was none. */
  unset(path: Segments): Overrides {
    if (this.find(path) === undefined) return this;
    const root = without(this.root!, path, 0);
    return root === undefined ? Overrides.none : new Overrides(root);
  }

  /** The override at exactly this path. */
  at(path: Segments): Value | undefined {
    return this.find(path)?.value;
  }

  /** The path of the override that decides the value at `path`, which is the deepest one at or above it. */
  deciding(path: Segments): Segments | undefined {
    let found: Segments | undefined;
    let node = this.root;
    for (let depth = 0; depth < path.length; depth++) {
      node = node?.child(path[depth]!);
      if (node === undefined) break;
      if (node.value !== undefined) found = path.slice(0, depth + 1);
    }
    return found;
  }

  /** All overrides, each after those above it, so that `Overrides.of` makes the same set again. */
  [Symbol.iterator](): IterableIterator<Override> {
    return new Listing(this.root, []);
  }

  /** Whether there are overrides at or below a path. */
  hasWithin(path: Segments): boolean {
    return this.find(path) !== undefined;
  }

  /** The overrides at or below a path. */
  within(path: Segments): Override[] {
    return [...this.eachWithin(path)];
  }

  /** The same, one by one. */
  eachWithin(path: Segments): IterableIterator<Override> {
    return new Listing(this.find(path), path);
  }

  /** The value that the overrides at a path and below it make on their own; undefined if there are none. */
  alone(path: Segments): Making | undefined {
    const node = this.find(path);
    if (node === undefined) return undefined;
    const value = node.isLeaf ? node.value! : node.table;
    return value === undefined ? new LayingOver(undefined, node, undefined) : sharing(undefined, value);
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.root === undefined;
  }

  /** The overrides on top of `base`. Equal subtrees of `before` are reused. */
  over(base: Table, before: Table | undefined): Table {
    return this.layingOver(base, before).whole() as Table;
  }

  /** The same, made piece by piece. */
  layingOver(base: Table, before: Table | undefined): Making {
    return this.root === undefined ? sharing(before, base) : new LayingOver(base, this.root, before);
  }

  /**
   * The value where an override at `path` was dropped. Only there do the overrides over `base` differ from before.
   *
   * @param before the overrides over `base` until then
   * @returns the path, which may be further up if nothing is left below it, and the way to make its value; undefined:
   *   no value
   */
  uncovered(path: Segments, base: Table, before: Table): readonly [at: Segments, value: Making | undefined] {
    let node = this.root;
    let value: Value | undefined = base;
    let old: Value | undefined = before;
    let depth = 0;
    for (; depth < path.length && (node === undefined ? isTable(value) : !node.isLeaf); depth++) {
      const key = path[depth]!;
      value = child(standing(node, value), key);
      old = child(old, key);
      node = node?.child(key);
    }
    const at = path.slice(0, depth);
    if (node !== undefined && !node.isLeaf) return [at, new LayingOver(value, node, old)];
    const left = standing(node, value);
    return [at, left === undefined ? undefined : sharing(old, left)];
  }

  private find(path: Segments): Node | undefined {
    let node = this.root;
    for (const segment of path) node = node?.child(segment);
    return node;
  }
}

/**
 * `tree` with `value` at `path`. A value in the way of the path becomes a table. For a path that has just been put,
 * this equals laying all overrides over the sources again, at less cost.
 */
export function assign(tree: Table, path: Segments, value: Value): Table {
  return path.length === 0 ? (value as Table) : (assigning(tree, path, value).whole() as Table);
}

/** The same, made piece by piece. @param path not the root */
export function assigning(tree: Value | undefined, path: Segments, value: Value): Making {
  return new Assigning(isTable(tree) ? tree : NO_KEYS, path, value);
}

const NO_KEYS: Table = Object.freeze({});

/** A table with another value at one path. It differs from before, so nothing is compared. */
class Assigning extends Making {
  readonly before = undefined;
  private readonly table: Table;
  private readonly path: Segments;
  private readonly value: Value;

  constructor(table: Table, path: Segments, value: Value) {
    super();
    this.table = table;
    this.path = path;
    this.value = value;
  }

  holdsMore(most: number): boolean {
    let at: Value | undefined = this.table;
    let keys = 0;
    for (const key of this.path) {
      if (!isTable(at)) break;
      keys += keysOf(at).length;
      at = child(at, key);
    }
    return keys > most;
  }

  entries(): readonly string[] {
    const keys = keysOf(this.table);
    return Object.hasOwn(this.table, this.path[0]!) ? keys : [...keys, this.path[0]!];
  }

  at(key: string | number): Value | Making {
    if (key !== this.path[0]) return this.table[key]!;
    if (this.path.length === 1) return this.value;
    return assigning(child(this.table, this.path[0]!), this.path.slice(1), this.value);
  }

  whole(): Value {
    return tableOf(this, this.entries());
  }
}

/** `tree` without the value at `path`, which exists and is not the root. */
export function remove(tree: Table, path: Segments): Table {
  const [last, above] = [path.at(-1)!, path.slice(0, -1)];
  let table: Value = tree;
  for (const key of above) table = child(table, key)!;
  const keys = keysOf(table as Table).filter((key) => key !== last);
  const left = makeTable(
    keys,
    keys.map((key) => (table as Table)[key]!),
  );
  return above.length === 0 ? left : assign(tree, above, left);
}

/**
 * The overrides at a path and below it. Overrides that were merged together are kept as the merged table, in which each
 * leaf is an override.
 */
class Node {
  /** undefined: no override here, only below. */
  readonly value: Value | undefined;
  private readonly below: Table | ReadonlyMap<string, Node>;

  constructor(value: Value | undefined, below: Table | ReadonlyMap<string, Node> = NOTHING) {
    this.value = value;
    this.below = below;
  }

  /** The table merged here, if there are no other overrides. */
  get table(): Table | undefined {
    return this.value === undefined && !(this.below instanceof Map) ? (this.below as Table) : undefined;
  }

  get keys(): Iterable<string> {
    return this.below instanceof Map ? this.below.keys() : keysOf(this.below as Table);
  }

  /** Whether there are no overrides below. */
  get isLeaf(): boolean {
    return this.below === NOTHING;
  }

  child(key: string): Node | undefined {
    if (this.below instanceof Map) return this.below.get(key) as Node | undefined;
    const value = child(this.below as Table, key);
    return value === undefined ? undefined : nodeFor(value);
  }

  /** Whether there are more than this many overrides below. */
  holdsMore(most: number): boolean {
    if (!(this.below instanceof Map)) return holdsMore(this.below as Table, most);
    return this.below.size > most || [...this.below.values()].some((node: Node) => node.holdsMore(most));
  }

  /** The overrides below, one by one, to be changed. */
  opened(): Map<string, Node> {
    if (this.below instanceof Map) return new Map(this.below as ReadonlyMap<string, Node>);
    const nodes = new Map<string, Node>();
    for (const key of this.keys) nodes.set(key, this.child(key)!);
    return nodes;
  }
}

const NOTHING: ReadonlyMap<string, Node> = new Map();

/** The overrides from merging a table. */
function nodeFor(value: Value): Node {
  return isTable(value) && keysOf(value).length > 0 ? new Node(undefined, value) : new Node(value);
}

/** With another node at `path`. */
function withNode(
  node: Node | undefined,
  path: Segments,
  depth: number,
  change: (node: Node | undefined) => Node,
): Node {
  if (depth === path.length) return change(node);
  const below = node?.opened() ?? new Map<string, Node>();
  const key = path[depth]!;
  below.set(key, withNode(below.get(key), path, depth + 1, change));
  return new Node(node?.value, below);
}

/** The node with all leaves of a table put, one after the other. */
function merged(node: Node | undefined, table: Table): Node {
  if (node === undefined || keysOf(table).length === 0) return nodeFor(table);
  if (node.table !== undefined) {
    const both = together(node.table, table);
    if (both !== undefined) return new Node(undefined, both);
  }
  const below = node.opened();
  for (const key of keysOf(table)) {
    const value = table[key]!;
    const isInner = isTable(value) && keysOf(value).length > 0;
    below.set(key, isInner ? merged(below.get(key), value) : new Node(value));
  }
  return new Node(node.value, below);
}

/** Two merged tables as one; undefined if an override of the second is below one of the first. */
function together(first: Table, second: Table): Table | undefined {
  const keys = keysOf(second);
  const values = valuesOf(second, keys);
  let both: Value[] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const value = values[i]!;
    if (!isTable(value) || keysOf(value).length === 0) continue;
    const old = child(first, keys[i]!);
    if (old === undefined) continue;
    if (!isTable(old) || keysOf(old).length === 0) return undefined;
    const below = together(old, value);
    if (below === undefined) return undefined;
    if (below !== value) (both ??= values.slice())[i] = below;
  }
  const rest = keysOf(first).filter((key) => !Object.hasOwn(second, key));
  if (rest.length === 0) return both === undefined ? second : makeTable(keys, both);
  return makeTable([...rest, ...keys], [...rest.map((key) => first[key]!), ...(both ?? values)]);
}

/** `node` without the overrides at `path`, and without empty nodes. */
function without(node: Node, path: Segments, depth: number): Node | undefined {
  const key = path[depth]!;
  const below = node.opened();
  const next = depth === path.length - 1 ? undefined : without(below.get(key)!, path, depth + 1);
  if (next === undefined) below.delete(key);
  else below.set(key, next);
  return below.size === 0 && node.value === undefined
    ? undefined
    : new Node(node.value, below.size === 0 ? NOTHING : below);
}

/** The overrides at a path and below it, found one by one: each after those above it. */
class Listing implements IterableIterator<Override> {
  private readonly open: Visited[] = [];
  private first: Override | undefined;

  constructor(node: Node | undefined, path: Segments) {
    if (node !== undefined) this.first = this.enter(node, path);
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Override, undefined> {
    let found = this.first;
    this.first = undefined;
    while (found === undefined) {
      const last = this.open.at(-1);
      if (last === undefined) return { done: true, value: undefined };
      const { done, value: key } = last.keys.next();
      if (done === true) this.open.pop();
      else found = this.enter(last.node.child(key)!, [...last.path, key]);
    }
    return { done: false, value: found };
  }

  /** Continues with the nodes below a node. @returns its own override */
  private enter(node: Node, path: Segments): Override | undefined {
    this.open.push({ node, path, keys: node.keys[Symbol.iterator]() });
    return node.value === undefined ? undefined : { path, value: node.value };
  }
}

/** A node whose keys are being listed. */
interface Visited {
  readonly node: Node;
  readonly path: Segments;
  readonly keys: Iterator<string, unknown>;
}

/** A set under construction. */
interface Growing {
  readonly value: Value | undefined;
  readonly below: Map<string, Growing>;
}

function grown({ below }: Growing, key: string): Growing {
  let next = below.get(key);
  if (next === undefined) below.set(key, (next = { value: undefined, below: new Map() }));
  return next;
}

function nodeOf({ value, below }: Growing): Node {
  if (below.size === 0) return new Node(value);
  return new Node(value, new Map([...below].map(([key, node]) => [key, nodeOf(node)])));
}

/** The value at a path with its override: the override's own value, which may be null, or otherwise the value below. */
function standing(node: Node | undefined, base: Value | undefined): Value | undefined {
  return node?.value === undefined ? base : node.value;
}

/** Overrides laid over the value at one path. */
class LayingOver extends Making {
  readonly before: Value | undefined;
  private readonly node: Node;
  /** The value that the overrides below change: the table under them. */
  private readonly current: Value | undefined;

  constructor(base: Value | undefined, node: Node, before: Value | undefined) {
    super();
    this.before = before;
    this.node = node;
    this.current = standing(node, base);
  }

  holdsMore(most: number): boolean {
    return this.node.holdsMore(most) || (this.current !== undefined && holdsMore(this.current, most));
  }

  entries(): readonly string[] {
    const keys = isTable(this.current) ? keysOf(this.current) : [];
    const more = [...this.node.keys].filter((key) => !isTable(this.current) || !Object.hasOwn(this.current, key));
    return more.length === 0 ? keys : [...keys, ...more];
  }

  at(key: string | number): Value | Making {
    const below = this.node.child(String(key));
    const value = child(this.current, String(key));
    const before = child(this.before, String(key));
    if (below === undefined) return shared(before, value!);
    return below.isLeaf ? shared(before, below.value!) : new LayingOver(value, below, before);
  }

  whole(): Value {
    return tableOf(this, this.entries());
  }
}
