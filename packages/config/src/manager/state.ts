import type { gen_server, Pid } from "@otpts/runtime";
import type { Contribution, Diagnostic } from "../core/layer.ts";
import type { Override } from "../core/overrides.ts";
import type { Pattern } from "../core/pattern.ts";
import { type Configuration, emptyConfiguration } from "../core/proposal.ts";
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
import { type DeliveryQueue, type Notification } from "./delivery_queue.ts";
import type { LoadOutcome } from "./outcome.ts";
import { PersistentMap } from "./persistent_map.ts";
import { emptyTally, type Tally } from "./tally.ts";

/**
 * Everything that a manager knows, as one immutable value. `step` makes the next one of it, and nothing else does; after each
 * step it is saved in the `ManagerStore`, from which a manager that is started again goes on.
 */
export interface State {
  readonly spec: ConfigSpec;
  /** A manager serves when it is `running`; one whose start is refused has `failed`. */
  readonly phase: "starting" | "running" | "failed";
  /** Why the start is refused. */
  readonly failure: unknown;
  readonly configuration: Configuration;
  /** The last versions, oldest first; the current one is the last. */
  readonly history: readonly Version[];
  /** The last changes that were refused, oldest first. */
  readonly refusals: readonly RefusedChange[];

  readonly sources: readonly SourceState[];
  /** How keeping the overrides on disk goes; undefined where they are kept in memory. */
  readonly overrides_file: FileState | undefined;
  /** The reload that runs. One runs at a time. */
  readonly reload: Reload | undefined;
  /** Sources that changed together and have not all answered. */
  readonly groups: readonly Gathering[];
  /** Who asked for a reload while one was running: one more runs for all of them. Undefined when nobody did. */
  readonly next_reload: readonly (Caller<ReloadReport | RefusalReply> | undefined)[] | undefined;
  readonly last_reload: LastReload | undefined;
  /** The last refusal of what sources brought, until it is mended. */
  readonly refused: Refusal | undefined;

  /** The change that is under way. One is at a time. */
  readonly change: Change | undefined;
  /** Changes that wait for their turn, in order. */
  readonly queue: readonly Change[];

  /** By key. */
  readonly subscriptions: PersistentMap<Subscription>;
  /** Keys of the subscriptions that end with a process, by the process. */
  readonly ending: PersistentMap<readonly string[]>;
  /** By key. */
  readonly deliveries: PersistentMap<Delivery>;
  /** Delivery processes, also those that are about to end. */
  readonly serving: PersistentMap<Serving>;
  readonly waits: readonly Wait[];

  /** How often what is announced has happened. */
  readonly tally: Tally;

  /** The last number that was given to a change, a reload, a wait or a write. */
  readonly last_id: number;
}

/** Who called and waits for an answer of this type. */
export interface Caller<R> {
  readonly from: gen_server.From;
  /** Never there: it keeps callers of different requests apart. */
  readonly answer?: (reply: R) => void;
}

/** A configuration that was effective. */
export interface Version {
  readonly snapshot: Snapshot;
  readonly overrides: Configuration["overrides"];
  readonly at: number;
  readonly cause: Cause | "start";
  readonly actor?: string;
  readonly reason?: string;
}

/** A change that was refused. */
export interface RefusedChange {
  readonly at: number;
  /** The version that there was, and that stayed. */
  readonly version: number;
  readonly cause: Cause;
  readonly path?: Segments;
  readonly actor?: string;
  readonly reason?: string;
  readonly error: Error;
}

/** So many versions, and refused changes, are kept. */
export const HISTORY = 20;

