import { Aliases } from "./aliases.ts";
import { entry, isTable } from "./draft.ts";
import { excerptOf } from "./excerpt.ts";
import type { Making } from "./making.ts";
import { andThen } from "./maybe.ts";
import { formatPath, parsePath } from "./path.ts";
import type { Shown } from "./redaction.ts";
import { Secrets } from "./secrets.ts";
import { type Budget, inSlices } from "./sliced.ts";
import { keysOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * The effective configuration at one version: an immutable, deeply frozen tree. A change makes a new snapshot and swaps one
 * reference; subtrees that did not change are the same objects (`===`) in both. Printed, or turned into JSON, it shows no secret.
 *
 *     snapshot.get("servers.0.host")   // "a"
 */
export class Snapshot {
  /** Rises by one with each change; 0 is the empty configuration before the first load. */
  readonly version: number;
  readonly tree: Table;
  /** The last path that was looked up, and its value: a loop that reads one setting costs one comparison. */
  private lastPath = "";
  private lastValue: Value | undefined = undefined;
  /** Consecutive look-ups of other paths: after many of them, comparing costs more than it saves. */
  private misses = 0;
  /** Paths that were looked up, including those without a value; older ones move to `aged` and are then dropped. */
  private memo = new Map<string, Value | undefined>();
  private aged: ReadonlyMap<string, Value | undefined> = NONE;

  private readonly secrets: Secrets;
  /** Its redacted tree, or that of an earlier snapshot, whose equal parts are reused. */
  private shown: (Shown & { readonly by: object }) | undefined = undefined;

  private readonly aliases: Aliases;

  /**
   * @param secrets its secrets; by default those recognised by name. @param aliases old names, which lead to new ones
   */
  constructor(version: number, tree: Table, secrets: Secrets = NAMED_SECRETS, aliases: Aliases = Aliases.none) {
    this.version = version;
    this.tree = tree;
    this.secrets = secrets;
    this.aliases = aliases;
    // It is shared by all readers.
    Object.defineProperties(this, { version: FIXED, tree: FIXED });
  }

  /** The next snapshot, with the same secrets. */
  next(tree: Table): Snapshot {
    const next = new Snapshot(this.version + 1, tree, this.secrets, this.aliases);
    next.shown = this.shown;
    return next;
  }

  /**
   * The tree with `[redacted]` in place of each secret: for an endpoint that shows the configuration, or a log.
   *
   * @returns the same object each time, while the secrets are the same
   */
  redacted(): Table {
    return this.isShown ? (this.shown!.shown as Table) : this.show(this.redaction.whole());
  }

  /** The same, in slices; a promise if it is large. */
  redactedWithin(budget: Budget): Table | Promise<Table> {
    if (this.isShown) return this.shown!.shown as Table;
    return andThen(inSlices(this.redaction, budget), (shown) => this.show(shown));
  }

  /** The data for `JSON.stringify`: version and redacted tree. */
  toJSON(): { readonly version: number; readonly tree: Table } {
    return { version: this.version, tree: this.redacted() };
  }

  /** The output of `console.log` and `util.inspect`: the same, but only the beginning of a large tree. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { version: this.version, tree: this.secrets.redact([], excerptOf(this.tree)) };
  }

  /**
   * The value at a dotted path; undefined if there is none. A table if the path names an inner node. Elements of lists
   * are named by their index: `servers.0.host`.
   *
   * @throws TypeError if it is not a path
   */
  lookup(path: string): Value | undefined {
    if (this.misses < MOST_MISSES) {
      if (path === this.lastPath && path !== "") {
        this.misses = 0;
        return this.lastValue;
      }
      this.misses++;
    }
    const value = this.memo.get(path);
    if (value === undefined && !this.memo.has(path)) return this.search(path);
    if (this.misses < MOST_MISSES) {
      this.lastPath = path;
      this.lastValue = value;
    }
    return value;
  }

  /** The value at a path, or `fallback` if there is none. @throws TypeError if it is not a path */
  get(path: string | Segments, fallback?: unknown): unknown {
    const value = typeof path === "string" ? this.lookup(path) : this.at(parsePath(path));
    return value === undefined ? fallback : value;
  }

  /** The value at these segments; the whole tree for none. */
  at(path: Segments): Value | undefined {
    const value = valueAt(this.tree, path);
    if (value !== undefined || this.aliases.isEmpty) return value;
    return valueAt(this.tree, this.aliases.rename(path));
  }

  private get isShown(): boolean {
    return this.shown?.by === this.secrets.generation && this.shown.value === this.tree;
  }

  private get redaction(): Making {
    const was = this.shown?.by === this.secrets.generation ? this.shown : undefined;
    return this.secrets.redaction([], this.tree, was);
  }

  private show(shown: Value): Table {
    this.shown = { value: this.tree, shown, by: this.secrets.generation };
    return shown as Table;
  }

  private search(path: string): Value | undefined {
    const value = this.aged.has(path) ? this.aged.get(path) : this.at(parsePath(path));
    if (path.length > LONGEST_REMEMBERED) return value;
    if (this.memo.size >= MOST_REMEMBERED) {
      this.aged = this.memo;
      this.memo = new Map();
    }
    this.memo.set(path, value);
    return value;
  }
}

/** The value at a path in a tree: only own keys count, and lists are read by index. */
export function valueAt(tree: Table, path: Segments): Value | undefined {
  let at: Value | undefined = tree;
  for (let i = 0; i < path.length && at !== undefined; i++) at = entry(at, path[i]!);
  return at;
}

/** The path of the first list above the node at `path`; undefined if there is none. */
export function listAbove(tree: Table, path: Segments): Segments | undefined {
  let at: Value | undefined = tree;
  for (let depth = 0; depth < path.length; depth++) {
    if (Array.isArray(at)) return path.slice(0, depth);
    if (!isTable(at)) return undefined;
    at = Object.hasOwn(at, path[depth]!) ? at[path[depth]!] : undefined;
  }
  return undefined;
}

/** The number of leaves of a tree: scalars, lists, empty tables. Each unchanged subtree is counted once. */
export function countLeaves(tree: Table): number {
  const known = counted.get(tree);
  if (known !== undefined) return known;
  let leaves = 0;
  for (const key of keysOf(tree)) {
    const value = tree[key]!;
    leaves += isTable(value) ? Math.max(1, countLeaves(value)) : 1;
  }
  counted.set(tree, leaves);
  return leaves;
}

/** The dotted path of a node, for messages: `(root)` for the root. */
export function namedPath(path: Segments): string {
  return path.length === 0 ? "(root)" : formatPath(path);
}

const NAMED_SECRETS = new Secrets();
const FIXED: PropertyDescriptor = { writable: false, configurable: false };
const NONE: ReadonlyMap<string, Value | undefined> = new Map();
const MOST_MISSES = 64;
const MOST_REMEMBERED = 8192;
const LONGEST_REMEMBERED = 1024;
const counted = new WeakMap<Table, number>();
