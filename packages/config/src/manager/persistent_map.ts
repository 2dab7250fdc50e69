/**
 * An immutable map: `set` and `delete` return a new map that shares all but one path with this one. So a state with ten
 * thousand subscriptions can be replaced at each message. (A hash trie with sixteen branches at each level.)
 */
export class PersistentMap<V> {
  readonly size: number;
  private readonly root: Branch<V>;

  private constructor(root: Branch<V>, size: number) {
    this.root = root;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.nothing as PersistentMap<never>;
  }

  private static readonly nothing = new PersistentMap<never>(
    Array.from({ length: 16 }, () => undefined),
    0,
  );

  get(key: string): V | undefined {
    let hash = hashOf(key);
    let node: Node<V> = this.root[hash & MASK];
    while (isBranch(node)) node = node[(hash >>>= BITS) & MASK];
    return node?.entries.find((entry) => entry[0] === key)?.[1];
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** @param value not undefined */
  set(key: string, value: V): PersistentMap<V> {
    const hash = hashOf(key);
    const grows = this.has(key) ? 0 : 1;
    return new PersistentMap(withEntry(this.root, 0, hash, [key, value]), this.size + grows);
  }

  /** The map without the key; the same map if it does not have it. */
  delete(key: string): PersistentMap<V> {
    if (!this.has(key)) return this;
    if (this.size === 1) return PersistentMap.empty();
    return new PersistentMap(withoutKey(this.root, 0, hashOf(key), key), this.size - 1);
  }

  *values(): IterableIterator<V> {
    for (const [, value] of entriesOf(this.root)) yield value;
  }
}

type Entry<V> = readonly [key: string, value: V];
/** The keys with one hash, usually a single one. */
interface Leaf<V> {
  readonly hash: number;
  readonly entries: readonly Entry<V>[];
}
type Node<V> = Branch<V> | Leaf<V> | undefined;
type Branch<V> = readonly Node<V>[];

const BITS = 4;
const MASK = 15;

function isBranch<V>(node: Node<V>): node is Branch<V> {
  return Array.isArray(node);
}

function withEntry<V>(branch: Branch<V>, shift: number, hash: number, entry: Entry<V>): Branch<V> {
  const at = (hash >>> shift) & MASK;
  const node = branch[at];
  const copy = branch.slice();
  if (node === undefined) copy[at] = { hash, entries: [entry] };
  else if (isBranch(node)) copy[at] = withEntry(node, shift + BITS, hash, entry);
  else if (node.hash === hash)
    copy[at] = { hash, entries: [...node.entries.filter(([key]) => key !== entry[0]), entry] };
  else {
    const below: Node<V>[] = Array.from({ length: MASK + 1 }, () => undefined);
    below[(node.hash >>> (shift + BITS)) & MASK] = node;
    copy[at] = withEntry(below, shift + BITS, hash, entry);
  }
  return copy;
}

function withoutKey<V>(branch: Branch<V>, shift: number, hash: number, key: string): Branch<V> {
  const at = (hash >>> shift) & MASK;
  const node = branch[at]!;
  const copy = branch.slice();
  if (isBranch(node)) {
    const below = withoutKey(node, shift + BITS, hash, key);
    const [only, ...others] = below.filter((one) => one !== undefined);
    copy[at] = only === undefined ? undefined : others.length === 0 && !isBranch(only) ? only : below;
  } else {
    const entries = node.entries.filter((entry) => entry[0] !== key);
    copy[at] = entries.length === 0 ? undefined : { hash, entries };
  }
  return copy;
}

function* entriesOf<V>(branch: Branch<V>): IterableIterator<Entry<V>> {
  for (const node of branch) {
    if (isBranch(node)) yield* entriesOf(node);
    else if (node !== undefined) yield* node.entries;
  }
}

/** FNV-1a, with a final mixing of its bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
