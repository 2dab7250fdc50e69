import type { Environment } from "../answers/environment.ts";
import type { LeavesAnswer, ValueAnswer } from "../answers/values.ts";
import type { Verdict } from "../answers/verdict.ts";
import type { Explanation } from "../core/explain.ts";
import type { ChangedValue, HistoryEntry } from "../protocol.ts";
import type { Side } from "./comparison.ts";

/** The subject of a command: a specification, or a running program. */
export interface Subject {
  /** Whether its configuration is valid, with all problems. */
  verdict(): Promise<Verdict>;
  value(path: string): Promise<ValueAnswer>;
  leaves(path: string): Promise<LeavesAnswer>;
  explanation(path: string): Promise<Explanation>;
  environment(): Promise<Environment>;
  /** Its side of a comparison. */
  side(): Promise<Side>;
  /** The last versions, oldest first. */
  history(): Promise<readonly HistoryEntry[]>;
  /** The differences between two versions. */
  difference(from: number, to: number | undefined): Promise<readonly ChangedValue[]>;
}

/** The address of a running program, and the credentials for it. */
export interface Address {
  /** The address of its dashboard. */
  readonly url: string;
  readonly token: string | undefined;
  readonly manager: string | undefined;
  /** Lines such as `Authorization: Bearer …`. */
  readonly headers: readonly string[];
}
