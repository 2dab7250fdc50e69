import type { Table, Value } from "./value.ts";

/** The trees of contributions that were admitted before they are asked for. */

/** An admitted tree. */
export interface Admitted {
  /** What it shares with. */
  readonly before: Table;
  readonly tree: Value;
}

/** Notes that the tree of a contribution was admitted. */
export function remember(contribution: object, admitted: Admitted): void {
  ahead.set(contribution, admitted);
}

/** What was admitted of a contribution, if anything was. */
export function admittedAhead(contribution: object): Admitted | undefined {
  return ahead.get(contribution);
}

const ahead = new WeakMap<object, Admitted>();
