import { type Change, type ChangedPath, type LeafPlace, sortedByPath, visitLeaves } from "./diff.ts";
import { Draft, isTable } from "./draft.ts";
import { Making } from "./making.ts";
import { Admission, type AdmissionRules, admit, isAdmitted, LENIENT, newList } from "./plain.ts";
import type { Secrets, ValueAtPath } from "./secrets.ts";
import type { Notification, PatternIndex } from "./subscriptions.ts";
import type { Segments, Value } from "./value.ts";

/**
 * The only place where work is cut into slices, so that the event loop can turn. All rules of the core are plain
 * functions; the only one that visits every value of a large tree, changed or not, is admission: table by table, with a
 * check of the budget between tables (and between the entries of a large one). The result shares equal subtrees with
 * the previous tree, and all later rules skip those by comparison.
 */

/** How long work may go on before the event loop must turn. The caller makes it, because the core has no clock. */
export interface Budget {
  /** Whether it is time to pause. */
  spent(): boolean;
  /** Resolves with a new slice of time when the event loop has turned. */
  turn(): Promise<void>;
}

/** Up to this many values are admitted at once: some milliseconds. */
const LARGE = 20_000;
/** Number of values in one piece of a larger value: well below a millisecond. */
export const PIECE = 2_000;

/**
 * Like `admit`, but a large value is admitted in slices, and the result is a promise. The value must not be changed
 * until it settles.
 *
 * @throws PlainDataError, or rejects with it
 */
export function admitSliced(
  value: unknown,
  before: Value | undefined,
  rules: AdmissionRules,
  budget: Budget,
): Value | Promise<Value> {
  if (budget === UNLIMITED || isAdmitted(value, rules) || !holdsMore(value, LARGE, rules)) {
    return admit(value, before, rules);
  }
  return admitted(value as object, before, rules, budget);
}

async function admitted(
  value: object,
  before: Value | undefined,
  rules: AdmissionRules,
  budget: Budget,
): Promise<Value> {
  const admission = new Admission(rules);
  try {
    // Making the value was work too.
    await budget.turn();
    return admission.finish(await container(admission, value, before, rules, budget));
  } catch (error) {
    throw admission.refusal(error);
  }
}

async function container(
  admission: Admission,
  source: object,
  before: Value | undefined,
  rules: AdmissionRules,
  budget: Budget,
): Promise<Value> {
  if (budget.spent()) await budget.turn();
  const keys = admission.enter(source);
  const entry = async (key: string, value: object, old: Value | undefined): Promise<Value> => {
    admission.step(key);
    const made = await container(admission, value, old, rules, budget);
    admission.step(undefined);
    return made;
  };
  let made: Value;
  if (keys === undefined) {
    const list = source as readonly unknown[];
    const old: readonly Value[] | undefined = Array.isArray(before) ? before : undefined;
    const out = newList();
    let same = old?.length === list.length;
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (isDue(value, i) && budget.spent()) await budget.turn();
      const element = holdsMore(value, PIECE, rules)
        ? await entry(String(i), value, old?.[i])
        : admission.at(String(i), value, old?.[i]);
      same &&= Object.is(element, old?.[i]);
      out.push(element);
    }
    made = same ? old! : Object.freeze(out);
  } else {
    const old = isTable(before) ? before : undefined;
    const draft = new Draft(old);
    for (const [i, key] of keys.entries()) {
      const value = admission.read(source, key);
      if (value === undefined) continue;
      if (isDue(value, i) && budget.spent()) await budget.turn();
      const below = old !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
      draft.set(key, holdsMore(value, PIECE, rules) ? await entry(key, value, below) : admission.at(key, value, below));
    }
    made = draft.done();
  }
  admission.leave(source);
  return made;
}

/**
 * Makes a value: a large one entry by entry, with a check of the budget between entries. The value and everything it is
 * made from are immutable, so states cannot mix.
 */
export function inSlices(making: Making, budget: Budget): Value | Promise<Value> {
  return budget !== UNLIMITED && making.holdsMore(LARGE) ? made(making, budget) : making.whole();
}

async function made(making: Making, budget: Budget): Promise<Value> {
  const entries = making.entries();
  if (entries === undefined) return making.whole();
  const at = (key: string | number): Value | Promise<Value> => {
    const value = making.at(key);
    if (!(value instanceof Making)) return value;
    return value.holdsMore(PIECE) ? made(value, budget) : value.whole();
  };
  if (typeof entries === "number") {
    const { before } = making;
    const list = newList();
    for (let i = 0; i < entries; i++) {
      if ((i & 15) === 0 && budget.spent()) await budget.turn();
      const element = at(i);
      list.push(element instanceof Promise ? await element : element);
    }
    const isSame =
      Array.isArray(before) && before.length === entries && list.every((one, i) => Object.is(one, before[i]));
    return isSame ? before : Object.freeze(list);
  }
  const draft = new Draft(making.before);
  for (let i = 0; i < entries.length; i++) {
    const key = entries[i]!;
    if ((i & 15) === 0 && budget.spent()) await budget.turn();
    const value = at(key);
    draft.set(key, value instanceof Promise ? await value : value);
  }
  return draft.done();
}

/**
 * Searches depth-first, with a check of the budget after each node.
 *
 * @param visit visits one node, and returns the next ones
 * @returns a promise where the budget was spent before the end
 */
