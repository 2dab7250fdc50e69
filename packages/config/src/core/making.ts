import { child, Draft, isTable, share } from "./draft.ts";
import { keysOf } from "./table.ts";
import type { Table, Value } from "./value.ts";

/**
 * A value that a rule makes from others, at once or entry by entry. The rule defines the entries and the value of each,
 * so the same rule makes a large tree at once or in slices (`sliced.ts`).
 *
 *     merging([{ a: 1 }, { b: 2 }])   has the entries "a" and "b", and makes { a: 1, b: 2 }
 */
export abstract class Making {
  /** The previous value, whose equal subtrees are reused. */
  abstract readonly before: Value | undefined;
  /** Whether more than this many values have to be visited. */
  abstract holdsMore(most: number): boolean;
  /** The keys of a table, in its order; the length of a list; undefined for a value without entries. */
  abstract entries(): readonly string[] | number | undefined;
  /** The value at a key or an index, or the way to make it. */
  abstract at(key: string | number): Value | Making;
  abstract whole(): Value;
}

/** Makes a table from the values at its keys, at once. */
export function tableOf(making: Making, keys: readonly string[]): Value {
  const draft = new Draft(making.before);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = making.at(key);
    draft.set(key, value instanceof Making ? value.whole() : value);
  }
  return draft.done();
}

/** Makes `after` share equal subtrees with `before`. Both are frozen plain data. */
export function sharing(before: Value | undefined, after: Value): Making {
  return new Sharing(before, after);
}

/** The same, if there is anything to do. */
export function shared(before: Value | undefined, after: Value): Value | Making {
  return areAlike(before, after) ? new Sharing(before, after) : after;
}

class Sharing extends Making {
  readonly before: Value | undefined;
  private readonly after: Value;

  constructor(before: Value | undefined, after: Value) {
    super();
    this.before = before;
    this.after = after;
  }

  holdsMore(most: number): boolean {
    return areAlike(this.before, this.after) && holdsMore(this.after, most);
  }

  entries(): readonly string[] | number | undefined {
    if (!areAlike(this.before, this.after)) return undefined;
    return isTable(this.after) ? keysOf(this.after) : (this.after as readonly Value[]).length;
  }

  at(key: string | number): Value | Making {
    if (typeof key === "string") return shared(child(this.before, key), child(this.after, key)!);
    return shared(elementOf(this.before, key), elementOf(this.after, key)!);
  }

  whole(): Value {
    return share(this.before, this.after);
  }
}

function elementOf(list: Value | undefined, index: number): Value | undefined {
  return (list as readonly Value[])[index];
}

/** Whether both are tables, or both lists, and not the same one. */
function areAlike(before: Value | undefined, after: Value): boolean {
  if (typeof after !== "object" || after === null || typeof before !== "object" || before === null) return false;
  return before !== after && Array.isArray(before) === Array.isArray(after);
}

/** Whether plain data contain more than `most` values. Counts no further than that. */
export function holdsMore(value: Value | undefined, most: number): boolean {
  return typeof value === "object" && value !== null && counted(value, 0, most) > most;
}

function counted(value: object, before: number, most: number): number {
  const keys = Array.isArray(value) ? undefined : keysOf(value as Table);
  let count = before + (keys ?? (value as readonly Value[])).length;
  if (count > most) return count;
  const values: readonly Value[] = keys === undefined ? (value as readonly Value[]) : Object.values(value);
  for (let i = 0; i < values.length && count <= most; i++) {
    const below = values[i]!;
    if (typeof below === "object" && below !== null) count = counted(below, count, most);
  }
  return count;
}
