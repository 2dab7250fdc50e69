/** Names of processes, as values: a string and the atom of the same text are the same name. */
import type { Atom } from "./atom.ts";
import { loose } from "./atom_table.ts";
import { isAtom } from "./kinds.ts";

/** A registered name: a string or an atom, which mean the same. */
export type Name = string | Atom;

export function textOf(name: Name): string {
  return typeof name === "string" ? name : name.name;
}

const LONGEST = 200;

/** A name in quotes, for messages. A long one, which may come from outside, is cut. */
export function quoted(name: Name): string {
  const text = textOf(name);
  return text.length <= LONGEST ? `"${text}"` : `"${text.slice(0, LONGEST)}…"`;
}

/** Whether this can be a name at all. */
export function isName(name: unknown): name is Name {
  return typeof name === "string" || isAtom(name);
}

/** The atom of a name; a string gets one without an entry in the table of atoms. */
export function atomOf(name: Name): Atom {
  return typeof name === "string" ? loose(name) : name;
}
