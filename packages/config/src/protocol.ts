import type { Atom, Pid } from "@otpts/runtime";
import type { Explanation } from "./core/explain.ts";
import type { Segments, Table, Value } from "./core/value.ts";
import type { ConfigStatus } from "./status.ts";

/** A path: a dotted string, a path atom (`config_path_atom`), or an array of segments. A pattern is written the same. */
export type Path = string | Atom | Segments;

/** Why a change happened. `initial` is what `subscribe(…, { initial: true })` tells at once. */
export type Cause = "put" | "unset" | "merge" | "rollback" | "reload" | "source" | "initial";

/** What a callback is told beside the values. */
export interface ChangeContext {
  /** The pattern that was subscribed. */
  readonly pattern: string;
  /** The path as segments. */
  readonly segments: Segments;
  /** Version of the configuration that has `new_value`. Only rises from one call of a callback to the next. */
  readonly version: number;
  readonly cause: Cause;
}

/**
 * Called with each change, in a process of its subscriber's own: it may get, put and reload, be slow, and fail.
 * A removed node has `new_value` undefined, a new one `old_value`.
 */
export type ChangeCallback = (
  path: string,
  old_value: Value | undefined,
  new_value: Value | undefined,
  context: ChangeContext,
) => unknown;

/** Who is told of changes: a callback, or a process (by pid or name), which gets `[CONFIG_CHANGED, path, old, new]`. */
export type Subscriber = ChangeCallback | Pid | string | Atom;

/** Options of a subscription. */
export interface SubscribeOptions {
  /** Tells at once what matches now, with `old_value` undefined. */
  readonly initial?: boolean;
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal;
}

/** What one source did in a reload. */
export interface SourceOutcome {
  readonly source: string;
  /** `late`: it had not answered within `load_timeout`; what it brings within another second is taken. */
  readonly outcome: "data" | "unchanged" | "absent" | "error" | "late";
  /** Why, for an error. */
  readonly message?: string;
}

/** The answer of `reload`. */
export interface ReloadReport {
  readonly version: number;
  /** Dotted paths of the leaves that changed since it began, sorted. What a watch brought before that is not among them. */
  readonly changed: readonly string[];
  readonly sources: readonly SourceOutcome[];
}

/** What may go with a put, a merge, an unset or a rollback. */
export interface PutOptions {
  /** Who wants it, for the history. */
  readonly actor?: string;
  /** What for, for the history. */
  readonly reason?: string;
  /** The version that it was decided on: refused with a `ConfigConflictError` when the configuration has another one by then. */
  readonly if_version?: number;
  /** Only validate it, and tell what would change. */
  readonly dry_run?: boolean;
}

/** A leaf that changed, or would change. Secrets are redacted. */
export interface ChangedValue {
  readonly path: string;
  /** Undefined where it was not there. */
  readonly old_value: Value | undefined;
  /** Undefined where it is gone. */
  readonly new_value: Value | undefined;
}

/** The answer of a dry run: it would be taken. */
export interface Preview {
  /** The version that it was tried on. */
  readonly version: number;
  /** What would change, sorted by path. */
  readonly changes: readonly ChangedValue[];
}

/** A version that the configuration had, or has. */
export interface HistoryEntry {
  readonly version: number;
  /** When it was committed, as a date in ISO 8601. */
  readonly at: string;
  readonly cause: Cause | "start";
  readonly actor?: string;
  readonly reason?: string;
}

/** An error reply: the operation was refused and nothing changed. */
export type Refusal = readonly [tag: Atom<"error">, error: unknown];

/** What the manager answers. */
export interface ConfigCalls {
  get_config(path: Path, fallback?: unknown): unknown;
  put_config(path: Path, value: unknown, options?: PutOptions): true | Preview | Refusal;
  unset_config(path: Path, options?: PutOptions): true | Preview | Refusal;
  merge_config(path: Path, partial: unknown, options?: PutOptions): true | Preview | Refusal;
  rollback(version: number, options?: PutOptions): true | Preview | Refusal;
  history(): readonly HistoryEntry[];
  diff(from: number, to?: number): readonly ChangedValue[] | Refusal;
  subscribe(pattern: Path, subscriber: Subscriber, options?: SubscribeOptions): true | Refusal;
  unsubscribe(pattern: Path, subscriber: Subscriber): true | Refusal;
  reload(): ReloadReport | Refusal;
  status(): ConfigStatus;
  explain(path: Path): Explanation | Refusal;
}

/** What the manager takes without an answer. */
export interface ConfigCasts {
  reload(): void;
  source_update(source_name: string, tree: Table): void;
  unsubscribe(pattern: Path, subscriber: Subscriber): void;
}

/** What `"config_manager"` understands. Any other call gets an error reply; any other cast is dropped. */
export interface ConfigManagerProtocol {
  calls: ConfigCalls;
  casts: ConfigCasts;
}

declare module "@otpts/runtime" {
  interface Registered {
    config_manager: ConfigManagerProtocol;
  }
}
