import type { Table, Value } from "./value.ts";

/**
 * How tables are made and walked. An engine stores an object that grows key by key as a hash table, which is forty
 * times slower to walk than an object that shares its layout with others, and several times as large. So tables with
 * the same keys that are made one after the other are copies of a model. The keys of a large table, which an engine
 * sorts at each request, are cached.
 */

/** With up to this many keys an object keeps a shared layout however it grows. */
const FEW = 16;
/** With up to this many keys a shared layout is worth its cost. */
export const MOST_SHARED = 128;

/** A frozen table with these distinct keys and their values. */
export function makeTable(keys: readonly string[], values: readonly Value[]): Table {
  if (keys.length <= FEW || keys.length > MOST_SHARED) return freezeTable(filled({}, keys, values), keys);
  if (!isModelOf(keys)) {
    modelKeys = keys.slice();
    model = undefined;
    return Object.freeze(filled({}, keys, values));
  }
  model ??= emptied({ ...filled({}, keys, values) }, keys);
  return Object.freeze(filled({ ...model }, keys, values));
}

/** Freezes a newly made table with these keys, in the order in which they were set. */
export function freezeTable(table: Record<string, Value>, keys: readonly string[]): Table {
  const frozen = Object.freeze(table);
  // A key that looks like an index comes before all others, whenever it was set.
  if (keys.length > MOST_SHARED && !keys.some(beginsWithDigit)) known.set(frozen, keys);
  return frozen;
}

/** The keys of a frozen table, in its order. */
export function keysOf(table: Table): readonly string[] {
  const remembered = known.get(table);
  if (remembered !== undefined) return remembered;
  const keys = Object.keys(table);
  if (keys.length > MOST_SHARED) known.set(table, keys);
  return keys;
}

/** The values of a frozen table with these keys, in their order. */
export function valuesOf(table: Table, keys: readonly string[]): readonly Value[] {
  if (keys.length <= MOST_SHARED) return Object.values(table);
  const values: Value[] = [];
  for (let i = 0; i < keys.length; i++) values.push(table[keys[i]!]!);
  return values;
}

const known = new WeakMap<Table, readonly string[]>();

/** The keys of the last table, and an object with the layout of tables with these keys. */
let modelKeys: readonly string[] = [];
let model: Record<string, Value> | undefined;

function isModelOf(keys: readonly string[]): boolean {
  if (modelKeys.length !== keys.length) return false;
  for (let i = 0; i < keys.length; i++) if (keys[i] !== modelKeys[i]) return false;
  return true;
}

function filled(
  table: Record<string, Value>,
  keys: readonly string[],
  values: readonly Value[],
): Record<string, Value> {
  for (let i = 0; i < keys.length; i++) table[keys[i]!] = values[i]!;
  return table;
}

/** It must not keep values of a configuration alive. */
function emptied(table: Record<string, Value>, keys: readonly string[]): Record<string, Value> {
  for (let i = 0; i < keys.length; i++) table[keys[i]!] = null;
  return table;
}

function beginsWithDigit(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57;
}
