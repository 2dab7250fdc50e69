import type { Scalar } from "./value.ts";

/** The known shape of a tree, from the schema or from lower values. */
export interface Shape {
  /** The tables and leaves below a node, by key; empty if unknown. */
  readonly children: ReadonlyMap<string, Shape>;
  readonly type?: ShapeType;
  /** The shape of every key that `children` does not name: a record's values. */
  readonly rest?: Shape;
  /** The shape of a list's elements, or of those after `prefix` if there is one. */
  readonly items?: Shape;
  /** The shapes of a tuple's elements. */
  readonly prefix?: readonly Shape[];
  /** A union: the value has one of these shapes. */
  readonly options?: readonly Shape[];
  /** The value is one of these. */
  readonly values?: readonly Scalar[];
  /** Whether the value may also be null. */
  readonly nullable?: true;
  /** The schema marks it as deprecated, with optional advice. */
  readonly deprecated?: string;
  /** The schema marks it as a secret. */
  readonly secret?: boolean;
  /** The shape is not from a schema, but is the type of the value below. */
  readonly guess?: true;
}

/** The type of a value. */
export type ShapeType = "string" | "number" | "integer" | "bigint" | "boolean" | "array" | "object";
