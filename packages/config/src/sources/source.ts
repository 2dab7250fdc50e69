import type { Contribution, Diagnostic, Knowledge } from "../core/layer.ts";
import type { Override } from "../core/overrides.ts";
import type { Segments, Value } from "../core/value.ts";
import type { Together } from "./together.ts";

/**
 * What a load found:
 *  - `unchanged`: the same content as at the last load of this object; the last layer stays;
 *  - `data`: a new layer;
 *  - `absent`: the thing to load from is not there. The manager applies `on_missing`: empty at first, later kept or cleared.
 *
 * An error is thrown, as a `ConfigSourceError`: the last good layer stays and `status` tells why.
 */
export type Loaded =
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "absent" }
  | { readonly outcome: "data"; readonly contribution: Contribution };

/** What a source gets from outside, so that tests can give something else. */
export interface SourceContext {
  /**
   * Fires when the source's process ends, and, for a load, when it takes longer than `load_timeout`: whatever the source
   * waits for must stop then. A load that goes on for another second is abandoned: its process is started again, which may
   * load while the old load still hangs.
   */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** First load since the source's process started: `unchanged` is not an allowed answer. */
  readonly first: boolean;
}

/** A running watch. */
export interface Watch {
  /** Stops it; resolves when no watcher, timer, socket or request is left. Never rejects. May be called twice. */
  close(): Promise<void>;
}

/**
 * A place configuration comes from. One object serves one manager; it is driven by one process (`source_worker`), which
 * never runs two loads of it at a time. Order in `ConfigSpec.sources` decides who wins.
 */
export interface Source {
  /** Unique in its manager; the manager appends `#2` and so on where two are alike. Example: `file:config.toml`. */
  readonly name: string;
  readonly kind: "file" | "env" | "consul" | "template" | "runtime" | (string & {});
  /** `true`: a start fails when the first load throws. `false`: the manager starts with this layer empty. */
  readonly required: boolean;
  /** What to do when what was there once is absent: keep the last values, or clear them. */
  readonly on_missing: "keep" | "clear";
  load(context: SourceContext): Promise<Loaded>;
  /** Calls `changed` when a load might find something new (it may be called too often, never too seldom). */
  watch?(changed: () => void, context: SourceContext): Promise<Watch>;
  /**
   * Writes through to the place itself (Consul with `write_through`). Resolves when the write is done there; the manager
   * then loads before it answers the put. `undefined` as value removes.
   */
  write?(path: Segments, value: Value | undefined, context: SourceContext): Promise<void>;
  /** What is known of other sources that change together with this one; asked for at any time. */
  together?(): Together;
  /** The environment variable that sets a path, for documents and example files; undefined where there is none. */
  variable?(path: Segments, known: Knowledge): string | undefined;
  /** Says that this is no layer, but where the manager keeps its runtime overrides: in memory, or in a file. */
  readonly overrides?: { readonly file: OverridesFile | undefined };
  /** What the source itself can tell an operator: plain data without secrets. Shown as `details` in the manager's status. */
  status?(): object;
}

/** Keeps runtime overrides, so that an acknowledged put survives the program and the machine. */
export interface OverridesFile {
  /** Name in `status`. */
  readonly name: string;
  /**
   * Takes the file for a manager of this program, until `close`; called before `load`, again when the manager starts again.
   *
   * @param in_use whether that manager, or its supervisors, are alive
   * @throws ConfigSourceError `locked` when another program or manager has the file
   */
  lock(in_use: () => boolean): Promise<void>;
  /** Reads what was saved. @throws ConfigSourceError when it cannot be read */
  load(): Promise<{ readonly overrides: readonly Override[]; readonly diagnostics: readonly Diagnostic[] }>;
  /** Resolves when these are on disk in place of those before. @throws ConfigSourceError when they cannot be */
  save(overrides: Iterable<Override>): Promise<void>;
  /** Resolves when nothing is being read or written, and the file is let go. */
  close(): Promise<void>;
}
