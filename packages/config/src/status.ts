import type { Diagnostic } from "./core/layer.ts";
import type { Problem } from "./errors.ts";
import type { Seconds } from "./units.ts";

/** The state of a source. */
export interface SourceStatus {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  /**
   * `ok`: its last load returned data; `absent`: there was nothing to load; `error`: it failed, and the last good
   * values stay; `refused`: it loaded, but its values are not valid; `loading`: it has not answered yet; `pending`: not
   * loaded yet.
   */
  readonly state: "ok" | "absent" | "error" | "refused" | "loading" | "pending";
  /** When it was last loaded or checked, whatever the outcome, as a date in ISO 8601. */
  readonly last_checked?: string;
  /** When it last returned data or was absent. */
  readonly last_success?: string;
  /** When it last contributed something new. */
  readonly last_change?: string;
  readonly last_error?: {
    readonly at: string;
    readonly message: string;
    readonly code?: string;
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
  };
  /** Milliseconds since the last success, while the source is failing. */
  readonly stale_for?: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Size of the data that was read, if it has one. */
  readonly bytes?: number;
  /** Number of leaves that it contributes. */
  readonly keys: number;
  /** Whether its process is alive. */
  readonly alive: boolean;
  /** Details from the source itself, if it has any: for a `ConsulSource` a `ConsulStatus`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The status of a manager, for operators. It has no secrets. */
export interface ConfigStatus {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** Equal for equal effective configurations, apart from their secrets: the result of `Config.content_hash`. */
  readonly content_hash: string;
  /** Number of leaves of the effective configuration. */
  readonly keys: number;
  /** Lowest first. */
  readonly sources: readonly SourceStatus[];
  /** Dotted paths of the runtime overrides. */
  readonly overrides: readonly string[];
  readonly subscriptions: number;
  readonly subscribers: {
    readonly count: number;
    /** Subscribers whose callback has been running for longer than `notify_timeout`. */
    readonly slow: readonly {
      readonly patterns: readonly string[];
      /** Milliseconds. */
      readonly running_for: number;
      readonly backlog: number;
    }[];
    /**
     * Subscriptions without a receiver at the moment: names that no process has, and callbacks that wait for a process.
     */
    readonly unserved: readonly { readonly pattern: string; readonly subscriber: string }[];
  };
  readonly shape_conflicts: readonly { readonly path: string; readonly winner: string; readonly loser: string }[];
  /** Ambiguous environment names, skipped keys and the like. */
  readonly diagnostics: readonly Diagnostic[];
  readonly reload: {
    /** Seconds, as in the specification. */
    readonly reload_interval: Seconds;
    readonly running: boolean;
    /** When the last reload ended. */
    readonly last?: string;
    /** Whether it was committed. */
    readonly last_successful?: boolean;
    /** When the last committed one ended. */
    readonly last_success?: string;
  };
  /** The last refusal of a load or reload, until its cause is fixed. */
  readonly refused?: {
    readonly at: string;
    readonly sources: readonly string[];
    readonly problems: readonly Problem[];
  };
}
