import { type Aliases, knows, renamedBy } from "./aliases.ts";
import { entry, isTable } from "./draft.ts";
import { assign, type Override } from "./overrides.ts";
import { isWithin } from "./path.ts";
import type { Shape } from "./shape.ts";
import { valueAt } from "./snapshot.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Moves the values under old names in one layer to the new ones. If both exist, the new one counts; tables under both
 * are merged. A table that is empty afterwards is removed, unless the schema has it. Values are not moved out of lists.
 */
export function renamed(tree: Table, aliases: Aliases, shape: Shape | undefined): Renamed {
  let root = tree;
  const moved: Moved[] = [];
  for (const alias of aliases.list) {
    for (const from of matchesOf(root, alias.old)) {
      const to = renamedBy(alias, from);
      if (!canMove(root, from, to)) continue;
      const value = valueAt(root, from)!;
      const lost: Segments[] = [];
      root = (without(root, from, 0, sharedLength(from, to), shape, []) ?? {}) as Table;
      if (isObstructed(root, to)) lost.push(from);
      else root = placed(root, to, 0, (there) => united(there, value, from, lost)) as Table;
      moved.push({ from, to, lost });
    }
  }
  return { tree: root, moved };
}

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
    const inside = renamed(assign({}, path, override.value), aliases, shape);
    const away = inside.moved.filter(({ to }) => !isWithin(to, path));
    const into = path === override.path ? fresh : old;
    old.push(...away.flatMap(({ to }) => ({ path: to, value: valueAt(inside.tree, to)! })));
    const value = valueAt(inside.tree, path);
    if (inside.moved.length === 0) into.push({ path, value: override.value });
    else into.push({ path, value: value === undefined ? {} : value });
  }
  return [...old, ...fresh];
}

function matchesOf(tree: Table, pattern: Segments): readonly Segments[] {
  let found: readonly Segments[] = [[]];
  for (const segment of pattern) {
    found = found.flatMap((path) => {
      const node = valueAt(tree, path);
      if (segment !== "*") return entry(node, segment) === undefined ? [] : [[...path, segment]];
      if (Array.isArray(node)) return node.map((_one, i) => [...path, String(i)]);
      return isTable(node) ? Object.keys(node).map((key) => [...path, key]) : [];
    });
  }
  return found;
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

function without(
  node: Value,
  path: Segments,
  depth: number,
  keep: number,
  shape: Shape | undefined,
  at: Segments,
): Value | undefined {
  const key = path[depth]!;
  const below =
    depth === path.length - 1 ? undefined : without(entry(node, key)!, path, depth + 1, keep, shape, [...at, key]);
  if (Array.isArray(node)) return Object.freeze((node as readonly Value[]).with(Number(key), below ?? {}));
  const { [key]: _gone, ...others } = node as Table;
  const made: Table = below === undefined ? others : { ...(node as Table), [key]: below };
  const isEmpty = Object.keys(made).length === 0 && depth > keep && !knows(shape, at);
  return isEmpty ? undefined : Object.freeze(made);
}

function placed(
  node: Value | undefined,
  path: Segments,
  depth: number,
  by: (there: Value | undefined) => Value,
): Value {
  if (depth === path.length) return by(node);
  const key = path[depth]!;
  const below = placed(entry(node, key), path, depth + 1, by);
  if (Array.isArray(node)) return Object.freeze((node as readonly Value[]).with(Number(key), below));
  return Object.freeze({ ...(isTable(node) ? node : {}), [key]: below });
}

/** The effective combination of an old value and a new one. */
function united(fresh: Value | undefined, old: Value, from: Segments, lost: Segments[]): Value {
  if (fresh === undefined) return old;
  if (!isTable(fresh) || !isTable(old)) {
    lost.push(from);
    return fresh;
  }
  const made: Record<string, Value> = { ...fresh };
  for (const key of Object.keys(old)) {
    const there = Object.hasOwn(fresh, key) ? fresh[key] : undefined;
    made[key] = united(there, old[key]!, [...from, key], lost);
  }
  return Object.freeze(made);
}
