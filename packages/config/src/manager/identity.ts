import { Atom } from "@otpts/runtime";

/**
 * Names for what has none: callbacks and pids are told apart by the object that they are. A name stays an object's for as
 * long as the object lives, and is never given twice.
 */
const names = new WeakMap<object, number>();
let last = 0;

export function identity(object: object): string {
  let name = names.get(object);
  if (name === undefined) names.set(object, (name = ++last));
  return String(name);
}

/** Whether it is an atom. What comes in a message may be an object that throws when it is looked at. */
export function isAtom(value: unknown): value is Atom {
  try {
    return value instanceof Atom;
  } catch {
    return false;
  }
}
