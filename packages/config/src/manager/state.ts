import type { gen_server, Pid } from "@otpts/runtime";
import type { Configuration } from "../core/configuration.ts";
import type { Contribution, Diagnostic } from "../core/layer.ts";
import type { Override } from "../core/overrides.ts";
import type { Pattern } from "../core/pattern.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { Segments, Value } from "../core/value.ts";
import type { Problem } from "../errors.ts";
import type {
  Cause,
  ChangeCallback,
  Refusal as RefusalReply,
  ReloadReport,
  SourceOutcome,
  SubscribeOptions,
  Preview,
  PutOptions,
} from "../protocol.ts";
import type { Source } from "../sources/source.ts";
import type { Together } from "../sources/together.ts";
import type { ConfigSpec } from "../spec.ts";
import type { DeliveryQueue, Notification } from "./delivery_queue.ts";
import type { LoadOutcome } from "./outcome.ts";
import type { PersistentMap } from "./persistent_map.ts";
import type { Tally } from "./tally.ts";

/**
 * A manager's whole state, as one immutable value. Only `step` makes the next one. After each step it is saved in the
 * `ManagerStore`, from which a restarted manager continues.
 */
export interface State {
  readonly spec: ConfigSpec;
  /** A manager serves requests while it is `running`; a manager whose start was refused has `failed`. */
  readonly phase: "starting" | "running" | "failed";
  /** Why the start was refused. */
  readonly failure: unknown;
  readonly configuration: Configuration;
  /** The last versions, oldest first; the current one is the last. */
  readonly history: readonly Version[];
  /** The last refused changes, oldest first. */
  readonly refusals: readonly RefusedChange[];

  readonly sources: readonly SourceState[];
  /** The state of the overrides on disk; undefined if they are kept in memory. */
  readonly overrides_file: FileState | undefined;
  /** The running reload; there is one at a time. */
  readonly reload: Reload | undefined;
  /** Groups of sources that changed together and have not all answered. */
  readonly groups: readonly Gathering[];
  /**
   * The callers who requested a reload while one was running; one more runs for all of them. Undefined if there are
   * none.
   */
  readonly next_reload: readonly (Caller<ReloadReport | RefusalReply> | undefined)[] | undefined;
  readonly last_reload: LastReload | undefined;
  /** The last refusal of sources' values, until its cause is fixed. */
  readonly refused: Refusal | undefined;

  /** The current change; there is one at a time. */
  readonly change: Change | undefined;
  /** Changes that wait for their turn, in order. */
  readonly queue: readonly Change[];

  /** By key. */
  readonly subscriptions: PersistentMap<Subscription>;
  /** Keys of the subscriptions that end with a process, by process. */
  readonly ending: PersistentMap<readonly string[]>;
  /** By key. */
  readonly deliveries: PersistentMap<Delivery>;
  /** Delivery processes, including those that are about to end. */
  readonly serving: PersistentMap<Serving>;
  readonly waits: readonly Wait[];

  /** Counts of announcements. */
  readonly tally: Tally;

  /** The last number used for a change, a reload, a wait or a write. */
  readonly last_id: number;
}

/** A caller that waits for a reply of this type. */
export interface Caller<R> {
  readonly from: gen_server.From;
  /** Never set: it distinguishes the types of callers of different requests. */
  readonly answer?: (reply: R) => void;
}

/** A configuration that is or was effective. */
export interface Version {
  readonly snapshot: Snapshot;
  readonly overrides: Configuration["overrides"];
  readonly at: number;
  readonly cause: Cause | "start";
  readonly actor?: string;
  readonly reason?: string;
}

/** A refused change. */
export interface RefusedChange {
  readonly at: number;
  /** The version at that time, which stayed. */
  readonly version: number;
  readonly cause: Cause;
  readonly path?: Segments;
  readonly actor?: string;
  readonly reason?: string;
  readonly error: Error;
}

