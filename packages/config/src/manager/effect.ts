import type { Pid } from "@otpts/runtime";
import type { ChangedPath } from "../core/diff.ts";
import type { Contribution, Diagnostic } from "../core/layer.ts";
import type { Together } from "../sources/together.ts";
import type { Overrides } from "../core/overrides.ts";
import type { Configuration } from "../core/configuration.ts";
import type { Segments, Value } from "../core/value.ts";
import type { ChangeCallback, ReloadReport } from "../protocol.ts";
import type { Timer } from "./event.ts";
import type { Notification } from "./delivery_queue.ts";
import type { Caller, Prepared, Request, Subscription } from "./state.ts";

/** An action requested by a step. Effects are carried out in order, after the state has been saved. */
export type Effect =
  | { readonly do: "reply"; readonly to: Caller<never>; readonly reply: unknown }
  /** Shows the current snapshot to readers. */
  | { readonly do: "publish" }
  | {
      readonly do: "arm";
      readonly timer: Timer;
      readonly ms: number;
      /** By what fraction the time may be longer or shorter, at random. */
      readonly spread?: number;
      /** By what fraction the time may be shorter, at random. */
      readonly jitter?: number;
      readonly awaited?: boolean;
    }
  | { readonly do: "disarm"; readonly timer: Timer }
  | { readonly do: "monitor" | "demonitor"; readonly process: Pid }

  // Sources.
  | { readonly do: "load"; readonly worker: Pid; readonly gathering: number | undefined }
  | {
      readonly do: "write";
      readonly worker: Pid;
      readonly write: number;
      readonly path: Segments;
      readonly value: Value | undefined;
    }

  // Changes.
  | { readonly do: "prepare"; readonly change: number; readonly plan: Plan }
  | { readonly do: "give_up"; readonly job: Pid }
  | { readonly do: "persist"; readonly change: number; readonly overrides: Overrides }
  /** Reports the changes of a dry run. */
  | {
      readonly do: "preview";
      readonly to: Caller<never>;
      readonly before: Configuration;
      readonly after: Configuration;
    }
  | { readonly do: "project"; readonly change: number; readonly prepared: Prepared }

  // Subscribers.
  | { readonly do: "index"; readonly add?: Subscription; readonly remove?: Subscription }
  | { readonly do: "match"; readonly subscription: Subscription }
  | { readonly do: "listen"; readonly signal: AbortSignal; readonly subscription: string }
  | { readonly do: "unlisten"; readonly signals: readonly AbortSignal[]; readonly subscription: string }
  | { readonly do: "start_delivery"; readonly delivery: string; readonly callback: ChangeCallback }
  | { readonly do: "stop_delivery"; readonly process: Pid }
  | { readonly do: "deliver"; readonly process: Pid; readonly sequence: number; readonly notification: Notification }
  | { readonly do: "send"; readonly to: Pid | string; readonly notifications: readonly Notification[] }
  | { readonly do: "announce"; readonly announcement: Announcement };

/** The data for preparing a change. */
export interface Plan {
  readonly configuration: Configuration;
  readonly request: Request | { readonly cause: "written"; readonly path: Segments; readonly source: number };
  /** The new overrides, for a rollback. */
  readonly overrides?: Overrides;
  /** The current candidates of the sources. */
  readonly candidates: readonly Candidate[];
  /** Whether this is the first configuration: then optional sources are left out if that makes it valid. */
  readonly first: boolean;
}

/** The contribution of a source, if it is valid. */
export interface Candidate {
  readonly source: number;
  readonly name: string;
  readonly required: boolean;
  readonly candidate: Contribution | undefined;
  /** Whether it was refused before and has not changed since. */
  readonly refused: boolean;
  /** The links through which it was read, and those of the source's effective contribution. */
  readonly links: Together["links"] | undefined;
  readonly effective_links: Together["links"] | undefined;
  /** When the file was renamed into place that it was read from (ms of `performance.now()`), if it was. */
  readonly renamed_at: number | undefined;
}

/** An announcement: a telemetry event, and for problems also a line of the log. */
export type Announcement =
  | { readonly what: "changed"; readonly changes: readonly ChangedPath[] }
  | { readonly what: "reload_started" }
  | { readonly what: "reload_stopped"; readonly duration: number; readonly report: ReloadReport }
  | { readonly what: "reload_refused"; readonly duration: number; readonly error: Error }
  | { readonly what: "source_failed"; readonly source: string; readonly error: Error }
  | { readonly what: "source_recovered"; readonly source: string; readonly down_for: number }
  | { readonly what: "source_gone"; readonly source: string; readonly keep: boolean }
  | { readonly what: "noticed"; readonly diagnostic: Diagnostic }
  | { readonly what: "refused"; readonly action: string; readonly error: Error; readonly put: boolean }
  | { readonly what: "subscriber_failed"; readonly notification: Notification; readonly error: string }
  | { readonly what: "subscriber_slow"; readonly notification: Notification; readonly running_for: number }
  | { readonly what: "overrides_damaged"; readonly message: string }
  | { readonly what: "write_slow"; readonly file: string; readonly running_for: number };
