import type { Environment } from "../answers/environment.ts";
import type { Values } from "../answers/values.ts";
import type { Verdict } from "../answers/verdict.ts";
import type { Explanation } from "../core/explain.ts";
import type { ChangedValue, HistoryEntry } from "../protocol.ts";
import type { Side } from "./comparison.ts";

/** What a command asks about: a specification, or a running program. */
export interface Subject {
  /** @throws Failure where what is asked about cannot be told */
  verdict(): Promise<Verdict>;
  values(path: string): Promise<Values>;
  explanation(path: string): Promise<Explanation>;
  environment(): Promise<Environment>;
  /** What it is compared by. */
  side(): Promise<Side>;
  /** The last versions, oldest first. */
  history(): Promise<readonly HistoryEntry[]>;
  /** What changed from one version to another. */
  difference(from: number, to: number | undefined): Promise<readonly ChangedValue[]>;
}

/** Where a running program is reached, and what it is told of who asks. */
export interface Address {
  /** Of its dashboard. */
  readonly url: string;
  readonly token: string | undefined;
  readonly manager: string | undefined;
  /** Lines such as `Authorization: Bearer …`. */
  readonly headers: readonly string[];
}
