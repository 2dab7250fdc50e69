import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * Types of paths, from a schema. With one, paths complete in the editor, values have their types, and a misspelt path
 * does not compile: the error names the existing keys. The compiler's work for a path grows with the path's length, not
 * with the width of the schema.
 *
 *     declare module "@otpts/config" {
 *       interface RegisteredConfig { schema: typeof schema }
 *     }
 */

/** The schema of `Config`, by declaration merging. */
export interface RegisteredConfig {} // oxlint-disable-line typescript/no-empty-object-type

/** The tree of `Config`; `unknown` if no schema is registered. */
export type RegisteredTree = RegisteredConfig extends { schema: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1.InferOutput<S>
  : unknown;

/** The values that may be put into the tree of `Config`: the schema's input. */
export type RegisteredInput = RegisteredConfig extends { schema: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1.InferInput<S>
  : unknown;

type Leaf = string | number | bigint | boolean | null | undefined;

/** A key as written in a dotted path. */
type Escaped<K extends string> = K extends `${infer A}.${infer B}` ? `${A}\\.${Escaped<B>}` : K;

/** All dotted paths of a tree, elements of lists by index; any string if the tree is unknown. */
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

/** A pattern that may match several paths. */
type Glob = `${string}${"*" | "?" | "[" | "{"}${string}`;

/** A path of a tree, or a pattern with wildcards; any string if the tree is unknown. */
export type PatternsOf<T> = unknown extends T ? string : PathsOf<T> | Glob;

/** The first segment of a dotted path without its escapes, and the rest. */
type Split<P extends string, Before extends string = ""> = P extends `${infer A}.${infer B}`
  ? A extends `${infer C}\\`
    ? Split<B, `${Before}${C}.`>
    : readonly [`${Before}${A}`, B]
  : readonly [`${Before}${P}`];

/** The keys of a node: for a union, those of all its members. */
type KeysOf<T> = T extends Leaf ? never : T extends readonly unknown[] ? `${number}` : keyof T & string;

/** The value at a key, or at any key for `*`. */
type At<T, K extends string> = unknown extends T
  ? unknown
  : T extends Leaf
    ? undefined
    : T extends readonly (infer E)[]
      ? E | undefined
      : K extends "*"
        ? T[keyof T]
        : K extends keyof T
          ? T[K]
          : undefined;

/** The value at a dotted path of a tree. */
export type ValueAt<T, P extends string> = unknown extends T
  ? unknown
  : Split<P> extends readonly [infer K extends string, infer Rest extends string]
    ? ValueAt<At<T, K>, Rest>
    : Split<P> extends readonly [infer K extends string]
      ? At<T, K>
      : unknown;

/** The value at the path with these segments. */
export type ValueAtSegments<T, S extends readonly string[]> = S extends readonly [
  infer K extends string,
  ...infer Rest extends readonly string[],
]
  ? ValueAtSegments<At<T, K>, Rest>
  : S extends readonly []
    ? T
    : unknown;

/** The path itself if it exists, otherwise the existing paths. */
export type KnownPath<T, P extends string> = Followed<T, P, "">;

type Followed<T, P extends string, Way extends string> = unknown extends T
  ? `${Way}${P}`
  : [KeysOf<NonNullable<T>>] extends [never]
    ? Way extends `${infer Above}.`
      ? Above
      : never
    : Split<P> extends readonly [infer K extends string, infer Rest extends string]
      ? K extends KeysOf<NonNullable<T>>
        ? Followed<At<NonNullable<T>, K>, Rest, `${Way}${Escaped<K>}.`>
        : `${Way}${Escaped<KeysOf<NonNullable<T>>>}`
      : Split<P> extends readonly [infer K extends string]
        ? K extends KeysOf<NonNullable<T>>
          ? `${Way}${Escaped<K>}`
          : `${Way}${Escaped<KeysOf<NonNullable<T>>>}`
        : string;

/**
 * The segments themselves if they are a path, otherwise the existing ones. An array of unknown length is not checked.
 */
export type KnownSegments<T, S extends readonly string[]> = number extends S["length"]
  ? S
  : S extends readonly [infer K extends string, ...infer Rest extends readonly string[]]
    ? unknown extends T
      ? S
      : K extends KeysOf<NonNullable<T>>
        ? readonly [K, ...KnownSegments<At<NonNullable<T>, K>, Rest>]
        : readonly [KeysOf<NonNullable<T>>, ...Rest]
    : readonly [];

/** A pattern with wildcards unchanged; one without must be a path. */
export type KnownPattern<T, P extends string> = P extends Glob ? P : KnownPath<T, P>;

/** The values that a pattern matches, or undefined, since a node may be added and removed. */
export type ValueMatching<T, P extends string> = P extends `${string}${"?" | "[" | "{" | "**"}${string}`
  ? unknown
  : Whole<P> extends true
    ? ValueAt<T, P>
    : unknown;

/** Whether each wildcard is a whole segment. */
type Whole<P extends string> = P extends `${infer A}.${infer B}`
  ? Whole<A> extends true
    ? Whole<B>
    : false
  : P extends "*"
    ? true
    : P extends `${string}*${string}`
      ? false
      : true;

/** A table with only some of its keys, at any depth. */
export type Partially<T> = unknown extends T
  ? unknown
  : T extends Leaf | readonly unknown[]
    ? T
    : { readonly [K in keyof T]?: Partially<T[K]> };
