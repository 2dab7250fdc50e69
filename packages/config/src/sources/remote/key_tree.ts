import type { Diagnostic, Knowledge } from "../../core/layer.ts";
import { andThen } from "../../core/maybe.ts";
import { type Budget, budgetForTexts, eachInTurn, MANY_TEXTS, UNLIMITED } from "../../core/sliced.ts";
import { TextFault } from "../../core/text_value.ts";
import { formatPath, isWellFormed, MAX_DEPTH } from "../../core/path.ts";
import type { Shape } from "../../core/shape.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import { text_of_bytes, value_of_text } from "./key_text.ts";

/** A key and its content. */
export interface KeyText {
  readonly key: string;
  /** base64; empty for an empty value and for a folder. */
  readonly raw: string;
}

/**
 * Keys as a tree. `/` separates: `myapp/config/db/pool.max` under `myapp/config/` is the path `["db", "pool.max"]`, a
 * segment with a dot stays one segment. Folder keys (`db/`) are skipped. If both `a` and `a/b` are keys, the table wins.
 *
 * A tree never changes: an edit of it is a new tree that shares every folder the edit did not touch. So a change of one key
 * among ten thousand costs one path, and the result of an earlier load stays unchanged.
 */
export class KeyTree {
  readonly #root: Folder;
  readonly #prefix: string;
  readonly #source: string;
  /** Keys that were skipped and keys that a table hides. */
  readonly #skipped: ReadonlyMap<string, Diagnostic>;
  readonly diagnostics: readonly Diagnostic[];

  /**
   * @param prefix the beginning of every key; ends in `/` or is empty
   * @param source name for the diagnostics
   */
  constructor(
    prefix: string,
    source: string,
    root: Folder = folder({}),
    skipped: ReadonlyMap<string, Diagnostic> = new Map(),
  ) {
    this.#prefix = prefix;
    this.#source = source;
    this.#root = root;
    this.#skipped = skipped;
    this.diagnostics = [...skipped.values()];
  }

