import type { Pid } from "@otpts/runtime";
import type { ChangedPath } from "../core/diff.ts";
import type { Notification as Match } from "../core/subscriptions.ts";
import type { Together } from "../sources/together.ts";
import type { Preview, Refusal, ReloadReport } from "../protocol.ts";
import type { LoadOutcome } from "./outcome.ts";
import type { Caller, Prepared, Request, SavedOverrides, Subscription, Wanted } from "./state.ts";

/** What happens to a manager. What its own processes send it are events, too. */
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
      /** Ids of the gatherings that asked for it. */
      readonly answers: readonly number[];
      readonly outcome: LoadOutcome;
      /** The links that the last good load read through. */
      readonly links: Together["links"] | undefined;
      /** What each source says of its changes at the moment at which the manager hears of this one. */
      readonly together: readonly (Together | undefined)[];
    }
  /** Its changes are watched, or cannot be. */
  | { readonly type: "watched"; readonly source: number; readonly error: Error | undefined }
  | { readonly type: "written"; readonly write: number; readonly error: Error | undefined };

/** What comes of the effects that a change needs. */
export type OfChange =
  /** A process of its own prepares it. */
  | { readonly type: "preparing"; readonly change: number; readonly job: Pid }
  | { readonly type: "prepared"; readonly change: number; readonly outcome: Outcome }
  /** A validator has had its time. */
  | { readonly type: "overdue"; readonly change: number }
  | { readonly type: "persisted"; readonly change: number; readonly error: Error | undefined }
  | {
      readonly type: "projected";
      readonly change: number;
      readonly prepared: Prepared;
      /** Who is notified of what, sorted by path. */
      readonly matches: readonly Match<Subscription>[];
      /** The changed leaves; undefined where nobody wants to know them. */
      readonly leaves: readonly ChangedPath[] | undefined;
    };

export type Outcome = { readonly prepared: Prepared } | { readonly error: Error };

/** Sent by a delivery process. */
export type FromDelivery =
  | { readonly type: "delivery_up"; readonly delivery: string; readonly process: Pid }
  /** The callback has returned a promise, which is pending. */
  | { readonly type: "called"; readonly delivery: string; readonly process: Pid; readonly sequence: number }
  | {
      readonly type: "delivered";
      readonly delivery: string;
      readonly process: Pid;
      readonly sequence: number;
      /** What the callback threw, in words. */
      readonly error: string | undefined;
    };

export type OfManager =
  /** It starts for the first time; workers by index of their source. */
  | {
      readonly type: "started";
      readonly workers: readonly (Pid | undefined)[];
      readonly saved: SavedOverrides | undefined;
    }
  /** It starts again, from the state that was saved last. */
  | { readonly type: "restarted"; readonly workers: readonly (Pid | undefined)[] }
  | { readonly type: "down"; readonly process: Pid; readonly reason: unknown }
  | { readonly type: "elapsed"; readonly timer: Timer }
  /** What is due at once for a subscription that was just made. */
  | { readonly type: "matching"; readonly subscription: string; readonly matches: readonly Match<Subscription>[] }
  | { readonly type: "aborted"; readonly subscription: string };

/** Timers, by what they end. A timer that is armed again starts anew. */
export type Timer =
  | "interval"
  | "reload"
  | `group ${number}`
  | `retry ${number}`
  | `persist ${number}`
  | `wait ${number}`
  | `slow ${string}`;
