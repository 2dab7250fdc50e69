import { type Aliases, knows, renamedBy } from "./aliases.ts";
import { entry, isTable } from "./draft.ts";
import { andThen } from "./maybe.ts";
import { assign, type Override } from "./overrides.ts";
import { isWithin } from "./path.ts";
import type { Shape } from "./shape.ts";
import { type Budget, eachInTurn, PIECE, searched, UNLIMITED } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Moves the values under old names in one layer to the new ones. If both exist, the new one counts; tables under both
 * are merged. A table that is empty afterwards is removed, unless the schema has it. Values are not moved out of lists.
 *
 * @returns a promise if the budget was spent before the end
 */
export function renamed(
  tree: Table,
  aliases: Aliases,
  shape: Shape | undefined,
  budget: Budget,
): Renamed | Promise<Renamed> {
  if (aliases.isEmpty) return { tree, moved: [] };
  const work = new Renaming(tree, shape);
  return andThen(
    eachInTurn(
      aliases.list,
      (alias) =>
        andThen(matchesOf(work.root, alias.old, budget), (found) =>
          eachInTurn(found, (from) => work.move(from, renamedBy(alias, from)), budget),
        ),
      budget,
    ),
    () => andThen(work.frozen(budget), () => ({ tree: work.root, moved: work.moved })),
  );
}

/** One tree while its values are moved. A table or list is copied at its first change, and changed in place from then on. */
class Renaming {
  root: Table;
  readonly moved: Moved[] = [];
  private readonly shape: Shape | undefined;
  /** The copies, and how many entries each has: an engine takes long to count the keys of a large table from which keys are removed. */
  private readonly copies = new Map<object, number>();

  constructor(tree: Table, shape: Shape | undefined) {
    this.root = tree;
    this.shape = shape;
  }

  move(from: Segments, to: Segments): void {
    if (!canMove(this.root, from, to)) return;
    const value = valueAt(this.root, from)!;
    const lost: Segments[] = [];
    this.remove(from, sharedLength(from, to));
    if (isObstructed(this.root, to)) lost.push(from);
    else this.place(to, (there) => this.united(there, value, from, lost));
    this.moved.push({ from, to, lost });
  }

  /** The copies no longer change. */
  frozen(budget: Budget): void | Promise<void> {
    return eachInTurn(this.copies.keys(), (copy) => void Object.freeze(copy), budget);
  }

  private remove(path: Segments, keep: number): void {
    const way = this.opened(path.slice(0, -1));
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const table = way[depth]!;
      if (Array.isArray(table)) {
        table[Number(path[depth])] = {};
        return;
      }
      delete table[path[depth]!];
      const left = this.copies.get(table)! - 1;
      this.copies.set(table, left);
      if (depth <= keep || left > 0 || knows(this.shape, path.slice(0, depth))) return;
    }
  }

  private place(path: Segments, by: (there: Value | undefined) => Value): void {
    const way = this.opened(path.slice(0, -1));
    const [last, key] = [way.at(-1)!, path.at(-1)!];
    this.write(last, key, by(entry(last as Value, key)));
  }

  /** The nodes on the way to a path and at it, ready to be changed. Missing tables are created. */
  private opened(path: Segments): Open[] {
    let at = this.open(this.root);
    this.root = at as Table;
    const way = [at];
    for (const key of path) {
      const below = this.open(entry(at as Value, key));
      this.write(at, key, below as Value);
      way.push((at = below));
    }
    return way;
  }

  private open(node: Value | undefined): Open {
    if (typeof node === "object" && node !== null && this.copies.has(node)) return node as Open;
    const copy: Open = Array.isArray(node) ? node.slice() : isTable(node) ? { ...node } : {};
    this.copies.set(copy, Array.isArray(copy) ? copy.length : Object.keys(copy).length);
    return copy;
  }

  private write(node: Open, key: string, value: Value): void {
    if (Array.isArray(node)) {
      node[Number(key)] = value;
      return;
    }
    if (!Object.hasOwn(node, key)) this.copies.set(node, this.copies.get(node)! + 1);
    node[key] = value;
  }

  /** The combination of an old value and a new one. */
  private united(fresh: Value | undefined, old: Value, from: Segments, lost: Segments[]): Value {
    if (fresh === undefined) return old;
    if (!isTable(fresh) || !isTable(old)) {
      lost.push(from);
      return fresh;
    }
    const made = this.open(fresh);
    for (const key of Object.keys(old)) {
      this.write(made, key, this.united(entry(made as Value, key), old[key]!, [...from, key], lost));
    }
    return made as Value;
  }
}

