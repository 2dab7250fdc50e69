import { Draft } from "./draft.ts";
import { formatPath, isWellFormed, MAX_DEPTH } from "./path.ts";
import { Pace, type Steps } from "./steps.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Admission: what comes from outside is copied into plain, frozen data, or refused with the path of what is wrong.
 *
 * Plain data are strings, numbers, bigints, booleans, null, lists without holes, and tables: objects whose prototype is
 * `Object.prototype` or null. A key is not empty and not `__proto__`. A key whose value is undefined is absent. A string,
 * key or value, must be well-formed Unicode (a lone surrogate could not be written as UTF-8 and read back); NUL is a
 * character like any other. Nothing nests deeper than 500 levels or holds more than 2,000,000 values.
 */

/** Most values one tree may hold. A list that is shared by many parents counts once for each. */
export const MAX_VALUES = 2_000_000;

/** A value was refused: what is wrong, and where. Never quotes the value. */
export class PlainDataError extends Error {
  override readonly name = "PlainDataError";
  /** Where, from the root of the configuration. */
  readonly path: Segments;
  /** What is wrong there, for a sentence about the path: `is a function`. */
  readonly what: string;

  constructor(path: Segments, what: string) {
    super(`Value at "${shortened(path)}" ${what}`);
    this.path = path;
    this.what = what;
  }
}

/** How strict an admission is. */
export interface AdmissionRules {
  /** Where the value will stand. Default: the root. */
  readonly at?: Segments;
  /**
   * `true` for what a program hands over: accessors, symbol keys, hidden keys, cycles, NaN and the infinities are refused.
   * `false` for what a parser made: TOML knows `nan` and `inf`.
   */
  readonly strict: boolean;
}

/** What was admitted. */
export interface Admitted {
  /** Frozen; `before`, or parts of it, where equal. */
  readonly value: Value;
  /** Tables, lists and scalars that were looked at. */
  readonly nodes: number;
}

/**
 * Copies a value into plain frozen data, sharing with `before` what is equal there.
 *
 * @throws PlainDataError naming the first path that cannot be admitted
 */
export function* admit(value: unknown, before: Value | undefined, rules: AdmissionRules): Steps<Admitted> {
  const admission = new Admission(rules);
  try {
    const admitted = yield* admission.value(value, before);
    return { value: admitted, nodes: admission.pace.nodes };
  } catch (error) {
    if (error instanceof PlainDataError) throw error;
    throw admission.unreadable();
  }
}

class Admission {
  readonly pace = new Pace();
  private readonly strict: boolean;
  /** Where the walk is; changes in place. */
  private readonly path: string[];
  /** The objects between the root and where the walk is; kept in strict admissions only. */
  private readonly open = new Set<object>();

  constructor(rules: AdmissionRules) {
    this.strict = rules.strict;
    this.path = [...(rules.at ?? [])];
  }

  *value(value: unknown, before: Value | undefined): Steps<Value> {
    if (typeof value !== "object" || value === null) return this.scalar(value);
    if (this.path.length >= MAX_DEPTH) this.refuse(`nests deeper than ${MAX_DEPTH} levels`);
    if (!this.strict) return Array.isArray(value) ? yield* this.list(value, before) : yield* this.table(value, before);
    if (this.open.has(value)) this.refuse("contains itself");
    this.open.add(value);
    const admitted = Array.isArray(value) ? yield* this.list(value, before) : yield* this.table(value, before);
    this.open.delete(value);
    return admitted;
  }

  private *table(source: object, before: Value | undefined): Steps<Table> {
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      this.refuse(`is ${instanceName(source)}, must be plain data`);
    }
    const keys = Object.keys(source);
    if (this.strict) this.refuseHidden(source, keys.length);
    const draft = new Draft(before);
    const old = before as Record<string, Value> | null | undefined;
    const shared = typeof old === "object" && old !== null && !Array.isArray(old) ? old : undefined;
    for (const key of keys) {
      this.count();
      if (this.pace.due()) yield;
      this.path.push(key);
      if (key === "__proto__" || key === "" || !isWellFormed(key)) this.refuseKey(key);
      const value = this.strict ? this.own(source, key) : (source as Record<string, unknown>)[key];
      if (value !== undefined) {
        draft.set(
          key,
          typeof value === "object" && value !== null
            ? yield* this.value(value, shared !== undefined && Object.hasOwn(shared, key) ? shared[key] : undefined)
            : this.scalar(value),
        );
      }
      this.path.pop();
    }
    return draft.done();
  }

  private *list(source: readonly unknown[], before: Value | undefined): Steps<readonly Value[]> {
    if (this.strict && Object.keys(source).length !== source.length) {
      this.refuse("is a list with holes or with keys of its own, must be plain data");
    }
    const shared: readonly Value[] | undefined = Array.isArray(before) ? before : undefined;
    const list: Value[] = [];
    let same = shared?.length === source.length;
    for (let i = 0; i < source.length; i++) {
      this.count();
      if (this.pace.due()) yield;
      this.path.push(String(i));
      const value = yield* this.value(source[i], shared?.[i]);
      same &&= Object.is(value, shared?.[i]);
      list.push(value);
      this.path.pop();
    }
    return same ? shared! : Object.freeze(list);
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

  private refuseHidden(source: object, enumerable: number): void {
    if (Object.getOwnPropertySymbols(source).length > 0) this.refuse("has a symbol as key, must be plain data");
    if (Object.getOwnPropertyNames(source).length !== enumerable) {
      this.refuse("has keys that are not enumerable, must be plain data");
    }
  }

  private own(source: object, key: string): unknown {
    const property = Object.getOwnPropertyDescriptor(source, key);
    if (property?.get !== undefined || property?.set !== undefined) this.refuse("is an accessor, must be plain data");
    return property?.value as unknown;
  }

  private refuseKey(key: string): never {
    if (key === "__proto__") return this.refuse('has the key "__proto__", which no table may have');
    this.path.pop();
    return this.refuse(key === "" ? "has an empty key" : "has a key that is not well-formed Unicode");
  }

  private count(): void {
    if (this.pace.nodes >= MAX_VALUES) this.refuse(`is one of more than ${MAX_VALUES} values`);
  }

  /** A proxy's traps run when it is looked at, and may throw anything. */
  unreadable(): PlainDataError {
    return new PlainDataError(Object.freeze([...this.path]), "cannot be read: looking at it throws");
  }

  private refuse(what: string): never {
    throw new PlainDataError(Object.freeze([...this.path]), what);
  }
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
