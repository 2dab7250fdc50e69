import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * Types of paths, from a schema. With one, paths complete in the editor, values have their types, and a misspelt path does
 * not compile.
 *
 *     declare module "@otpts/config" {
 *       interface RegisteredConfig { schema: typeof schema }
 *     }
 */

/** The schema of `Config`, by declaration merging. */
export interface RegisteredConfig {} // oxlint-disable-line typescript/no-empty-object-type

/** The tree of `Config`; `unknown` where no schema is registered. */
export type RegisteredTree = RegisteredConfig extends { schema: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1.InferOutput<S>
  : unknown;

type Leaf = string | number | bigint | boolean | null | undefined;

/** A key as it stands in a dotted path. */
type Escaped<K extends string> = K extends `${infer A}.${infer B}` ? `${A}\\.${Escaped<B>}` : K;

/** All dotted paths of a tree, elements of lists by index; any string where nothing is known of it. */
export type PathsOf<T, Depth extends readonly 0[] = []> = unknown extends T
  ? string
  : Depth["length"] extends 8
    ? string
    : T extends Leaf
      ? never
      : T extends readonly (infer E)[]
        ? `${number}` | `${number}.${PathsOf<NonNullable<E>, readonly [...Depth, 0]>}`
        : {
            [K in keyof T & string]: Escaped<K> | `${Escaped<K>}.${PathsOf<NonNullable<T[K]>, readonly [...Depth, 0]>}`;
          }[keyof T & string];

/** The value at a dotted path of a tree. */
export type ValueAt<T, P extends string> = unknown extends T
  ? unknown
  : P extends `${string}\\.${string}`
    ? unknown
    : P extends `${infer K}.${infer Rest}`
      ? T extends readonly (infer E)[]
        ? K extends `${number}`
          ? ValueAt<NonNullable<E>, Rest> | undefined
          : unknown
        : K extends keyof T
          ? ValueAt<NonNullable<T[K]>, Rest> | (undefined extends T[K] ? undefined : never)
          : unknown
      : T extends readonly (infer E)[]
        ? P extends `${number}`
          ? E | undefined
          : unknown
        : P extends keyof T
          ? T[P]
          : unknown;
