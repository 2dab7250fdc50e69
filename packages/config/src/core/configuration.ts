import type { Aliases } from "./aliases.ts";
import type { Contribution, Layer } from "./layer.ts";
import { emptyLayer, type Names } from "./layers.ts";
import type { Making } from "./making.ts";
import { Overrides } from "./overrides.ts";
import type { Secrets } from "./secrets.ts";
import { Snapshot } from "./snapshot.ts";
import type { Validation } from "./validate.ts";
import type { Segments, Table, Value } from "./value.ts";

/** A configuration and everything it is made from. Immutable. */
export interface Configuration {
  /** The contribution of each source, lowest first; undefined if there is none. */
  readonly contributions: readonly (Contribution | undefined)[];
  /** The layers made from them. */
  readonly layers: readonly Layer[];
  readonly overrides: Overrides;
  /** The layers, merged. */
  readonly base: Table;
  /** With the overrides on top. */
  readonly raw: Table;
  /** The schema's output: the effective configuration. */
  readonly snapshot: Snapshot;
}

/** The rules of a configuration. */
export interface Rules extends Names {
  readonly validation: Validation;
  readonly secrets: Secrets;
}

/** A proposed change. */
export type Proposal =
  | Write
  | {
      readonly kind: "sources";
      readonly contributions: readonly (Contribution | undefined)[];
      /** The new overrides, if values were written to a source instead of overridden. */
      readonly overrides?: Overrides;
    };

/** A proposed change of the overrides. */
export type Write =
  | { readonly kind: "put"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "merge"; readonly path: Segments; readonly value: unknown }
  | { readonly kind: "unset"; readonly path: Segments };

/** Makes a value at once, or in slices if it is large. */
export type Make = (making: Making) => Value | Promise<Value>;

/** The empty table. */
export const EMPTY: Table = Object.freeze({});

/**
 * The configuration before the first load. @param secrets the secrets of this and all later ones; @param aliases the
 * old names, likewise
 */
export function emptyConfiguration(sources: readonly string[], secrets?: Secrets, aliases?: Aliases): Configuration {
  return {
    contributions: sources.map(() => undefined),
    layers: sources.map(emptyLayer),
    overrides: Overrides.none,
    base: EMPTY,
    raw: EMPTY,
    snapshot: new Snapshot(0, EMPTY, secrets, aliases),
  };
}
