/**
 * A link between a waiting process and the one it waits for, such as an unanswered call. It is in a list of each, and
 * is notified when either dies. The lists are linked through the entries themselves.
 */
import type { Pid } from "../term/pid.ts";

export interface Waiting {
  /** The waiting process; undefined for code outside processes. */
  readonly caller: Pid | undefined;
  readonly server: Pid;
  readonly request: unknown;
  /** When the wait began: `stamp.ts`. */
  readonly since: number;
  /** Whether code waits for the reply alone. */
  readonly awaited: boolean;
  /** A description of the awaited reply, with a `%` for the server. Only if `awaited`. */
  what(): string;
  /** In the list of the server, newest first. */
  previousIn: Waiting | undefined;
  nextIn: Waiting | undefined;
  /** In the list of the caller, newest first. */
  previousOut: Waiting | undefined;
  nextOut: Waiting | undefined;
  /** The server died with `reason`. Removes itself from both lists. */
  lost(reason: unknown): void;
  /** The caller died. Removes itself from both lists. */
  abandon(): void;
}

/** A wait that is no call (`awaited.ts`): the awaited process, and what is awaited, with a `%` for that process. */
export interface Awaited {
  readonly whom: Pid;
  readonly what: () => string;
}
