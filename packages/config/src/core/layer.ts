import type { Shape } from "./shape.ts";
import type { Segments, Table } from "./value.ts";

/** The origin of a value, as data. All fields but `source` are set only if the source knows them. */
export interface Origin {
  /** Name of the source, as in `status`: unique in its manager, and set by it. */
  readonly source: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  /** Name of the environment variable. */
  readonly variable?: string;
  /** The rule that turned the variable's name into a path: `mapping`, `double_underscore`, `known_path`, `single_underscore` or `naive`. */
  readonly rule?: string;
  /** Key in Consul's key/value store. */
  readonly key?: string;
  /** The place as text, if the other fields do not contain it: `argv:--database.url`, `file:config.local.toml:3`. */
  readonly place?: string;
  /** The old name under which it was written, if it has been renamed. */
  readonly renamed_from?: string;
  /** The template's placeholders that made this value, each with the origin of its value. */
  readonly placeholders?: readonly {
    readonly name: string;
    readonly from: "substitutions" | "environment" | "default";
  }[];
}

/** Information for operators that is not an error: an ambiguous name, a skipped key. Never quotes a value. */
export interface Diagnostic {
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly path?: string;
}

/**
 * The contribution of one source: a tree and the origin of each of its leaves. Immutable.
 *
 * A custom source provides the place of a value with `origin`:
 *
 *     { source: "db", tree: { pool: { size: 5 } }, origin: ([, key]) => ({ source: "db", key: `settings/${key}` }), diagnostics: [] }
 */
export interface Layer {
  readonly source: string;
  readonly tree: Table;
  /**
   * The origin of the leaf at this path, or of the nearest known node above it. Elements of lists are named by their
   * index. Computed on demand, so that it costs nothing while loading.
   */
  origin(path: Segments): Origin;
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Paths that are secret, with everything below them, whatever their names. They stay secret, even after their values
   * are gone.
   */
  readonly secrets?: readonly Segments[];
  /** Size of the data that was read, in bytes, if it has one. */
  readonly bytes?: number;
}

/**
 * The paths and types of the lower layers and the schema, for a source whose names are ambiguous and whose values are
 * texts.
 */
export interface Knowledge {
  /**
   * The paths, of leaves and of tables, that a name may mean: equal to it apart from capitals, dashes, dots and
   * underscores. Only the best ones; several if they match equally well.
   *
   * @param folded the name in lower case, with underscores between its words
   */
  readonly paths: (folded: string) => readonly Segments[];
  /** For each part of a path, the keys that may be meant: the part itself if no key is known. */
  readonly named: (parts: readonly string[]) => readonly (readonly string[])[];
  /** The schema's shape of the value at a path, otherwise the shape of the value in the lower layers. */
  readonly expected: (path: Segments) => Shape | undefined;
  /**
   * Whether a lower layer or the schema has this path by name, not only as a possible key of a record in the schema.
   */
  readonly has: (path: Segments) => boolean;
  /** The known path nearest to an unknown one; undefined if the path is known, or no known path is near. */
  readonly near: (path: Segments) => Segments | undefined;
  /** The same with one more tree on top, for a source made of several parts. */
  readonly over: (tree: Table) => Knowledge;
}

/** A layer, or a function that makes one from the lower layers (the environment's third rule needs them). */
export type Contribution = Layer | ((lower: Knowledge) => Layer);