  /**
   * The values. `expected` returns the shape of the schema and the layers below.
   *
   * @param budget lets many keys be read in slices
   * @returns a promise if there is a budget and there are many keys
   */
  table(expected: Knowledge["expected"]): Table;
  table(expected: Knowledge["expected"], budget: Budget): Table | Promise<Table>;
  table(expected: Knowledge["expected"], budget: Budget = UNLIMITED): Table | Promise<Table> {
    return tableOf(this.#root, [], expected, budgetForTexts(nodesIn(this.#root, 0), budget));
  }

  /** The key that holds the value at this path, or that is nearest above it. */
  key(path: Segments): string | undefined {
    let at = this.#root;
    for (const [depth, segment] of path.entries()) {
      const node = at.children.get(segment);
      if (node === undefined) return undefined;
      if (node.below === undefined) return this.#prefix + path.slice(0, depth + 1).join("/");
      at = node.below;
    }
    return this.#prefix + path.join("/");
  }

  edit(): KeyTreeEdit {
    return new KeyTreeEdit(this.#prefix, this.#source, this.#root, this.#skipped);
  }
}

/** Changes to a tree, gathered one key at a time. Dropping an edit leaves no trace. */
export class KeyTreeEdit {
  readonly #prefix: string;
  readonly #source: string;
  /** Folders marked with it were made by this edit and may be changed by it. */
  readonly #owner = {};
  readonly #skipped: Map<string, Diagnostic>;
  #root: Folder;

  constructor(prefix: string, source: string, root: Folder, skipped: ReadonlyMap<string, Diagnostic>) {
    this.#prefix = prefix;
    this.#source = source;
    this.#root = root;
    this.#skipped = new Map(skipped);
  }

  set({ key, raw }: KeyText): void {
    this.#skipped.delete(key);
    const rest = key.slice(this.#prefix.length);
    if (rest === "" || rest.endsWith("/")) return;
    const path = rest.split("/");
    const problem = path_problem(path);
    const text = problem === undefined ? text_of_bytes(Buffer.from(raw, "base64")) : undefined;
    if (text === undefined) {
      this.#remove(path);
      this.#skip(key, problem ?? { code: "not_utf8", message: "its value is not UTF-8" });
      return;
    }
    const value = valueIn(text);
    if (value instanceof TextFault) {
      this.#remove(path);
      this.#skip(key, { code: "unsafe_key", message: `its JSON cannot be read: ${value.message}` });
      return;
    }
    if (unsafe(value)) {
      this.#remove(path);
      this.#skip(key, {
        code: "unsafe_key",
        message: 'its JSON has an empty key or the key "__proto__", or is nested too deep',
      });
      return;
    }
    this.#put(path, key, { text, seen: { expected: undefined, value } });
  }

  remove(key: string): void {
    this.#skipped.delete(key);
    const rest = key.slice(this.#prefix.length);
    if (rest !== "" && !rest.endsWith("/")) this.#remove(rest.split("/"));
  }

  done(): KeyTree {
    return new KeyTree(this.#prefix, this.#source, this.#root, this.#skipped);
  }

  #put(path: readonly string[], key: string, leaf: Leaf): void {
    let at = (this.#root = this.#own(this.#root));
    for (let depth = 0; depth < path.length; depth++) {
      const segment = path[depth]!;
      const node = at.children.get(segment) ?? {};
      if (depth === path.length - 1) {
        if (node.below !== undefined) this.#hide(key, path);
        at.children.set(segment, node.below === undefined ? { leaf } : { leaf, below: node.below });
        return;
      }
      if (node.leaf !== undefined && node.below === undefined) {
        this.#hide(this.#prefix + path.slice(0, depth + 1).join("/"), path.slice(0, depth + 1));
      }
      const below = this.#own(node.below ?? folder(this.#owner));
      at.children.set(segment, node.leaf === undefined ? { below } : { leaf: node.leaf, below });
      at = below;
    }
  }

  #remove(path: readonly string[]): void {
    if (!this.#has(path)) return;
    const trail: Folder[] = [];
    let at = (this.#root = this.#own(this.#root));
    for (const segment of path.slice(0, -1)) {
      trail.push(at);
      const node = at.children.get(segment)!;
      const below = this.#own(node.below!);
      at.children.set(segment, { ...node, below });
      at = below;
    }
    const last = path.at(-1)!;
    const { below } = at.children.get(last)!;
    if (below === undefined) at.children.delete(last);
    else at.children.set(last, { below });
    // An empty folder is removed, and a key that it hid comes back.
    for (let depth = path.length - 2; depth >= 0 && at.children.size === 0; depth--) {
      at = trail[depth]!;
      const { leaf } = at.children.get(path[depth]!)!;
      if (leaf === undefined) at.children.delete(path[depth]!);
      else {
        at.children.set(path[depth]!, { leaf });
        this.#skipped.delete(this.#prefix + path.slice(0, depth + 1).join("/"));
      }
    }
  }

  #has(path: readonly string[]): boolean {
    let at: Folder | undefined = this.#root;
    for (const segment of path.slice(0, -1)) at = at?.children.get(segment)?.below;
    return at?.children.get(path.at(-1)!)?.leaf !== undefined;
  }

  #own(shared: Folder): Folder {
    return shared.owner === this.#owner
      ? shared
      : { owner: this.#owner, children: new Map(shared.children), seen: undefined };
  }

  #hide(key: string, path: Segments): void {
    const message = `Key "${key}" is not used: there are keys below "${key}/", and a table wins over a value`;
    this.#skipped.set(key, { source: this.#source, code: "shape", message, path: formatPath(path) });
  }

  #skip(key: string, { code, message }: { code: string; message: string }): void {
    this.#skipped.set(key, { source: this.#source, code, message: `Key "${key}" is not used: ${message}` });
  }
}

/** The contents of one segment: the text of a key, keys below it, or both. */
interface Node {
  readonly leaf?: Leaf;
  readonly below?: Folder;
}

interface Leaf {
  readonly text: string;
  /** The last requested value, and the expected shape at that time. A cache, not part of the tree. */
  seen: { readonly expected: Shape | undefined; readonly value: Value | undefined };
}

interface Folder {
  /** The edit that made it, and that alone may change it. */
  readonly owner: object;
  readonly children: Map<string, Node>;
  /** The last returned table. A cache, not part of the tree. */
  seen: Table | undefined;
}

function folder(owner: object): Folder {
  return { owner, children: new Map(), seen: undefined };
}

/** Counts keys and folders, no further than needed. */
function nodesIn(at: Folder, before: number): number {
  let count = before + at.children.size;
  for (const { below } of at.children.values()) {
    if (count > MANY_TEXTS) break;
    if (below !== undefined) count = nodesIn(below, count);
  }
  return count;
}

/** Returns the same table while its contents and the expected shapes are unchanged. */
function tableOf(at: Folder, path: Segments, expected: Knowledge["expected"], budget: Budget): Table | Promise<Table> {
  const { seen } = at;
  const here = [...path, ""];
  const last = path.length;
  const table: Record<string, Value> = {};
  let count = 0;
  let same = seen !== undefined;
  const set = (segment: string, value: Value | undefined): void => {
    if (value === undefined) return;
    table[segment] = value;
    count += 1;
    same &&= Object.is(seen![segment], value);
  };
  const take = ([segment, { leaf, below }]: readonly [string, Node]): void | Promise<void> => {
    here[last] = segment;
    if (below === undefined) return set(segment, valueOf(leaf!, expected(here)));
    return andThen(tableOf(below, here, expected, budget), (value) => set(segment, value));
  };
  return andThen(eachInTurn(at.children, take, budget), () => {
    if (same && Object.keys(seen!).length === count) return seen!;
    return (at.seen = Object.freeze(table));
  });
}

function valueOf(leaf: Leaf, expected: Shape | undefined): Value | undefined {
  if (leaf.seen.expected !== expected) leaf.seen = { expected, value: value_of_text(leaf.text, expected) };
  return leaf.seen.value;
}

function valueIn(text: string): Value | undefined | TextFault {
  try {
    return value_of_text(text, undefined);
  } catch (error) {
    if (error instanceof TextFault) return error;
    throw error;
  }
}

/** Why a path cannot be part of a configuration. */
export function path_problem(path: Segments): { code: string; message: string } | undefined {
  if (path.includes("")) return { code: "empty_segment", message: "a segment between two slashes is empty" };
  if (path.includes("__proto__")) return { code: "unsafe_key", message: 'no segment may be "__proto__"' };
  if (path.length > MAX_DEPTH) return { code: "too_deep", message: `it has more than ${MAX_DEPTH} segments` };
  if (!path.every(isWellFormed)) return { code: "unsafe_key", message: "a segment is not well-formed Unicode" };
  return undefined;
}

/** Whether a configuration may not contain a value. Such a key must not make the others fail. */
function unsafe(value: Value | undefined): boolean {
  if (typeof value === "string") return !isWellFormed(value);
  return typeof value === "object" && value !== null && unsafeWithin(value, 100);
}

function unsafeWithin(value: object, depth: number): boolean {
  if (depth === 0) return true;
  for (const [key, below] of Object.entries(value)) {
    if (!Array.isArray(value) && (key === "" || key === "__proto__" || !isWellFormed(key))) return true;
    if (typeof below === "string" && !isWellFormed(below)) return true;
    if (typeof below === "object" && below !== null && unsafeWithin(below as object, depth - 1)) return true;
  }
  return false;
}
