/**
 * A map whose keys are terms: tuples and tables that are equal element by element are the same key. A string and the atom of
 * the same name are the same key, as with registered names.
 *
 * Terms other than tuples and plain objects (numbers, pids, references, functions) are compared by identity. A deleted
 * key leaves nothing behind.
 */
import { Atom } from "./atom.ts";
import { BADARG } from "./atoms.ts";
import { describe } from "./describe.ts";
import { ErlangError } from "./error.ts";
import { isA, isTuple } from "./guarded.ts";

/** A key is stored as the sequence of its parts; the map is a tree of maps along that sequence. */
type Part = unknown;

interface Node<V> {
  below: Map<Part, Node<V>> | undefined;
  entry: { readonly key: unknown; value: V } | undefined;
}

const TUPLE = Symbol("tuple");
const TABLE = Symbol("table");
/** A term may contain itself; no sensible key is deeper than this. */
const DEPTH = 64;

export class TermMap<V> {
  private readonly root: Node<V> = { below: undefined, entry: undefined };
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(key: unknown): V | undefined {
    let node: Node<V> | undefined = this.root;
    for (const part of partsOf(key)) {
      node = node.below?.get(part);
      if (node === undefined) return undefined;
    }
    return node.entry?.value;
  }

  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }

  set(key: unknown, value: V): void {
    let node = this.root;
    for (const part of partsOf(key)) {
      node.below ??= new Map();
      let next = node.below.get(part);
      if (next === undefined) node.below.set(part, (next = { below: undefined, entry: undefined }));
      node = next;
    }
    if (node.entry === undefined) {
      this.count++;
      node.entry = { key, value };
    } else {
      node.entry.value = value;
    }
  }

  delete(key: unknown): boolean {
    const parts = partsOf(key);
    const way: Node<V>[] = [this.root];
    for (const part of parts) {
      const next = way.at(-1)!.below?.get(part);
      if (next === undefined) return false;
      way.push(next);
    }
    const last = way.at(-1)!;
    if (last.entry === undefined) return false;
    last.entry = undefined;
    this.count--;
    for (let at = parts.length - 1; at >= 0; at--) {
      const node = way[at + 1]!;
      if (node.entry !== undefined || (node.below !== undefined && node.below.size > 0)) break;
      way[at]!.below!.delete(parts[at]);
    }
    return true;
  }

  /** `[key, value]` of all entries; keys with a common beginning are adjacent. */
  *entries(): IterableIterator<[key: unknown, value: V]> {
    yield* walk(this.root);
  }

  /** All values. */
  *values(): IterableIterator<V> {
    for (const [, value] of walk(this.root)) yield value;
  }
}

function* walk<V>(node: Node<V>): IterableIterator<[unknown, V]> {
  if (node.entry !== undefined) yield [node.entry.key, node.entry.value];
  if (node.below !== undefined) for (const next of node.below.values()) yield* walk(next);
}

function partsOf(key: unknown): readonly Part[] {
  if (typeof key === "string" || typeof key === "number") return [key];
  const parts: Part[] = [];
  push(key, parts, 0);
  return parts;
}

function push(term: unknown, parts: Part[], depth: number): void {
  if (depth > DEPTH) throw new ErlangError(BADARG, `Cannot use ${describe(term)} as a key: it is nested too deep`);
  if (isTuple(term)) {
    parts.push(TUPLE, term.length);
    for (const each of term) push(each, parts, depth + 1);
  } else if (isPlain(term)) {
    const keys = Object.keys(term).toSorted();
    parts.push(TABLE, keys.length);
    for (const each of keys) {
      parts.push(each);
      push(term[each], parts, depth + 1);
    }
  } else {
    parts.push(isA(term, Atom) ? term.name : term);
  }
}

function isPlain(term: unknown): term is Record<string, unknown> {
  if (typeof term !== "object" || term === null) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(term);
    return prototype === Object.prototype || prototype === null;
  } catch {
    return false;
  }
}
