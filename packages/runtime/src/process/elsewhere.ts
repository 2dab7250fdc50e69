/** Names that are registered in another copy of this package: their processes cannot be reached from this one. */
import { here, TWICE } from "../term/copy.ts";

interface Names {
  /** Where this copy was loaded from. */
  readonly from: string;
  has(name: string): boolean;
}

// All copies of this package in the program that have registered a name.
const KEY = Symbol.for("@otpts/runtime/names/1");
const shared = globalThis as typeof globalThis & { [KEY]?: Names[] };

let own: Names | undefined;

/** Lets other copies see which names are registered in this one, from the first name on. */
export function showNames(has: (name: string) => boolean): void {
  if (own !== undefined) return;
  own = { from: here(), has };
  (shared[KEY] ??= []).push(own);
}

/**
 * A hint about a name that is not registered: that another copy of this package has it. Starts with a semicolon; empty if none
 * has.
 */
export function elsewhere(name: string): string {
  const other = (shared[KEY] ?? []).find((names) => names !== own && names.has(name));
  return other === undefined
    ? ""
    : `; another copy of @otpts/runtime has a process of this name: that one was loaded from ${other.from}, this one from ${here()}. ${TWICE}`;
}
