/** Hints about values that resemble atoms and pids: endings of the error messages that refuse them. */
import { Atom, exists } from "./atom.ts";
import { copyOf, here, TWICE } from "./copy.ts";
import { isA, read } from "./guarded.ts";

/**
 * A hint about a refused value: that it belongs to another copy of this package, that it is a promise, or an atom, a pid
 * or a reference after JSON or a structured clone. Starts with a semicolon; empty if there is no hint. Never throws.
 */
export function strange(value: unknown): string {
  const from = copyOf(value);
  const own = here();
  if (from !== undefined && from !== own)
    return `; it belongs to another copy of @otpts/runtime: that one was loaded from ${from}, this one from ${own}. ${TWICE}`;
  if (typeof value === "string" || typeof value !== "object" || value === null || isA(value, Atom)) return "";
  if (typeof read(value, "then") === "function") return "; it is a promise: await it first";
  const name = read(value, "name");
  if (typeof name === "string")
    return `; an object with a name is not an atom${exists(name) ? `. An atom that was posted or cloned is such an object: atom.existing(${JSON.stringify(name)}) gives the atom again` : ""}`;
  if (typeof read(value, "id") === "number" && typeof read(value, "serial") === "number")
    return "; a pid that was posted or cloned is not a pid: pids are valid only in the thread that made them";
  return "";
}
