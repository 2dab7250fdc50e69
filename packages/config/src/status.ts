import type { Diagnostic } from "./core/layer.ts";
import type { Problem } from "./errors.ts";
import type { Seconds } from "./units.ts";

/** How a source is. */
export interface SourceStatus {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  /**
   * `ok`: its last load gave data; `absent`: there was nothing to load; `error`: it failed, the last good values stay;
   * `refused`: it loaded, but what it brought is not valid; `loading`: it has not answered yet; `pending`: never asked.
   */
  readonly state: "ok" | "absent" | "error" | "refused" | "loading" | "pending";
  /** When it was last looked at, whatever came of it, as a date in ISO 8601. */
  readonly last_checked?: string;
  /** When it last gave data or was absent. */
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
  /** Milliseconds since the last success, while the source fails. */
  readonly stale_for?: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Size of what was read, where there is such a thing. */
  readonly bytes?: number;
  /** Leaves that it contributes. */
  readonly keys: number;
  /** Whether its process lives. */
  readonly alive: boolean;
  /** What the source itself tells, where it can: for a `ConsulSource` a `ConsulStatus`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What an operator wants to know. Nothing in it is secret. */
export interface ConfigStatus {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** Equal where the effective configuration is, but for its secrets: as `Config.content_hash` gives it. */
  readonly content_hash: string;
  /** Leaves of the effective configuration. */
  readonly keys: number;
  /** Lowest first. */
  readonly sources: readonly SourceStatus[];
  /** Dotted paths of the runtime overrides. */
  readonly overrides: readonly string[];
  readonly subscriptions: number;
  readonly subscribers: {
    readonly count: number;
    /** Those whose callback runs longer than `notify_timeout`. */
    readonly slow: readonly {
      readonly patterns: readonly string[];
      /** Milliseconds. */
      readonly running_for: number;
      readonly backlog: number;
    }[];
    /** Subscriptions that reach nobody at the moment: of names that no process has, of callbacks that wait for a process. */
    readonly unserved: readonly { readonly pattern: string; readonly subscriber: string }[];
  };
  readonly shape_conflicts: readonly { readonly path: string; readonly winner: string; readonly loser: string }[];
  /** Ambiguous environment names, skipped keys and the like. */
  readonly diagnostics: readonly Diagnostic[];
  readonly reload: {
    /** Seconds, as in the specification. */
    readonly reload_interval: Seconds;
    readonly running: boolean;
    /** When the last reload was over. */
    readonly last?: string;
    /** Whether it was committed. */
    readonly last_successful?: boolean;
    /** When the last one that was committed was over. */
    readonly last_success?: string;
  };
  /** The last refusal of what sources brought, until it is mended. */
  readonly refused?: {
    readonly at: string;
    readonly sources: readonly string[];
    readonly problems: readonly Problem[];
  };
}
