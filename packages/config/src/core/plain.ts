import { child, Draft, isTable, share } from "./draft.ts";
import { formatPath, isWellFormed, MAX_DEPTH } from "./path.ts";
import { keysOf, MOST_SHARED, valuesOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Admission: a value from outside is copied into plain, frozen data, or refused with the path of the problem.
 *
 * Plain data are strings, numbers, bigints, booleans, null, lists without holes, and tables: objects whose prototype is
 * `Object.prototype` or null. A key is not empty and not `__proto__`. A key whose value is undefined is absent. A
 * string, key or value, must be well-formed Unicode (a lone surrogate could not be written as UTF-8 and read back); NUL
 * is an ordinary character. Nothing nests deeper than 500 levels or holds more than 2,000,000 values; no table has more
 * than 100,000 keys, as an engine can list and copy the keys of one table only all at once.
 *
 *     admit({ a: 1, b: () => 1 })   throws PlainDataError: value at "b" is a function, must be plain data
 */

/** Maximum number of values in one tree. A list that is shared by many parents counts once for each. */
export const MAX_VALUES = 2_000_000;

/** Maximum number of keys in one table. */
export const MAX_KEYS = 100_000;

/** A refused value, with the problem and its path. Never quotes the value. */
export class PlainDataError extends Error {
  override readonly name = "PlainDataError";
  /** The path from the root of the configuration. */
  readonly path: Segments;
  /** The problem, for a sentence about the path: `is a function`. */
  readonly what: string;

  constructor(path: Segments, what: string) {
    super(`Value at "${shortened(path)}" ${what}`);
    this.path = path;
    this.what = what;
  }
}

/** How strict an admission is. */
export interface AdmissionRules {
  /** The path at which the value will be. Default: the root. */
  readonly at?: Segments;
  /**
   * `true` for values from a program: accessors, symbol keys, hidden keys, cycles, NaN and the infinities are refused.
   * `false` for values from a parser: TOML has `nan` and `inf`.
   */
  readonly strict: boolean;
}

/** The rules for values from a parser. */
export const LENIENT: AdmissionRules = { strict: false };

/**
 * Copies a value into plain frozen data, sharing equal subtrees with `before`.
 *
 * @throws PlainDataError with the first path that cannot be admitted
 */
export function admit(value: unknown, before: Value | undefined, rules: AdmissionRules): Value {
  if (isAdmitted(value, rules)) return share(before, value);
  const admission = new Admission(rules);
  try {
    return admission.finish(admission.value(value, before));
  } catch (error) {
    throw admission.refusal(error);
  }
}

/** Whether a value is the result of a strict admission and fits at its path, so that it can be used unchanged. */
export function isAdmitted(value: unknown, { at = [] }: AdmissionRules): value is Table | readonly Value[] {
  if (typeof value !== "object" || value === null) return false;
  const height = heights.get(value);
  return height !== undefined && at.length + height <= MAX_DEPTH;
}

/** The results of strict admissions, with their depths. An entry for the top covers everything below it. */
const heights = new WeakMap<object, number>();

/** One walk over one value, which may pause (see `sliced.ts`): the rules for a table, a list and a scalar. */
export class Admission {
  private readonly strict: boolean;
  private readonly root: number;
  private deepest: number;
  /** Number of tables, lists and scalars visited. */
  private nodes = 0;
  /** The current path of the walk; changes in place. */
  private readonly path: string[];
  /** The objects from the root to the current node; kept only in strict admissions. */
  private readonly open = new Set<object>();

  constructor(rules: AdmissionRules) {
    this.strict = rules.strict;
    this.path = [...(rules.at ?? [])];
    this.root = this.deepest = this.path.length;
  }

  /** Admits the value at the current node. */
  value(value: unknown, before: Value | undefined): Value {
    if (typeof value !== "object" || value === null) return this.scalar(value);
    const keys = this.enter(value);
    const admitted =
      keys === undefined ? this.list(value as readonly unknown[], before) : this.table(value, keys, before);
    this.leave(value);
    return admitted;
  }

  /** Begins a table or list: checks its type and size. Returns a table's keys, or undefined for a list. */
  enter(value: object): readonly string[] | undefined {
    if (this.path.length >= MAX_DEPTH) this.refuse(`nests deeper than ${MAX_DEPTH} levels`);
    this.deepest = Math.max(this.deepest, this.path.length + 1);
    if (this.strict) {
      if (this.open.has(value)) this.refuse("contains itself");
      this.open.add(value);
    }
    if (!Array.isArray(value)) return this.keysOf(value);
    this.count(value.length);
    // The keys of a very long list are not read, because the engine would have to make them; a hole is found on the
    // way.
    if (this.strict && value.length <= MAX_KEYS && Object.keys(value).length !== value.length) {
      this.refuse("is a list with holes or with additional keys, must be plain data");
    }
    return undefined;
  }

  /** Ends a table or list. */
  leave(value: object): void {
    this.open.delete(value);
  }

  /** Admits the value at a key or index of the current node. */
  at(key: string, value: unknown, before: Value | undefined): Value {
    this.path.push(key);
    const admitted = this.value(value, before);
    this.path.pop();
    return admitted;
  }

  /** The value at a table's key, which is checked; undefined if it is absent. */
  read(source: object, key: string): unknown {
    this.checkKey(key);
    if (!this.strict) return (source as Record<string, unknown>)[key];
    const property = Object.getOwnPropertyDescriptor(source, key);
    if (property?.get !== undefined || property?.set !== undefined) {
      this.path.push(key);
      this.refuse("is an accessor, must be plain data");
    }
    return property?.value as unknown;
  }

  /** Moves the walk to a key or index, or back. */
  step(key: string | undefined): void {
    if (key === undefined) this.path.pop();
    else this.path.push(key);
  }

  /** Marks the result as admitted. */
  finish(value: Value): Value {
    if (this.strict && typeof value === "object" && value !== null) heights.set(value, this.deepest - this.root);
    return value;
  }

  /** The reason why the walk failed: inspecting a proxy runs its traps, which may throw anything. */
  refusal(error: unknown): PlainDataError {
    if (error instanceof PlainDataError) return error;
    return new PlainDataError(Object.freeze([...this.path]), "cannot be read: reading it throws");
  }

  private table(source: object, keys: readonly string[], before: Value | undefined): Table {
    const old = isTable(before) ? before : undefined;
    return this.strict || keys.length > MOST_SHARED ? this.built(source, keys, old) : this.cloned(source, old);
  }

  /** Builds a table key by key. */
  private built(source: object, keys: readonly string[], old: Table | undefined): Table {
    const draft = new Draft(old);
    for (const key of keys) {
      const value = this.read(source, key);
      if (value !== undefined) draft.set(key, this.at(key, value, child(old, key)));
    }
    return draft.done();
  }

  /**
   * Copies a table made by a parser as a whole, and then corrects the copy: an engine does that many times faster than
   * building it. If it has the same keys in the same order as the previous table, only values are compared.
   */
  private cloned(source: object, old: Table | undefined): Table {
    const copy = { ...source } as Record<string, unknown>;
    const keys = Object.keys(copy);
    const values = Object.values(copy);
    const oldKeys = old === undefined ? NONE : keysOf(old);
    const oldValues = old === undefined ? NONE : valuesOf(old, oldKeys);
    let isSame = old !== undefined && keys.length === oldKeys.length;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const value = values[i];
      const isInPlace = key === oldKeys[i];
      if (isInPlace && Object.is(value, oldValues[i])) continue;
      const below = isInPlace ? oldValues[i] : child(old, key);
      if (!isInPlace) this.checkKey(key);
      if (value === undefined) {
        delete copy[key];
        isSame = false;
        continue;
      }
      const isLeaf = typeof value !== "object" || value === null;
      const admitted = isLeaf && typeof value !== "string" ? this.leaf(key, value) : this.at(key, value, below);
      if (!Object.is(admitted, below)) isSame = false;
      if (admitted !== value) copy[key] = admitted;
    }
    if (isSame) return old!;
    const made = Object.freeze(copy) as Table;
    return keys.length === oldKeys.length || old === undefined ? made : (share(old, made) as Table);
  }

  private leaf(key: string, value: unknown): Value {
    return typeof value === "number" || typeof value === "boolean" ? value : this.at(key, value, undefined);
  }

  private list(source: readonly unknown[], before: Value | undefined): readonly Value[] {
    const old: readonly Value[] | undefined = Array.isArray(before) ? before : undefined;
    const list = newList();
    let same = old?.length === source.length;
    for (let i = 0; i < source.length; i++) {
      const element = source[i];
      const value =
        (typeof element === "number" && Number.isFinite(element)) || typeof element === "boolean"
          ? element
          : this.at(String(i), element, old?.[i]);
      same &&= Object.is(value, old?.[i]);
      list.push(value);
    }
    return same ? old! : Object.freeze(list);
  }

  private scalar(value: unknown): Value {
    switch (typeof value) {
      case "boolean":
      case "bigint":
        return value;
      case "string":
        if (!isWellFormed(value)) this.refuse("is not well-formed Unicode: it holds a lone surrogate");
        return value;
      case "number":
        if (this.strict && !Number.isFinite(value)) this.refuse(`is ${value}, must be a finite number`);
        return value;
      case "undefined":
        return this.refuse("is undefined, which is absence and not a value");
      case "function":
      case "symbol":
        return this.refuse(`is a ${typeof value}, must be plain data`);
      default:
        return null;
    }
  }

  private keysOf(source: object): readonly string[] {
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      this.refuse(`is ${instanceName(source)}, must be plain data`);
    }
    const keys = Object.keys(source);
    if (keys.length > MAX_KEYS) {
      this.refuse(`has ${keys.length} keys, at most ${MAX_KEYS} are allowed in one table`);
    }
    this.count(keys.length);
    if (!this.strict) return keys;
    if (Object.getOwnPropertySymbols(source).length > 0) this.refuse("has a symbol as key, must be plain data");
    // Many keys are not listed twice, because that takes long.
    if (keys.length <= MANY && Object.getOwnPropertyNames(source).length > keys.length) {
      this.refuse("has keys that are not enumerable, must be plain data");
    }
    return keys;
  }

  /** Counts values before visiting them, so that a value that is too large is refused at once. */
  private count(values: number): void {
    if (values > MAX_VALUES) this.refuse(`holds ${values} values, at most ${MAX_VALUES} are allowed`);
    this.nodes += values;
    if (this.nodes > MAX_VALUES) this.refuse(`is one of more than ${MAX_VALUES} values`);
  }

  private checkKey(key: string): void {
    if (key !== "__proto__" && key !== "" && isWellFormed(key)) return;
    if (key === "__proto__") {
      this.path.push(key);
      return this.refuse('has the key "__proto__", which no table may have');
    }
    return this.refuse(key === "" ? "has an empty key" : "has a key that is not well-formed Unicode");
  }

  private refuse(what: string): never {
    throw new PlainDataError(Object.freeze([...this.path]), what);
  }
}

/** A table with more keys than this is not searched for hidden ones. */
const MANY = 10_000;
const NONE: readonly never[] = [];

/** An empty list for values of all kinds: an engine takes long to freeze a list that it has specialised for doubles. */
export function newList(): Value[] {
  const list: Value[] = [null];
  list.pop();
  return list;
}

function shortened(path: Segments): string {
  const text = formatPath(path.length > 20 ? path.slice(0, 20) : path);
  return path.length > 20 || text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function instanceName(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor;
  const name = typeof constructor === "function" ? constructor.name : "";
  return name === "" ? "an instance of a class" : `an instance of ${name}`;
}
