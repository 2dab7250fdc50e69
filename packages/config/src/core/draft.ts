import { Pace, type Steps } from "./steps.ts";
import type { Table, Value } from "./value.ts";

/**
 * Structural sharing. A tree that is built anew takes over every subtree that is equal in the tree before it, so that
 * `===` tells what did not change and a diff can skip it.
 */

/** Whether a value is an inner node. */
export function isTable(value: Value | undefined): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own value at `key`. Never sees `constructor` and the like that every object inherits. */
export function child(value: Value | undefined, key: string): Value | undefined {
  return isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Builds a frozen table key by key, and gives `before` itself back when the result equals it. */
export class Draft {
  private readonly before: Table | undefined;
  /** The keys set so far, while all of them are as in `before`; unused from the first difference on. */
  private same: string[] = [];
  private out: Record<string, Value> | undefined;

  constructor(before: Value | undefined) {
    this.before = isTable(before) ? before : undefined;
    if (this.before === undefined) this.out = {};
  }

  /** Sets a key that was not set yet and is not `__proto__`. */
  set(key: string, value: Value): void {
    if (this.out === undefined) {
      const before = this.before!;
      if (Object.is(before[key], value) && Object.hasOwn(before, key)) {
        this.same.push(key);
        return;
      }
      this.out = this.copied();
    }
    this.out[key] = value;
  }

  /** The table, frozen. */
  done(): Table {
    if (this.out === undefined) {
      if (Object.keys(this.before!).length === this.same.length) return this.before!;
      this.out = this.copied();
    }
    return Object.freeze(this.out);
  }

  private copied(): Record<string, Value> {
    const out: Record<string, Value> = {};
    for (const key of this.same) out[key] = this.before![key]!;
    this.same = [];
    return out;
  }
}

/** `after`, with every subtree that equals its counterpart in `before` replaced by it. Both are frozen plain data. */
export function* share(before: Value | undefined, after: Value, pace = new Pace()): Steps<Value> {
  if (Object.is(before, after)) return after;
  if (isTable(after)) return isTable(before) ? yield* shareTable(before, after, pace) : after;
  if (Array.isArray(after) && Array.isArray(before)) {
    const list: Value[] = [];
    let same = before.length === after.length;
    let own = true;
    for (let i = 0; i < after.length; i++) {
      if (pace.due()) yield;
      const value: Value = yield* share(before[i] as Value | undefined, after[i] as Value, pace);
      same &&= Object.is(value, before[i]);
      own &&= value === after[i];
      list.push(value);
    }
    return same ? before : own ? after : Object.freeze(list);
  }
  return after;
}

function* shareTable(before: Table, after: Table, pace: Pace): Steps<Table> {
  const keys = Object.keys(after);
  let equal = 0;
  let replaced: Map<string, Value> | undefined;
  for (const key of keys) {
    if (pace.due()) yield;
    const value = after[key]!;
    // What is inherited is never equal to a value.
    const old = before[key];
    if (Object.is(value, old)) {
      equal++;
    } else if (typeof value === "object" && value !== null && typeof old === "object") {
      const shared = yield* share(child(before, key), value, pace);
      if (shared === old) equal++;
      if (shared !== value) (replaced ??= new Map<string, Value>()).set(key, shared);
    }
  }
  if (equal === keys.length && Object.keys(before).length === equal) return before;
  if (replaced === undefined) return after;
  const out: Record<string, Value> = {};
  for (const key of keys) {
    if (pace.due()) yield;
    out[key] = replaced.get(key) ?? after[key]!;
  }
  return Object.freeze(out);
}