/** How many versions, and refused changes, are kept. */
export const HISTORY = 20;

/** The state of a source. */
export interface SourceState {
  readonly index: number;
  readonly name: string;
  readonly source: Source;
  /** The source's own data, read once, since it is a foreign object. */
  readonly kind: string;
  readonly required: boolean;
  readonly on_missing: Source["on_missing"];
  readonly writable: boolean;
  /** Its process. */
  readonly worker: Pid | undefined;
  /** The last contribution loaded by its process, even if a SOURCE_UPDATE has replaced it. */
  readonly last_loaded: Contribution | undefined;
  /** Its contribution, if that is valid. */
  readonly candidate: Contribution | undefined;
  /** A refused candidate, which is not tried again by itself. */
  readonly refused: Contribution | undefined;
  /** The links through which its last good load read, as reported to the manager. */
  readonly links: Together["links"] | undefined;
  /** The same for its effective contribution, its candidate, and its last load. */
  readonly generations: ReadonlyMap<Contribution, Together["links"]>;
  /** When the file was renamed into place that its last load read (ms of `performance.now()`), if it was. */
  readonly renamed_at: number | undefined;
  /** A result that may not be taken without a source that changed together with it. */
  readonly held: LoadOutcome | undefined;
  readonly state: "pending" | "loading" | "ok" | "absent" | "error";
  readonly last_checked: number | undefined;
  readonly last_success: number | undefined;
  /** The same in ticks. */
  readonly fresh_at: number | undefined;
  readonly last_change: number | undefined;
  readonly last_error: Failure | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly failing_since: number | undefined;
  /** Whether its load did not end in time, which was recorded as a failure. */
  readonly late: boolean;
  /** Why the last write to it failed. */
  readonly write_error: Failure | undefined;
  /** Why its changes cannot be watched, since when, and the number of attempts. */
  readonly watch_error: (Failure & { readonly since: number; readonly tries: number }) | undefined;
}

export interface Failure {
  readonly at: number;
  readonly error: Error;
}

/** The file that keeps overrides. */
export interface FileState {
  readonly name: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Whether a write is in progress, so that the content on disk is unknown. */
  readonly writing: boolean;
  readonly last_success: number | undefined;
  /** The same in ticks. */
  readonly fresh_at: number | undefined;
  readonly last_error: Failure | undefined;
  readonly failures: number;
  /** In ticks. */
  readonly failing_since: number | undefined;
}

/** Sources whose results are taken together, and those that have not answered. */
export interface Gathering {
  readonly id: number;
  /** Sources that have not answered, by index. */
  readonly waiting: readonly number[];
  /** By index of the source. */
  readonly outcomes: readonly (LoadOutcome | undefined)[];
  /** How often sources were loaded again. */
  readonly rounds: number;
  /** Sources whose new content is not known, and others that changed at the same time: `left_behind`. */
  readonly behind: ReadonlyMap<number, readonly number[]>;
}

/** A reload. The first load of a manager is also one. */
export interface Reload extends Gathering {
  readonly callers: readonly Caller<ReloadReport | RefusalReply>[];
  readonly first: boolean;
  readonly started: number;
  /** The snapshot when it began: changes reported by sources meanwhile are taken meanwhile. */
  readonly before: Snapshot;
  readonly candidates: readonly (Contribution | undefined)[];
  /** The outcome of each source, by index. */
  readonly reported: readonly SourceOutcome[];
  /** Whether there are callers waiting for it or for the next one, so that the program does not end meanwhile. */
  readonly awaited: boolean;
}

export interface LastReload {
  readonly at: number;
  readonly successful: boolean;
  /** When the last successful one ended. */
  readonly succeeded_at: number | undefined;
}

export interface Refusal {
  readonly at: number;
  readonly sources: readonly string[];
  readonly problems: readonly Problem[];
}

