import type { Atom, Pid } from "@otpts/runtime";
import type { Explanation } from "./core/explain.ts";
import type { Segments, Table, Value } from "./core/value.ts";
import type { ConfigStatus } from "./status.ts";

/**
 * A path: a dotted string, a path atom (`config_path_atom`), or an array of segments. Patterns are written in the same
 * ways.
 */
export type Path = string | Atom | Segments;

/** The cause of a change. `initial` is that of the notifications from `subscribe(…, { initial: true })`. */
export type Cause = "put" | "unset" | "merge" | "rollback" | "reload" | "source" | "initial";

/** The context of a change, passed to a callback after the values. */
export interface ChangeContext {
  /** The subscribed pattern. */
  readonly pattern: string;
  /** The path as segments. */
  readonly segments: Segments;
  /** Version of the configuration with `new_value`. Only rises from one call of a callback to the next. */
  readonly version: number;
  readonly cause: Cause;
}

/**
 * Called with each change, in a separate process: it may get, put and reload, be slow, and fail. `new_value` is
 * undefined for a removed node, and `old_value` for a new one.
 */
export type ChangeCallback = (
  path: string,
  old_value: Value | undefined,
  new_value: Value | undefined,
  context: ChangeContext,
) => unknown;

/** A subscriber: a callback, or a process (by pid or name), which gets `[CONFIG_CHANGED, path, old, new]`. */
export type Subscriber = ChangeCallback | Pid | string | Atom;

/** Options of a subscription. */
export interface SubscribeOptions {
  /** Notifies at once of the nodes that match now, with `old_value` undefined. */
  readonly initial?: boolean;
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal;
}

/** The outcome of one source in a reload. */
export interface SourceOutcome {
  readonly source: string;
  /** `late`: it did not answer within `load_timeout`; a result within one more second is still taken. */
  readonly outcome: "data" | "unchanged" | "absent" | "error" | "late";
  /** The message of an error. */
  readonly message?: string;
}

/** The result of `reload`. */
export interface ReloadReport {
  readonly version: number;
  /**
   * Dotted paths of the leaves that changed since it began, sorted. Earlier changes found by a watch are not among
   * them.
   */
  readonly changed: readonly string[];
  readonly sources: readonly SourceOutcome[];
}

/** Options of a put, a merge, an unset or a rollback. */
export interface PutOptions {
  /** The author of the change, for the history. */
  readonly actor?: string;
  /** The reason for the change, for the history. */
  readonly reason?: string;
  /**
   * The version that the decision is based on: if the configuration has moved on, the change is refused with a
   * `ConfigConflictError`.
   */
  readonly if_version?: number;
  /** Only validates the change and returns what would change. */
  readonly dry_run?: boolean;
}

/** A leaf that changed, or would change. Secrets are redacted. */
export interface ChangedValue {
  readonly path: string;
  /** Undefined if there was none. */
  readonly old_value: Value | undefined;
  /** Undefined if it was removed. */
  readonly new_value: Value | undefined;
}

/** The result of a dry run that would succeed. */
export interface Preview {
  /** The version that it was tried against. */
  readonly version: number;
  /** The changes it would make, sorted by path. */
  readonly changes: readonly ChangedValue[];
}

/** A current or earlier version of the configuration. */
export interface HistoryEntry {
  readonly version: number;
  /** When it was committed, as a date in ISO 8601. */
  readonly at: string;
  readonly cause: Cause | "start";
  readonly actor?: string;
  readonly reason?: string;
}

/** An error reply: the operation was refused, and nothing has changed. */
export type Refusal = readonly [tag: Atom<"error">, error: unknown];

/** The manager's calls. */
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

/** The manager's casts. */
export interface ConfigCasts {
  reload(): void;
  source_update(source_name: string, tree: Table): void;
  unsubscribe(pattern: Path, subscriber: Subscriber): void;
}

/** The protocol of `"config_manager"`. Any other call gets an error reply; any other cast is dropped. */
export interface ConfigManagerProtocol {
  calls: ConfigCalls;
  casts: ConfigCasts;
}

declare module "@otpts/runtime" {
  interface Registered {
    config_manager: ConfigManagerProtocol;
  }
}
