import { withoutCredentials } from "./credentials.ts";
import { child, isTable } from "./draft.ts";
import { Making } from "./making.ts";
import type { Standing } from "./standing.ts";
import { keysOf, makeTable, valuesOf } from "./table.ts";
import type { Table, Value } from "./value.ts";

/** The placeholder of a secret. */
export const REDACTED = "[redacted]";

/** A value that was redacted, and the result. */
export interface Shown {
  readonly value: Value;
  readonly shown: Value;
}

/**
 * A value as it may be shown: without values that a pattern matches, and without credentials in its texts. A value
 * without either is the same object.
 *
 * @param at the places in the patterns of secrets
 * @param was the previous value in its place and its result, which equal parts reuse
 */
export function redaction(value: Value, at: Standing, was?: Shown): Making {
  return new Redaction(value, at, was);
}

class Redaction extends Making {
  readonly before: Value;
  private readonly standing: Standing;
  private readonly was: Shown | undefined;

  constructor(value: Value, standing: Standing, was: Shown | undefined) {
    super();
    this.before = value;
    this.standing = standing;
    this.was = was;
  }

  holdsMore(most: number): boolean {
    return !this.isKnown && weightOf(this.before, 0, most) > most;
  }

  entries(): readonly string[] | number | undefined {
    const { before } = this;
    if (typeof before !== "object" || before === null || this.isKnown) return undefined;
    return isTable(before) ? keysOf(before) : (before as readonly Value[]).length;
  }

  at(key: string | number): Value | Making {
    const value = (this.before as { readonly [key: string | number]: Value })[key]!;
    const at = typeof key === "string" ? this.standing.next(key) : this.standing.at(key);
    if (at.isMatched) return REDACTED;
    if (typeof value !== "object" || value === null) return scalar(value);
    return new Redaction(value, at, typeof key === "string" ? below(this.was, key) : undefined);
  }

  whole(): Value {
    return redacted(this.before, this.standing, this.was);
  }

  /** Whether it is covered, or was redacted before. */
  private get isKnown(): boolean {
    return this.standing.isMatched || this.before === this.was?.value;
  }
}

/** The same, at once. */
export function redacted(value: Value, at: Standing, was?: Shown): Value {
  if (at.isMatched) return REDACTED;
  if (typeof value !== "object" || value === null) return scalar(value);
  if (value === was?.value) return was.shown;
  return isTable(value) ? redactedTable(value, at, was) : redactedList(value, at);
}

function redactedTable(table: Table, at: Standing, was: Shown | undefined): Table {
  const keys = keysOf(table);
  const values = valuesOf(table, keys);
  let shown: Value[] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const [key, value] = [keys[i]!, values[i]!];
    const next = at.next(key);
    let now: Value;
    if (next.isMatched) now = REDACTED;
    else if (typeof value !== "object" || value === null) now = scalar(value);
    else now = redacted(value, next, was === undefined ? undefined : below(was, key));
    if (now !== value) (shown ??= values.slice())[i] = now;
  }
  return shown === undefined ? table : makeTable(keys, shown);
}

function redactedList(list: readonly Value[], at: Standing): readonly Value[] {
  let shown: Value[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const value = list[i]!;
    const now = redacted(value, at.at(i));
    if (now !== value) (shown ??= list.slice())[i] = now;
  }
  return shown === undefined ? list : Object.freeze(shown);
}

function scalar(value: Value): Value {
  return typeof value === "string" ? withoutCredentials(value, REDACTED) : value;
}

function below(was: Shown | undefined, key: string): Shown | undefined {
  if (was === undefined) return undefined;
  const [value, shown] = [child(was.value, key), child(was.shown, key)];
  return value === undefined || shown === undefined ? undefined : { value, shown };
}

/** This many characters of a text take as long as one value. */
const LIKE_ONE = 200;

/** The number of values to visit; a long text counts for several. Counts no further than needed. */
function weightOf(value: Value, before: number, most: number): number {
  if (typeof value === "string") return before + 1 + Math.floor(value.length / LIKE_ONE);
  if (typeof value !== "object" || value === null) return before + 1;
  if (isTable(value) && before + keysOf(value).length > most) return most + 1;
  if (Array.isArray(value) && before + value.length > most) return most + 1;
  let weight = before + 1;
  const values: readonly Value[] = isTable(value) ? valuesOf(value, keysOf(value)) : value;
  for (let i = 0; i < values.length && weight <= most; i++) weight = weightOf(values[i]!, weight, most);
  return weight;
}
