import type { Scalar } from "./value.ts";

/** What is known of the shape of a tree from elsewhere: from the schema, or from the values below. */
export interface Shape {
  /** The tables and leaves below a node, by key; empty where the shape does not tell. */
  readonly children: ReadonlyMap<string, Shape>;
  readonly type?: ShapeType;
  /** The shape of every key that `children` does not name: a record's values. */
  readonly rest?: Shape;
  /** The shape of a list's elements; of those after `prefix`, where there is one. */
  readonly items?: Shape;
  /** The shapes of a tuple's elements. */
  readonly prefix?: readonly Shape[];
  /** A union: the value has one of these shapes. */
  readonly options?: readonly Shape[];
  /** The value is one of these. */
  readonly values?: readonly Scalar[];
  /** The value may be null as well. */
  readonly nullable?: true;
  /** The schema says that it should not be used any more, and perhaps what to do instead. */
  readonly deprecated?: string;
  /** The schema marks what is here as a secret. */
  readonly secret?: boolean;
  /** No schema tells this: it is the type of the value below. */
  readonly guess?: true;
}

/** The type of a value. */
export type ShapeType = "string" | "number" | "integer" | "bigint" | "boolean" | "array" | "object";
