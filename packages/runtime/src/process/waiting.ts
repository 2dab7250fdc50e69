/**
 * Something that two processes wait through, such as a call that is not answered: it stands in a list of each, and hears when
 * either dies. The lists run through the entries themselves.
 */
import type { Pid } from "../term/pid.ts";

export interface Waiting {
  /** Who waits; undefined for code outside all processes. */
  readonly caller: Pid | undefined;
  readonly server: Pid;
  readonly request: unknown;
  /** When the wait began: `stamp.ts`. */
  readonly since: number;
  /** Somebody waits for nothing but the answer. */
  readonly awaited: boolean;
  /** What is waited for, with a `%` for the server. Only where `awaited`. */
  what(): string;
  /** In the list of the server, newest first. */
  previousIn: Waiting | undefined;
  nextIn: Waiting | undefined;
  /** In the list of the caller, newest first. */
  previousOut: Waiting | undefined;
  nextOut: Waiting | undefined;
  /** The server died of `reason`. Takes itself out of both lists. */
  lost(reason: unknown): void;
  /** The caller died. Takes itself out of both lists. */
  abandon(): void;
}
