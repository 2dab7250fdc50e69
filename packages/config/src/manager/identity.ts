import { Atom } from "@otpts/runtime";

/**
 * Names for anonymous objects: callbacks and pids are distinguished by identity. An object keeps its name for its whole
 * life, and no name is used twice.
 */
const names = new WeakMap<object, number>();
let last = 0;

export function identity(object: object): string {
  let name = names.get(object);
  if (name === undefined) names.set(object, (name = ++last));
  return String(name);
}

/** Whether it is an atom. The content of a message may be an object that throws on inspection. */
export function isAtom(value: unknown): value is Atom {
  try {
    return value instanceof Atom;
  } catch {
    return false;
  }
}
