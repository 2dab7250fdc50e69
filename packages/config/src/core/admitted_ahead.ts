import type { Table, Value } from "./value.ts";

/** The trees of contributions that were admitted before they are asked for. */

/** An admitted tree. */
export interface Admitted {
  /** What it shares with. */
  readonly before: Table;
  readonly tree: Value;
}

/** A refusal of a tree. */
export interface Refused {
  readonly refusal: unknown;
}

/** Notes that the tree of a contribution was admitted, or refused. */
export function remember(contribution: object, admitted: Admitted | Refused): void {
  ahead.set(contribution, admitted);
}

/** The admitted tree of a contribution, if it was admitted ahead. @throws what it was refused with */
export function admittedAhead(contribution: object): Admitted | undefined {
  const found = ahead.get(contribution);
  if (found !== undefined && "refusal" in found) throw found.refusal;
  return found;
}

const ahead = new WeakMap<object, Admitted | Refused>();