/** A requested change. */
export type Request =
  | { readonly cause: "put" | "merge"; readonly path: Segments; readonly value: unknown; readonly options: PutOptions }
  | { readonly cause: "unset"; readonly path: Segments; readonly options: PutOptions }
  | { readonly cause: "rollback"; readonly version: number; readonly options: PutOptions }
  | { readonly cause: "reload" | "source" };

/** A change in progress. */
export interface Change {
  readonly id: number;
  readonly request: Request;
  readonly caller: Caller<true | Preview | RefusalReply> | undefined;
  /**
   * `queued`: waits for its turn. `validating`: the next configuration is being made, and may still be abandoned.
   * `persisting`: it is valid, and is being written to durable storage; the outcome of that decides.
   */
  readonly phase: "queued" | "validating" | "persisting";
  /** The process that prepares it, if that takes longer. */
  readonly job: Pid | undefined;
  /** Its result, while that is being written. */
  readonly prepared: Prepared | undefined;
  /** The writes to a source still to be done, in order, and the overrides after them. */
  readonly through: WriteThrough | undefined;
}

/** A put that is written to a source instead of becoming an override. */
export interface WriteThrough {
  readonly source: number;
  /** Id of the write that was sent. */
  readonly write: number;
  readonly left: readonly { readonly path: Segments; readonly value: Value | undefined }[];
}

/** A configuration ready to be committed. */
export interface Prepared {
  readonly after: Configuration;
  /** Candidates that were left out, and why. */
  readonly refused: readonly RefusedCandidate[];
}

/** A candidate that was not taken. */
export interface RefusedCandidate {
  readonly source: number;
  readonly candidate: Contribution | undefined;
  readonly error: Error;
  /** It is valid, but changed together with one that is not. */
  readonly held?: true;
}

/** A pattern, its subscriber, and its owner. */
export interface Subscription {
  readonly key: string;
  readonly pattern: Pattern;
  /** A delivery's key, a process or a name. */
  readonly target: { readonly delivery: string } | { readonly pid: Pid } | { readonly name: string };
  /** The process that it ends with; undefined for one made outside processes. */
  readonly owner: Pid | undefined;
  /** Signals, each of which ends it when it aborts. */
  readonly signals: readonly AbortSignal[];
}

/** The data of a requested subscription. */
export interface Wanted {
  readonly pattern: Pattern;
  readonly target: ChangeCallback | Pid | string;
  readonly options: SubscribeOptions;
}

/** A callback, its process, and its pending notifications. */
export interface Delivery {
  readonly key: string;
  readonly callback: ChangeCallback;
  readonly owner: Pid | undefined;
  /** The patterns of its subscriptions. */
  readonly patterns: readonly string[];
  readonly process: Pid | undefined;
  readonly queue: DeliveryQueue;
  /** The notification that its process has received and not finished. */
  readonly current: Current | undefined;
  /** Number of the last notification sent to it. */
  readonly sequence: number;
}

export interface Current {
  readonly notification: Notification;
  readonly sequence: number;
  /** The number of processes that have received it. */
  readonly calls: number;
  /** Since when its promise has been pending. */
  readonly running_since: number | undefined;
  /** Whether it has been pending for longer than `notify_timeout`, so that it is not waited for again. */
  readonly hangs: boolean;
}

export interface Serving {
  readonly delivery: string;
  readonly owner: Pid | undefined;
}

/** A caller that gets its reply when callbacks have run, or `notify_timeout` is over. */
export interface Wait {
  readonly id: number;
  readonly caller: Caller<never>;
  readonly reply: unknown;
  /** Keys of the deliveries it waits for. */
  readonly needs: readonly string[];
  /** Up to this version. */
  readonly version: number;
  /** The delivery whose callback is the caller. */
  readonly within: string | undefined;
}

/** The saved overrides as read from their file. */
export interface SavedOverrides {
  readonly overrides: readonly Override[];
  readonly diagnostics: readonly Diagnostic[];
}