/** A table or list that may be changed. */
type Open = Record<string, Value> | Value[];

/** A tree with its new names. */
export interface Renamed {
  readonly tree: Table;
  readonly moved: readonly Moved[];
}

/** A move from an old path to a new one. */
export interface Moved {
  readonly from: Segments;
  readonly to: Segments;
  /** The old paths of values that do not count, because the new paths have values too. */
  readonly lost: readonly Segments[];
}

/** The path under which a path of the new tree was written; undefined if that is the same. */
export function writtenAt(path: Segments, tree: Table, moved: readonly Moved[]): Segments | undefined {
  if (moved.length === 0 || valueAt(tree, path) !== undefined) return undefined;
  // The last move to this path decides.
  for (let i = moved.length - 1; i >= 0; i--) {
    const { from, to } = moved[i]!;
    const at = isWithin(path, to) ? [...from, ...path.slice(to.length)] : isWithin(to, path) ? from : undefined;
    if (at === undefined) continue;
    return valueAt(tree, at) === undefined ? (writtenAt(at, tree, moved.slice(0, i)) ?? at) : at;
  }
  return undefined;
}

/** Saved overrides with old names replaced. If both names were overridden, the new one counts. */
export function byNewNames(list: readonly Override[], aliases: Aliases, shape: Shape | undefined): readonly Override[] {
  if (aliases.isEmpty) return list;
  const [old, fresh]: [Override[], Override[]] = [[], []];
  for (const override of list) {
    const path = aliases.rename(override.path);
    const inside = renamed(assign({}, path, override.value), aliases, shape, UNLIMITED) as Renamed;
    const away = inside.moved.filter(({ to }) => !isWithin(to, path));
    const into = path === override.path ? fresh : old;
    old.push(...away.flatMap(({ to }) => ({ path: to, value: valueAt(inside.tree, to)! })));
    const value = valueAt(inside.tree, path);
    if (inside.moved.length === 0) into.push({ path, value: override.value });
    else into.push({ path, value: value === undefined ? {} : value });
  }
  return [...old, ...fresh];
}

/** The paths in a tree that an old path stands for. */
function matchesOf(tree: Table, pattern: Segments, budget: Budget): readonly Segments[] | Promise<readonly Segments[]> {
  const found: Segments[] = [];
  const start: Match = { node: tree, path: [], from: 0 };
  return andThen(
    searched([start], (place, deeper) => visit(place, pattern, found, deeper), budget),
    () => found,
  );
}

/** A node whose path agrees with the beginning of an old path. */
interface Match {
  readonly node: Value;
  readonly path: Segments;
  /** The next entry to visit. */
  readonly from: number;
  /** The keys of a table, listed once. */
  readonly keys?: readonly string[] | undefined;
}

function visit(place: Match, pattern: Segments, found: Segments[], deeper: (place: Match) => void): void {
  const { node, path, from } = place;
  const segment = pattern[path.length]!;
  const take = (key: string): void => {
    const below = entry(node, key);
    if (below === undefined) return;
    const at = [...path, key];
    if (at.length === pattern.length) found.push(at);
    else if (typeof below === "object" && below !== null) deeper({ node: below, path: at, from: 0 });
  };
  if (segment !== "*") return take(segment);
  const keys = isTable(node) ? (place.keys ?? Object.keys(node)) : undefined;
  const length = keys?.length ?? (Array.isArray(node) ? node.length : 0);
  const end = Math.min(length, from + PIECE);
  for (let i = from; i < end; i++) take(keys?.[i] ?? String(i));
  if (end < length) deeper({ ...place, from: end, keys });
}

function sharedLength(one: Segments, other: Segments): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}

/** Values are not moved out of a list, nor out of one of its elements. */
function canMove(tree: Table, from: Segments, to: Segments): boolean {
  const shared = sharedLength(from, to);
  for (let depth = shared; depth < from.length; depth++) {
    if (Array.isArray(valueAt(tree, from.slice(0, depth)))) return false;
  }
  return true;
}

/** Whether there is a value other than a table above a path. */
function isObstructed(tree: Table, path: Segments): boolean {
  for (let depth = 1; depth < path.length; depth++) {
    const at = valueAt(tree, path.slice(0, depth));
    if (at === undefined) return false;
    if (!isTable(at) && !(Array.isArray(at) && entry(at, path[depth]!) !== undefined)) return true;
  }
  return false;
}
