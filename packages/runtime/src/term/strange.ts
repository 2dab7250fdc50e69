/** Why a value is not what it looks like: the ends of sentences that refuse it. */
import { Atom, exists } from "./atom.ts";
import { copyOf, here } from "./copy.ts";
import { isA, read } from "./guarded.ts";

/**
 * What a person should know of a value that was refused: that it belongs to another copy of this package, or that it is what
 * JSON or a structured clone leaves of an atom, a pid or a reference. Starts with a semicolon; empty where there is nothing to
 * say. Never throws.
 */
export function strange(value: unknown): string {
  const from = copyOf(value);
  const own = here();
  if (from !== undefined && from !== own)
    return `; it belongs to another copy of @otpts/runtime: that one was loaded from ${from}, this one from ${own}. Install one copy (npm ls @otpts/runtime), and do not bundle it twice`;
  if (typeof value === "string" || typeof value !== "object" || value === null || isA(value, Atom)) return "";
  const name = read(value, "name");
  if (typeof name === "string")
    return `; an object with a name is none${exists(name) ? `. An atom that was posted or cloned is such an object: atom.existing(${JSON.stringify(name)}) gives the atom again` : ""}`;
  if (typeof read(value, "id") === "number" && typeof read(value, "serial") === "number")
    return "; a pid that was posted or cloned is none: pids are good in the thread that made them";
  return "";
}