/** A source, and what is known of it. */
export interface SourceState {
  readonly index: number;
  readonly name: string;
  readonly source: Source;
  /** What the source says of itself, read once: it is others' object. */
  readonly kind: string;
  readonly required: boolean;
  readonly on_missing: Source["on_missing"];
  readonly writable: boolean;
  /** Its process. */
  readonly worker: Pid | undefined;
  /** What its process loaded last, also if it has been replaced since by a SOURCE_UPDATE. */
  readonly last_loaded: Contribution | undefined;
  /** What it contributes if that is valid. */
  readonly candidate: Contribution | undefined;
  /** A candidate that was refused: it is not tried again by itself. */
  readonly refused: Contribution | undefined;
  /** The links that its last good load read through, as far as the manager has heard. */
  readonly links: Together["links"] | undefined;
  /** The same for what is effective, for what it offers, and for what it loaded last. */
  readonly generations: ReadonlyMap<Contribution, Together["links"]>;
  /** What it brought, and may not be taken without a source that belongs to it. */
  readonly held: LoadOutcome | undefined;
  readonly state: "pending" | "loading" | "ok" | "absent" | "error";
  readonly last_checked: number | undefined;
  readonly last_success: number | undefined;
  readonly last_change: number | undefined;
  readonly last_error: Failure | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly failing_since: number | undefined;
  /** Its load did not end in time, and was noted as a failure then. */
  readonly late: boolean;
  /** Why the last write to it failed. */
  readonly write_error: Failure | undefined;
  /** Why its changes cannot be watched, since when, and how often that was tried. */
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
  /** Something is being written: what is on disk is not known. */
  readonly writing: boolean;
  readonly last_success: number | undefined;
  readonly last_error: Failure | undefined;
  readonly failures: number;
}

/** What sources brought that are taken together, and who has not answered. */
export interface Gathering {
  readonly id: number;
  /** Sources that have not answered, by index. */
  readonly waiting: readonly number[];
  /** By index of the source. */
  readonly outcomes: readonly (LoadOutcome | undefined)[];
  /** How often sources were asked again. */
  readonly rounds: number;
}

/** A reload. The first load of a manager is one, too. */
export interface Reload extends Gathering {
  readonly callers: readonly Caller<ReloadReport | RefusalReply>[];
  readonly first: boolean;
  readonly started: number;
  /** What there was when it began: sources that report a change meanwhile are taken meanwhile. */
  readonly before: Snapshot;
  readonly candidates: readonly (Contribution | undefined)[];
  /** What each source did, by index. */
  readonly reported: readonly SourceOutcome[];
  /** Somebody waits for it, or for the next one: the program does not end meanwhile. */
  readonly awaited: boolean;
}

export interface LastReload {
  readonly at: number;
  readonly successful: boolean;
  /** When the last successful one was over. */
  readonly succeeded_at: number | undefined;
}

export interface Refusal {
  readonly at: number;
  readonly sources: readonly string[];
  readonly problems: readonly Problem[];
}

/** What is asked for. */
export type Request =
  | { readonly cause: "put" | "merge"; readonly path: Segments; readonly value: unknown; readonly options: PutOptions }
  | { readonly cause: "unset"; readonly path: Segments; readonly options: PutOptions }
  | { readonly cause: "rollback"; readonly version: number; readonly options: PutOptions }
  | { readonly cause: "reload" | "source" };

/** A change on its way. */
export interface Change {
  readonly id: number;
  readonly request: Request;
  readonly caller: Caller<true | Preview | RefusalReply> | undefined;
  /**
   * `queued`: waits for its turn. `validating`: the next configuration is made, and may still be given up. `persisting`: it
   * is valid, and is being written to where it must survive; the outcome of that decides.
   */
  readonly phase: "queued" | "validating" | "persisting";
  /** The process that prepares it, where that takes longer. */
  readonly job: Pid | undefined;
  /** What it leads to, while that is being written. */
  readonly prepared: Prepared | undefined;
  /** What is still to be written to a source, first to last, and what comes of the overrides then. */
  readonly through: WriteThrough | undefined;
}

/** A put that goes to a source instead of an override. */
export interface WriteThrough {
  readonly source: number;
  /** Id of the write that was sent. */
  readonly write: number;
  readonly left: readonly { readonly path: Segments; readonly value: Value | undefined }[];
}

/** A configuration that is ready to be committed. */
export interface Prepared {
  readonly after: Configuration;
  /** Candidates that are left out, and why. */
  readonly refused: readonly RefusedCandidate[];
}

