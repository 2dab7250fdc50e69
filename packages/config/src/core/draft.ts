import { freezeTable, keysOf, makeTable, MOST_SHARED, valuesOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Structural sharing. A newly built tree reuses every equal subtree of the tree before it. Two subtrees are then equal
 * exactly if they are the same object, so a comparison of trees skips subtrees that are `===`.
 *
 *     before { a: { x: 1 }, b: { y: 1 } }   after { a: { x: 1 }, b: { y: 2 } }   →   { a: before.a, b: { y: 2 } }
 */

/** Whether a value is an inner node. */
export function isTable(value: Value | undefined): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a list. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** The value at `key` of a table. Ignores inherited properties such as `constructor`. */
export function child(value: Value | undefined, key: string): Value | undefined {
  return isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The value at `key` of a table, or at the index `key` of a list. */
export function entry(value: Value | undefined, key: string): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value))
    return isIndex(key) ? ((value as readonly Value[])[Number(key)] as Value | undefined) : undefined;
  return Object.hasOwn(value, key) ? (value as Table)[key] : undefined;
}

/** Whether a segment is an index of a list in canonical form: `0`, `17`, but not `00` or `-1`. */
export function isIndex(segment: string): boolean {
  const first = segment.charCodeAt(0);
  if (segment.length === 1) return first >= 48 && first <= 57;
  if (segment.length === 0 || segment.length > 9 || first < 49 || first > 57) return false;
  for (let i = 1; i < segment.length; i++) {
    const digit = segment.charCodeAt(i);
    if (digit < 48 || digit > 57) return false;
  }
  return true;
}

/** `tree` with another value at `path`, which exists; elements of lists are named by index. */
export function replace(tree: Table, path: Segments, value: Value): Table {
  return replaced(tree, path, 0, value) as Table;
}

function replaced(node: Value, path: Segments, depth: number, value: Value): Value {
  if (depth === path.length) return value;
  const key = path[depth]!;
  const below = replaced(entry(node, key)!, path, depth + 1, value);
  if (isList(node)) return Object.freeze(node.with(Number(key), below));
  return Object.freeze({ ...(node as Table), [key]: below });
}

/** Builds a frozen table key by key, and returns `before` itself if the result equals it. */
export class Draft {
  private readonly before: Table | undefined;
  private readonly keys: string[] = [];
  private readonly values: Value[] = [];
  /** Whether everything set so far is as in `before`. Then it is not built, unless the table is very large. */
  private same: boolean;
  private built: boolean;
  /** A large table is built while it is set: building it at the end would take long. */
  private large: Record<string, Value> | undefined;

  constructor(before: Value | undefined) {
    this.before = isTable(before) ? before : undefined;
    this.same = this.before !== undefined;
    this.built = !this.same;
  }

  /** Sets a key that was not set yet and is not `__proto__`. */
  set(key: string, value: Value): void {
    const count = this.keys.push(key);
    this.same &&= Object.is(this.before![key], value) && Object.hasOwn(this.before!, key);
    if (!this.built) {
      if (this.same && count <= MOST_UNBUILT) return;
      this.built = true;
      for (let i = 0; i < count - 1; i++) this.add(this.keys[i]!, this.before![this.keys[i]!]!, i);
    }
    this.add(key, value, count - 1);
  }

  /** The table, frozen. */
  done(): Table {
    const { before, keys } = this;
    if (this.same && keysOf(before!).length === keys.length) return before!;
    if (this.large !== undefined) return freezeTable(this.large, keys);
    return makeTable(keys, this.built ? this.values : keys.map((key) => before![key]!));
  }

  private add(key: string, value: Value, i: number): void {
    if (i < MOST_SHARED) {
      this.values.push(value);
      return;
    }
    if (this.large === undefined) {
      this.large = {};
      for (let j = 0; j < i; j++) this.large[this.keys[j]!] = this.values[j]!;
    }
    this.large[key] = value;
  }
}

/** After this many unchanged keys, a table is built anyway: doing that later would take long. */
const MOST_UNBUILT = 10_000;

/** `after`, with every subtree that equals its counterpart in `before` replaced by it. Both are frozen plain data. */
export function share(before: Value | undefined, after: Value): Value {
  if (typeof after !== "object" || after === null || typeof before !== "object" || before === null) {
    return Object.is(before, after) ? before! : after;
  }
  if (before === after) return after;
  if (Array.isArray(after)) return Array.isArray(before) ? shareList(before, after) : after;
  return Array.isArray(before) ? after : shareTable(before as Table, after as Table);
}

function shareList(before: readonly Value[], after: readonly Value[]): readonly Value[] {
  let equal = 0;
  let out: Value[] | undefined;
  for (let i = 0; i < after.length; i++) {
    const shared = share(before[i], after[i]!);
    if (i < before.length && Object.is(shared, before[i])) equal++;
    if (out === undefined && shared !== after[i]) out = after.slice(0, i);
    out?.push(shared);
  }
  if (equal === after.length && before.length === equal) return before;
  return out === undefined ? after : Object.freeze(out);
}

function shareTable(before: Table, after: Table): Table {
  const keys = keysOf(after);
  const values = valuesOf(after, keys);
  const oldKeys = keysOf(before);
  const oldValues = valuesOf(before, oldKeys);
  let equal = 0;
  let out: Value[] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = values[i]!;
    const old = key === oldKeys[i] ? oldValues[i] : child(before, key);
    if (Object.is(value, old)) {
      equal++;
    } else if (typeof value === "object" && value !== null && typeof old === "object") {
      const shared = share(old, value);
      if (shared === old) equal++;
      if (shared !== value) (out ??= values.slice())[i] = shared;
    }
  }
  if (equal === keys.length && oldKeys.length === equal) return before;
  return out === undefined ? after : makeTable(keys, out);
}
