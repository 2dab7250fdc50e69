import type { Shape } from "./shape.ts";
import type { Segments, Table } from "./value.ts";

/** Where a value came from, as data. Every field but `source` is there only where the source knows it. */
export interface Origin {
  /** Name of the source, as `status` shows it: unique in its manager, and set by it. */
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
  /** The place for people, where the other fields do not tell it: `argv:--database.url`, `file:config.local.toml:3`. */
  readonly place?: string;
  /** The old name under which it was written, where that has a new one by now. */
  readonly renamed_from?: string;
  /** Names of the template's placeholders that made this value, each with where its value came from. */
  readonly placeholders?: readonly {
    readonly name: string;
    readonly from: "substitutions" | "environment" | "default";
  }[];
}

/** Something an operator should know that is not an error: an ambiguous name, a key that was skipped. Never quotes a value. */
export interface Diagnostic {
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly path?: string;
}

/**
 * What one source contributes: a tree and, for each of its leaves, where it came from. Immutable.
 *
 * A source of one's own says where a value stands with `origin`:
 *
 *     { source: "db", tree: { pool: { size: 5 } }, origin: ([, key]) => ({ source: "db", key: `settings/${key}` }), diagnostics: [] }
 */
export interface Layer {
  readonly source: string;
  readonly tree: Table;
  /**
   * The origin of the leaf at this path, or of the nearest known node above it. Elements of lists are named by their index.
   * Computed when asked, so that loading costs nothing for it.
   */
  origin(path: Segments): Origin;
  readonly diagnostics: readonly Diagnostic[];
  /** Paths that are secret, with all below them, whatever they are called: from then on, also when they are gone. */
  readonly secrets?: readonly Segments[];
  /** Size of what was read, in bytes, where there is such a thing. */
  readonly bytes?: number;
}

/** What the layers below (and the schema) know: asked by a source whose names are ambiguous and whose values are texts. */
export interface Knowledge {
  /**
   * The paths, of leaves and of tables, that a name may mean: equal to it once capitals, dashes, dots and underscores are
   * folded away. Only the best ones; several where they fit equally well.
   *
   * @param folded the name in lower case, its words parted by underscores
   */
  readonly paths: (folded: string) => readonly Segments[];
  /** For each segment of a path whose parts are named, the keys that may be meant: the part itself where none is known. */
  readonly named: (parts: readonly string[]) => readonly (readonly string[])[];
  /** What the schema says of the value at a path, else the shape of the value that the layers below have there. */
  readonly expected: (path: Segments) => Shape | undefined;
  /** Whether a layer below or the schema names this path: not only as a key that a record of the schema takes in. */
  readonly has: (path: Segments) => boolean;
  /** The known path that is nearest to one that is not known; undefined where that is known, or nothing is near. */
  readonly near: (path: Segments) => Segments | undefined;
  /** The same knowledge with one more tree on top: for a source that is made of several. */
  readonly over: (tree: Table) => Knowledge;
}

/** A layer, or what becomes one when the layers below it are known (the environment's third rule needs them). */
export type Contribution = Layer | ((lower: Knowledge) => Layer);
