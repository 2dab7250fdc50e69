import type { Pid } from "@otpts/runtime";
import type { ChangedPath } from "../core/diff.ts";
import type { Notification as Match } from "../core/subscriptions.ts";
import type { Together } from "../sources/together.ts";
import type { Preview, Refusal, ReloadReport } from "../protocol.ts";
import type { LoadOutcome } from "./outcome.ts";
import type { Caller, Prepared, Request, SavedOverrides, Subscription, Wanted } from "./state.ts";

/** An event of a manager. The messages of the manager's processes are events too. */
export type Event = FromCaller | FromSource | OfChange | FromDelivery | OfManager;

export type FromCaller =
  | { readonly type: "change"; readonly request: Request; readonly caller: Caller<true | Preview | Refusal> }
  | { readonly type: "reload"; readonly caller: Caller<ReloadReport | Refusal> | undefined }
  | { readonly type: "source_update"; readonly name: unknown; readonly tree: unknown }
  | { readonly type: "subscribe"; readonly wanted: Wanted; readonly caller: Caller<true | Refusal> }
  | { readonly type: "unsubscribe"; readonly wanted: Wanted; readonly caller: Caller<true | Refusal> | undefined };

/** Sent by a source's process. */
export type FromSource =
  | { readonly type: "source_up"; readonly source: number; readonly worker: Pid }
  | {
      readonly type: "loaded";
      readonly source: number;
      /** Ids of the gatherings that requested it. */
      readonly answers: readonly number[];
      readonly outcome: LoadOutcome;
      /** The links through which the last good load read. */
      readonly links: Together["links"] | undefined;
      /** Each source's data about its changes, at the moment when the manager receives this event. */
      readonly together: readonly (Together | undefined)[];
    }
  /** Its changes are watched, or the watch failed. */
  | { readonly type: "watched"; readonly source: number; readonly error: Error | undefined }
  | { readonly type: "written"; readonly write: number; readonly error: Error | undefined };

/** The outcomes of a change's effects. */
export type OfChange =
  /** A separate process prepares it. */
  | { readonly type: "preparing"; readonly change: number; readonly job: Pid }
  | { readonly type: "prepared"; readonly change: number; readonly outcome: Outcome }
  /** Validation took too long. */
  | { readonly type: "overdue"; readonly change: number }
  | { readonly type: "persisted"; readonly change: number; readonly error: Error | undefined }
  | {
      readonly type: "projected";
      readonly change: number;
      readonly prepared: Prepared;
      /** The notifications, sorted by path. */
      readonly matches: readonly Match<Subscription>[];
      /** The changed leaves; undefined if there are no listeners for them. */
      readonly leaves: readonly ChangedPath[] | undefined;
    };

export type Outcome = { readonly prepared: Prepared } | { readonly error: Error };

/** Sent by a delivery process. */
export type FromDelivery =
  | { readonly type: "delivery_up"; readonly delivery: string; readonly process: Pid }
  /** The callback has returned a pending promise. */
  | { readonly type: "called"; readonly delivery: string; readonly process: Pid; readonly sequence: number }
  | {
      readonly type: "delivered";
      readonly delivery: string;
      readonly process: Pid;
      readonly sequence: number;
      /** The callback's error as a text. */
      readonly error: string | undefined;
    };

export type OfManager =
  /** The first start; workers by index of their source. */
  | {
      readonly type: "started";
      readonly workers: readonly (Pid | undefined)[];
      readonly saved: SavedOverrides | undefined;
    }
  /** A restart, from the last saved state. */
  | { readonly type: "restarted"; readonly workers: readonly (Pid | undefined)[] }
  | { readonly type: "down"; readonly process: Pid; readonly reason: unknown }
  | { readonly type: "elapsed"; readonly timer: Timer }
  /** The initial notifications of a new subscription. */
  | { readonly type: "matching"; readonly subscription: string; readonly matches: readonly Match<Subscription>[] }
  | { readonly type: "aborted"; readonly subscription: string };

/** Timers, by name. Arming a timer again restarts it. */
export type Timer =
  | "interval"
  | "reload"
  | `group ${number}`
  | `retry ${number}`
  | `persist ${number}`
  | `wait ${number}`
  | `slow ${string}`;
