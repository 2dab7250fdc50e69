import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { type Kind, QuantityFault, shown, writeQuantity } from "./quantity.ts";

/** Options of `duration` and `bytes`. */
export interface UnitOptions<U extends string = string> {
  /** The minimum: a text with its unit, or a number in the smallest unit (milliseconds, bytes). */
  readonly min?: string | number;
  /** The maximum. */
  readonly max?: string | number;
  /** The default for an absent value. */
  readonly default?: string | number;
  /** The unit of numbers without one. Without this option such a number is refused. */
  readonly unit?: U;
}

/** The input of a schema. */
export type UnitInput<O> =
  | string
  | (O extends { readonly unit: string } ? number : never)
  | (O extends { readonly default: string | number } ? undefined : never);

/** The rules for reading a kind of quantity. */
export interface Rules {
  readonly kind: Kind;
  readonly read: (value: unknown, unit: string | undefined) => number;
  /** A regular expression that matches every accepted text. */
  readonly pattern: string;
  /** The output's unit, in words. */
  readonly unit: string;
}

/** JSON Schema of a quantity as it may be written. */
export interface InputSchema {
  readonly type: "string" | readonly ["string", "number"];
  readonly pattern: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly default?: string;
}

const DIGITS = "^\\s*\\d+(?:\\.\\d+)?\\s*$";
const OPTIONS: readonly string[] = ["min", "max", "default", "unit"];

/**
 * A Standard Schema, and a Standard JSON Schema, for quantities with units. The output is an integer: milliseconds, or
 * bytes.
 */
export class UnitSchema<I = string | number | undefined> implements StandardSchemaV1<I, number> {
  readonly "~standard": StandardSchemaV1.Props<I, number> & StandardJSONSchemaV1.Props<I, number>;
  private readonly rules: Rules;
  private readonly unit: string | undefined;
  private readonly min: number;
  private readonly max: number;
  private readonly otherwise: number | undefined;

  /** @throws TypeError, RangeError if an option is invalid */
  constructor(name: string, rules: Rules, options: UnitOptions = {}) {
    const action = `Cannot make a schema with ${name}`;
    if (typeof options !== "object" || options === null) {
      throw new TypeError(`${action}: its options must be an object, got ${shown(options)}`);
    }
    for (const key of Object.keys(options)) {
      if (!OPTIONS.includes(key)) {
        throw new TypeError(`${action}: unknown option "${key}", known are ${OPTIONS.join(", ")}`);
      }
    }
    const { unit } = options;
    if (unit !== undefined && !rules.kind.units.has(unit)) {
      throw new TypeError(
        `${action}: unit must be one of ${[...rules.kind.units.keys()].join(", ")}, got ${shown(unit)}`,
      );
    }
    const smallest = [...rules.kind.units.keys()].at(-1);
    const limit = (key: "min" | "max" | "default"): number | undefined => {
      if (options[key] === undefined) return undefined;
      try {
        return rules.read(options[key], typeof options[key] === "number" ? smallest : undefined);
      } catch (error) {
        throw new TypeError(`${action}: ${key} ${(error as Error).message}`, { cause: error });
      }
    };
    this.rules = rules;
    this.unit = unit;
    this.min = limit("min") ?? 0;
    this.max = limit("max") ?? Infinity;
    this.otherwise = limit("default");
    if (this.min > this.max) throw new RangeError(`${action}: min must not be above max`);
    const wrong = this.otherwise === undefined ? undefined : this.outside(this.otherwise);
    if (wrong !== undefined) throw new RangeError(`${action}: default ${wrong}`);
    this["~standard"] = {
      version: 1,
      vendor: "otpts",
      validate: (value) => this.validated(value),
      jsonSchema: { input: () => ({ ...this.input() }), output: () => this.output() },
    };
  }

  /**
   * The quantity, in milliseconds or bytes.
   *
   * @throws TypeError if it is not a quantity, or is out of bounds
   */
  parse(value: unknown): number {
    const result = this.validated(value);
    if (result.issues === undefined) return result.value;
    throw new TypeError(`Cannot read the value: it ${result.issues[0]!.message}`);
  }

  /** The problem with a value, in words; undefined if it is valid. */
  problem(value: unknown): string | undefined {
    return this.validated(value).issues?.[0]?.message;
  }

  /** The JSON Schema of the input. */
  input(): InputSchema {
    const { kind, pattern } = this.rules;
    const numbers = this.unit === undefined ? "" : `; a number without a unit counts ${this.unit}`;
    return {
      type: this.unit === undefined ? "string" : ["string", "number"],
      pattern: this.unit === undefined ? pattern : `${pattern}|${DIGITS}`,
      description: `${sentence(kind.noun)} with its unit${this.bounds()}${numbers}`,
      examples: this.examples(),
      ...(this.otherwise === undefined ? {} : { default: writeQuantity(this.otherwise, kind) }),
    };
  }

  private output(): Record<string, unknown> {
    return {
      type: "integer",
      minimum: this.min,
      ...(this.max === Infinity ? {} : { maximum: this.max }),
      description: `${sentence(this.rules.kind.noun)} in ${this.rules.unit}`,
      ...(this.otherwise === undefined ? {} : { default: this.otherwise }),
    };
  }

  private examples(): readonly string[] {
    const { kind, read } = this.rules;
    const fitting = kind.examples.filter((text) => this.outside(read(text, undefined)) === undefined);
    if (fitting.length > 0) return fitting;
    return [writeQuantity(this.min > 0 ? this.min : this.max, kind)];
  }

  private bounds(): string {
    const { kind } = this.rules;
    const [least, most] = [writeQuantity(this.min, kind), this.max === Infinity ? "" : writeQuantity(this.max, kind)];
    if (most === "") return this.min === 0 ? "" : `, at least ${least}`;
    return this.min === 0 ? `, at most ${most}` : `, from ${least} to ${most}`;
  }

  private outside(size: number): string | undefined {
    const { kind } = this.rules;
    if (size < this.min) return `must be at least ${writeQuantity(this.min, kind)}, got ${writeQuantity(size, kind)}`;
    if (size > this.max) return `must be at most ${writeQuantity(this.max, kind)}, got ${writeQuantity(size, kind)}`;
    return undefined;
  }

  private validated(value: unknown): StandardSchemaV1.Result<number> {
    if (value === undefined) {
      if (this.otherwise !== undefined) return { value: this.otherwise };
      const { noun, examples } = this.rules.kind;
      return { issues: [{ message: `is missing: ${noun} is expected, such as "${examples[0]}"` }] };
    }
    let size: number;
    try {
      size = this.rules.read(value, this.unit);
    } catch (error) {
      if (!(error instanceof QuantityFault)) throw error;
      return { issues: [{ message: error.message }] };
    }
    const message = this.outside(size);
    return message === undefined ? { value: size } : { issues: [{ message }] };
  }
}

function sentence(noun: string): string {
  return noun[0]!.toUpperCase() + noun.slice(1);
}
