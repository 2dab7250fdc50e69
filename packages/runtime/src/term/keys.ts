/**
 * The keys of an object, as many as are shown. An engine cannot find the first keys without finding all: for a table
 * with 100,000 keys, which it sorts by age, that takes 20 ms and more. So the keys found for a large object are cached
 * for a short time: a crash leads to several reports and errors, each of which shows the same terms.
 */
import { types } from "node:util";

/** The shown part of an object's own keys. */
export interface Keys {
  /** The first keys, in the object's order. */
  readonly first: readonly string[];
  /** How many there are. */
  readonly count: number;
}

/** An object with at least this many keys is large. */
const LARGE = 5_000;
/** How many names of a large object are cached: no output shows more. */
const KEPT = 100;
/** How long they are cached, in ms: longer than the reports of one crash take on a busy machine. */
const SERVES = 1_000;

/** The cached keys of large objects. */
const found = new WeakMap<object, Keys & { readonly until: number }>();
// A replaced global clock (fake timers in a test) concerns the program's time, not this cache.
const now = performance.now.bind(performance);

/** The own enumerable names of an object. The count for a large object may be slightly out of date. */
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

// A proxy is asked for its keys once; whether each key is enumerable is checked only if there are few.
function namesOf(proxy: object): string[] {
  const keys = Reflect.ownKeys(proxy).filter((key) => typeof key === "string");
  return keys.length < LARGE ? keys.filter((key) => isOwn.call(proxy, key)) : keys;
}
