import { inspect } from "node:util";
import { type Atom as AtomType, table } from "./atom_table.ts";
import { ErlangError } from "./error.ts";

/**
 * A name that is a value: the same text is always the same object, so atoms compare with `===`. Made by `ensure` only.
 * The type parameter is the text if the compiler knows it, so that types can distinguish the tags of tuples.
 */
export type Atom<N extends string = string> = AtomType<N>;

/** How many atoms there can be, as on the BEAM by default. */
export const limit = 1_048_576;
const MAX_CHARACTERS = 255;

/** The class of all atoms, for `instanceof`. It cannot be constructed from outside. */
export const Atom = table.Atom;

/**
 * The atom of this name, created if it does not exist (OTP's `list_to_atom`).
 *
 * @param name up to 255 characters
 * @throws ErlangError with reason `badarg` if `name` is not a string, `system_limit` if it is too long or the table
 *   holds `limit` atoms. Existing atoms keep working.
 */
export function ensure<const N extends string>(name: N): Atom<N> {
  const known = table.names.get(name);
  return (known ?? add(name)) as Atom<N>;
}

/**
 * The atom of this name if it exists; never creates one (OTP's `list_to_existing_atom`): for names from outside.
 *
 * @throws ErlangError with reason `badarg` if there is none
 */
export function existing<const N extends string>(name: N): Atom<N> {
  const known = table.names.get(name);
  if (known === undefined) {
    throw new ErlangError(add("badarg"), `Cannot find atom ${inspect(name)}: no atom of this name exists`);
  }
  return known as Atom<N>;
}

/** Whether there is an atom of this name. */
export function exists(name: string): boolean {
  return table.names.has(name);
}

/** How many atoms there are. Atoms are never removed. */
export function count(): number {
  return table.names.size;
}

function add(name: string): Atom {
  const known = table.names.get(name);
  if (known !== undefined) return known;
  if (typeof name !== "string") {
    throw new ErlangError(add("badarg"), `Cannot make an atom: its name must be a string, got ${inspect(name)}`);
  }
  // Characters are code points, as Erlang counts them.
  const characters = name.length > MAX_CHARACTERS ? Array.from(name).length : name.length;
  if (characters > MAX_CHARACTERS) {
    throw new ErlangError(
      add("system_limit"),
      `Cannot make atom "${name.slice(0, 20)}…": a name has at most ${MAX_CHARACTERS} characters, this one has ${characters}`,
    );
  }
  if (table.names.size >= limit) {
    throw new ErlangError(
      ensureReserved(),
      `Cannot make atom ${inspect(name)}: the table is full (${limit} atoms). Names from outside belong in strings; use atom.existing for those that must be atoms`,
    );
  }
  const atom = table.loose.get(name)?.deref() ?? table.make(name);
  table.names.set(name, atom);
  return atom;
}

// system_limit itself is created with the table, so that it exists when the table is full.
function ensureReserved(): Atom {
  return table.names.get("system_limit") as Atom;
}
