/** The table of atoms. */
import { inspect } from "node:util";
import { ATOM } from "./describe.ts";

/**
 * A name that is a value: the same text is always the same object, so atoms compare with `===`. Made by `ensure` only.
 * The type parameter is the text if the compiler knows it, so that types can distinguish the tags of tuples.
 */
export interface Atom<N extends string = string> {
  readonly name: N;
  toString(): N;
  toJSON(): N;
  /** Makes the type nominal: no object literal is an atom. */
  readonly [brand]: never;
}

declare const brand: unique symbol;

interface Table {
  readonly Atom: abstract new (...args: never) => Atom;
  readonly names: Map<string, Atom>;
  readonly make: (name: string) => Atom;
  /** Atoms outside the table, made for names that are strings; they exist while they are referenced. */
  readonly loose: Map<string, WeakRef<Atom>>;
  readonly swept: FinalizationRegistry<string>;
}

// The table is on globalThis, so that two copies of this package share their atoms.
const KEY = Symbol.for("@otpts/runtime/atoms/1");
const shared = globalThis as typeof globalThis & { [KEY]?: Table };
export const table: Table = (shared[KEY] ??= newTable());

/**
 * The atom of a name that is a string, without an entry in the table: it is collected when it is no longer referenced.
 * Until then `ensure` returns it for this name, so that atoms still compare with `===`.
 */
export function loose(name: string): Atom {
  const known = table.names.get(name) ?? table.loose.get(name)?.deref();
  if (known !== undefined) return known;
  const atom = table.make(name);
  table.loose.set(name, new WeakRef(atom));
  table.swept.register(atom, name);
  return atom;
}

function newTable(): Table {
  class Atom {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
      Object.freeze(this);
    }
    get [ATOM](): true {
      return true;
    }
    toString(): string {
      return this.name;
    }
    toJSON(): string {
      return this.name;
    }
    [inspect.custom](): string {
      return /^[a-z][A-Za-z0-9_@]*$/.test(this.name) ? this.name : `'${this.name.replaceAll(/['\\]/g, "\\$&")}'`;
    }
  }
  const make = (name: string) => new Atom(name) as unknown as Table["names"] extends Map<string, infer A> ? A : never;
  const names: Table["names"] = new Map();
  for (const name of ["badarg", "system_limit"]) names.set(name, make(name));
  const loose: Table["loose"] = new Map();
  const swept = new FinalizationRegistry<string>((name) => {
    if (loose.get(name)?.deref() === undefined) loose.delete(name);
  });
  return { Atom: Atom as unknown as Table["Atom"], names, make, loose, swept };
}
