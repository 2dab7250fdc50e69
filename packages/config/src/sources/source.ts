import type { Contribution, Diagnostic, Knowledge } from "../core/layer.ts";
import type { Override } from "../core/overrides.ts";
import type { Segments, Value } from "../core/value.ts";
import type { Together } from "./together.ts";

/**
 * The result of a load:
 *  - `unchanged`: the same content as at the last load of this object; the last layer stays;
 *  - `data`: a new layer;
 *  - `absent`: there is nothing to load from. The manager applies `on_missing`: empty at first, later kept or cleared.
 *
 * An error is thrown, as a `ConfigSourceError`: the last good layer stays and `status` has the reason.
 */
export type Loaded =
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "absent" }
  | { readonly outcome: "data"; readonly contribution: Contribution };

/** The environment of a source, which tests can replace. */
export interface SourceContext {
  /**
   * Fires when the source's process ends, and, for a load, when it takes longer than `load_timeout`: all waiting of the
   * source must stop then. A load that goes on for another second is abandoned: its process is restarted, and may load
   * while the old load still hangs.
   */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether this is the first load since the source's process started: then `unchanged` is not allowed. */
  readonly first: boolean;
}

/** A running watch. */
export interface Watch {
  /**
   * Stops the watch; resolves when no watcher, timer, socket or request is left. Never rejects. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * A source of configuration. One object is used by one manager and driven by one process (`source_worker`), which never
 * runs two loads at a time. The order in `ConfigSpec.sources` decides the precedence.
 */
export interface Source {
  /** Unique in its manager; the manager appends `#2` and so on to equal names. Example: `file:config.toml`. */
  readonly name: string;
  readonly kind: "file" | "env" | "consul" | "template" | "runtime" | (string & {});
  /** `true`: a start fails when the first load throws. `false`: the manager starts with this layer empty. */
  readonly required: boolean;
  /** What to do when earlier data is absent: keep the last values, or clear them. */
  readonly on_missing: "keep" | "clear";
  load(context: SourceContext): Promise<Loaded>;
  /** Calls `changed` when a load might find something new (too often is allowed, too seldom is not). */
  watch?(changed: () => void, context: SourceContext): Promise<Watch>;
  /**
   * Writes through to the source's store (Consul with `write_through`). Resolves when the write is done; the manager
   * then loads before it replies to the put. The value `undefined` removes.
   */
  write?(path: Segments, value: Value | undefined, context: SourceContext): Promise<void>;
  /** Data about other sources that change together with this one; may be called at any time. */
  together?(): Together;
  /** The environment variable that sets a path, for documents and example files; undefined if there is none. */
  variable?(path: Segments, known: Knowledge): string | undefined;
  /**
   * Marks an object that is not a layer, but decides where the manager keeps its runtime overrides: in memory, or in a
   * file.
   */
  readonly overrides?: { readonly file: OverridesFile | undefined };
  /** The source's own status for operators: plain data without secrets. Shown as `details` in the manager's status. */
  status?(): object;
}

/** Keeps runtime overrides, so that an acknowledged put survives the program and the machine. */
export interface OverridesFile {
  /** Name in `status`. */
  readonly name: string;
  /**
   * Locks the file for a manager of this program, until `close`; called before `load`, and again when the manager
   * restarts.
   *
   * @param in_use returns whether that manager or its supervisors are alive
   * @throws ConfigSourceError `locked` if another program or manager has the file
   */
  lock(in_use: () => boolean): Promise<void>;
  /** Reads the saved overrides. @throws ConfigSourceError if they cannot be read */
  load(): Promise<{ readonly overrides: readonly Override[]; readonly diagnostics: readonly Diagnostic[] }>;
  /** Resolves when these have replaced the previous ones on disk. @throws ConfigSourceError if they cannot be saved */
  save(overrides: Iterable<Override>): Promise<void>;
  /** Resolves when nothing is being read or written and the file is released. */
  close(): Promise<void>;
}
