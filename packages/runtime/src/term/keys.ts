/**
 * The keys of an object, as many as are shown. An engine has no way to find the first keys without finding all: of a table with 100,000
 * keys, which it sorts by age, that takes 20 ms and more. So what was found of a large one serves for a while: a crash is told in
 * several reports and errors, each of which shows the same terms.
 */
import { types } from "node:util";

/** What is shown of an object's own keys. */
export interface Keys {
  /** The first, in the object's order. */
  readonly first: readonly string[];
  /** How many there are. */
  readonly count: number;
}

/** From this many keys on an object is large. */
const LARGE = 5_000;
/** How many names of a large object are kept: nobody shows more. */
const KEPT = 100;
/** How long they serve, in ms: longer than a crash is told of on a busy machine. */
const SERVES = 1_000;

/** What was found of large objects. */
const found = new WeakMap<object, Keys & { readonly until: number }>();
// Whoever replaces the global one (fake timers in a test) means the program's time.
const now = performance.now.bind(performance);

/** The own enumerable names of an object. Of a large one, the count may be that of a moment ago. */
export function keysOf(value: object): Keys {
  const before = found.get(value);
  if (before !== undefined && now() < before.until && before.first.every((name) => isOwn.call(value, name)))
    return before;
  const names = types.isProxy(value) ? namesOf(value) : Object.keys(value);
  if (names.length < LARGE) return { first: names, count: names.length };
  const keys = { first: names.slice(0, KEPT), count: names.length, until: now() + SERVES };
  found.set(value, keys);
  return keys;
}

// oxlint-disable-next-line typescript/unbound-method -- it is called on objects
const isOwn = Object.prototype.propertyIsEnumerable;

// A proxy is asked once for its keys, and not for each of them whether it is enumerable, unless there are few.
function namesOf(proxy: object): string[] {
  const keys = Reflect.ownKeys(proxy).filter((key) => typeof key === "string");
  return keys.length < LARGE ? keys.filter((key) => isOwn.call(proxy, key)) : keys;
}
