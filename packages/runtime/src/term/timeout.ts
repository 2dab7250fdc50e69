import { BADARG, INFINITY } from "./atoms.ts";
import type { Atom } from "./atom.ts";
import { describe } from "./describe.ts";
import { ErlangError } from "./error.ts";

/** Milliseconds, or `Infinity`, or the atom `infinity`. */
export type Timeout = number | Atom<"infinity">;

/** A time-out in milliseconds. `what` names the operation for the error. */
export function milliseconds(timeout: Timeout, what: string): number {
  if (timeout === INFINITY) return Infinity;
  if (typeof timeout !== "number" || Number.isNaN(timeout) || timeout < 0) {
    throw new ErlangError(
      BADARG,
      `Cannot ${what}: the time-out must be a number of milliseconds ≥ 0, Infinity or infinity, got ${describe(timeout)}`,
    );
  }
  return timeout;
}