/** A candidate of a source that is not taken. */
export interface RefusedCandidate {
  readonly source: number;
  readonly candidate: Contribution | undefined;
  readonly error: Error;
  /** It is good, but changed together with one that is not. */
  readonly held?: true;
}

/** A pattern, who is notified, and who asked for it. */
export interface Subscription {
  readonly key: string;
  readonly pattern: Pattern;
  /** A delivery's key, a process or a name. */
  readonly target: { readonly delivery: string } | { readonly pid: Pid } | { readonly name: string };
  /** The process that it ends with; undefined for one made outside of any process. */
  readonly owner: Pid | undefined;
  /** Each ends it when it aborts. */
  readonly signals: readonly AbortSignal[];
}

/** What a subscription is made from. */
export interface Wanted {
  readonly pattern: Pattern;
  readonly target: ChangeCallback | Pid | string;
  readonly options: SubscribeOptions;
}

/** A callback, its process, and what it is to be notified of. */
export interface Delivery {
  readonly key: string;
  readonly callback: ChangeCallback;
  readonly owner: Pid | undefined;
  /** Patterns that it is subscribed under. */
  readonly patterns: readonly string[];
  readonly process: Pid | undefined;
  readonly queue: DeliveryQueue;
  /** What its process was given, and has not finished. */
  readonly current: Current | undefined;
  /** Number of what was given last. */
  readonly sequence: number;
}

export interface Current {
  readonly notification: Notification;
  readonly sequence: number;
  /** How many processes were given it. */
  readonly calls: number;
  /** Since when its promise has been pending. */
  readonly running_since: number | undefined;
  /** It has been pending for longer than `notify_timeout`: nobody waits for it again. */
  readonly hangs: boolean;
}

export interface Serving {
  readonly delivery: string;
  readonly owner: Pid | undefined;
}

/** A caller who is answered when callbacks have run, or `notify_timeout` is over. */
export interface Wait {
  readonly id: number;
  readonly caller: Caller<never>;
  readonly reply: unknown;
  /** Keys of the deliveries that are waited for. */
  readonly needs: readonly string[];
  /** Up to this version. */
  readonly version: number;
  /** The delivery whose callback the caller is. */
  readonly within: string | undefined;
}

/** The state of a manager that has never run. */
export function initialState(spec: ConfigSpec): State {
  const sources = spec.layers.map((source, index): SourceState => ({
    index,
    name: spec.layer_names[index]!,
    source,
    kind: source.kind,
    required: source.required,
    on_missing: source.on_missing,
    writable: source.write !== undefined,
    worker: undefined,
    last_loaded: undefined,
    candidate: undefined,
    refused: undefined,
    links: undefined,
    generations: new Map(),
    held: undefined,
    state: "pending",
    last_checked: undefined,
    last_success: undefined,
    last_change: undefined,
    last_error: undefined,
    failures: 0,
    failing_since: undefined,
    late: false,
    write_error: undefined,
    watch_error: undefined,
  }));
  const { overrides_file } = spec;
  return {
    spec,
    phase: "starting",
    failure: undefined,
    configuration: emptyConfiguration(
      sources.map(({ name }) => name),
      spec.secrets,
      spec.aliases,
    ),
    history: [],
    refusals: [],
    sources,
    overrides_file:
      overrides_file === undefined
        ? undefined
        : {
            name: overrides_file.name,
            diagnostics: [],
            writing: false,
            last_success: undefined,
            last_error: undefined,
            failures: 0,
          },
    reload: undefined,
    groups: [],
    next_reload: undefined,
    last_reload: undefined,
    refused: undefined,
    change: undefined,
    queue: [],
    subscriptions: PersistentMap.empty(),
    ending: PersistentMap.empty(),
    deliveries: PersistentMap.empty(),
    serving: PersistentMap.empty(),
    waits: [],
    tally: emptyTally,
    last_id: 0,
  };
}

/** The saved overrides, as they were read from their file. */
export interface SavedOverrides {
  readonly overrides: readonly Override[];
  readonly diagnostics: readonly Diagnostic[];
}