export function searched<At>(
  starts: readonly At[],
  visit: (at: At, deeper: (at: At) => void) => void,
  budget: Budget,
): void | Promise<void> {
  const left = starts.toReversed();
  const search = (): void | Promise<void> => {
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      const below: At[] = [];
      visit(at, (one) => void below.push(one));
      for (let i = below.length - 1; i >= 0; i--) left.push(below[i]!);
      if (left.length > 0 && budget.spent()) return budget.turn().then(search);
    }
  };
  return search();
}

/**
 * Finds the secrets of values, so that a message about them can be scrubbed at once.
 *
 * @returns a promise if a value is large
 */
export function secretsMet(secrets: Secrets, values: Iterable<ValueAtPath>, budget: Budget): void | Promise<void> {
  const unmet = secrets.unmet(values);
  const isLarge = unmet.some(({ value }) => holdsMore(value, LARGE, LENIENT));
  return searched(unmet, (place, deeper) => secrets.look(place, deeper), isLarge ? budget : UNLIMITED);
}

/** No limit, for synchronous work. */
export const UNLIMITED: Budget = { spent: () => false, turn: () => Promise.resolve() };

/** Maximum number of texts that are read synchronously, in a few milliseconds; more are read in slices. */
export const MANY_TEXTS = 1_000;

/** The budget for reading this many texts. */
export function budgetForTexts(count: number, budget: Budget): Budget {
  return count > MANY_TEXTS ? budget : UNLIMITED;
}

/**
 * Handles one item after the other, with a check of the budget after each. An asynchronous item is awaited before the
 * next.
 *
 * @returns a promise if the budget was spent before the end, or an item was asynchronous
 */
export function eachInTurn<T>(
  items: Iterable<T>,
  step: (item: T) => void | Promise<void>,
  budget: Budget,
): void | Promise<void> {
  const left = items[Symbol.iterator]();
  let next = left.next();
  const go = (): void | Promise<void> => {
    while (next.done !== true) {
      const done = step(next.value);
      next = left.next();
      if (done instanceof Promise) return done.then(go);
      if (next.done !== true && budget.spent()) return budget.turn().then(go);
    }
  };
  return go();
}

/**
 * The notifications that an index finds for a change, sorted by path.
 *
 * @returns a promise where the budget was spent before the end
 */
export function projected<T>(
  index: PatternIndex<T>,
  change: Change | undefined,
  budget: Budget,
): readonly Notification<T>[] | Promise<readonly Notification<T>[]> {
  const found: Notification<T>[] = [];
  if (change === undefined || index.size === 0) return found;
  return sorted(
    found,
    searched([index.begin(change)], (at, deeper) => index.visit(at, found, deeper), budget),
    budget,
  );
}

/**
 * The changed leaves, sorted by path.
 *
 * @param but as for `changedLeaves`
 * @returns a promise where the budget was spent before the end
 */
export function leavesOf(
  change: Change | undefined,
  but: Segments | undefined,
  budget: Budget,
): readonly ChangedPath[] | Promise<readonly ChangedPath[]> {
  const found: ChangedPath[] = [];
  if (change === undefined) return found;
  const start: LeafPlace = { above: change, depth: 0, but };
  return sorted(
    found,
    searched([start], (at, deeper) => visitLeaves(at, found, deeper), budget),
    budget,
  );
}

/** A search finds most changes in order: the order is checked in slices, and everything is sorted at once only if it is wrong. */
function sorted<T extends { readonly path: string }>(
  found: T[],
  search: void | Promise<void>,
  budget: Budget,
): readonly T[] | Promise<readonly T[]> {
  if (!(search instanceof Promise)) return sortedByPath(found);
  let before = "";
  let isSorted = true;
  const compare = ({ path }: T): void => {
    if (path < before) isSorted = false;
    before = path;
  };
  return search
    .then(() => eachInTurn(found, compare, budget))
    .then(() => (isSorted ? found : budget.turn().then(() => sortedByPath(found))));
}

/** Whether to check the budget before a value: each table and list may take long, scalars only by the hundred. */
function isDue(value: unknown, i: number): boolean {
  return typeof value === "object" || (i & 255) === 255;
}

/** Whether a value contains more than `most` others. A value that throws on inspection will be refused later. */
function holdsMore(value: unknown, most: number, { strict }: AdmissionRules): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    return counted(value, 0, most, strict) > most;
  } catch {
    return false;
  }
}

/** Counts no further than needed. A strict admission refuses accessors, so none is run. */
function counted(value: object, before: number, most: number, strict: boolean): number {
  if (Array.isArray(value) && before + value.length > most) return most + 1;
  // The values of a large object are not listed, because that takes long.
  const keys = Array.isArray(value) ? undefined : Object.keys(value);
  const { length } = keys ?? (value as readonly unknown[]);
  let count = before + length;
  for (let i = 0; i < length && count <= most; i++) {
    const below =
      keys === undefined || !strict
        ? (value as { readonly [key: string]: unknown })[keys?.[i] ?? i]
        : (Object.getOwnPropertyDescriptor(value, keys[i]!)?.value as unknown);
    if (typeof below === "object" && below !== null) count = counted(below, count, most, strict);
  }
  return count;
}
