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
  if (isTable(after)) {
    if (!isTable(before)) return after;
    const draft = new Draft(before);
    for (const key of Object.keys(after)) {
      if (pace.due()) yield;
      const value = after[key]!;
      const old = child(before, key);
      draft.set(
        key,
        typeof value === "object" && value !== null && value !== old ? yield* share(old, value, pace) : value,
      );
    }
    return draft.done();
  }
  if (Array.isArray(after) && Array.isArray(before)) {
    const list: Value[] = [];
    let same = before.length === after.length;
    for (let i = 0; i < after.length; i++) {
      if (pace.due()) yield;
      const value: Value = yield* share(before[i] as Value | undefined, after[i] as Value, pace);
      same &&= Object.is(value, before[i]);
      list.push(value);
    }
    return same ? before : Object.freeze(list);
  }
  return after;
}
