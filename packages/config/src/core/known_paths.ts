import { isTable } from "./draft.ts";
import type { Knowledge } from "./layer.ts";
import { nearest } from "./nearest.ts";
import type { Shape } from "./shape.ts";
import { keysOf as tableKeys } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * The paths and types of the lower layers and the schema, for a source whose names are ambiguous and whose values are
 * texts.
 *
 * Two names read the same if they are equal apart from capitals, dashes, dots and underscores: `maxConnections`,
 * `max-connections` and `MAX_CONNECTIONS`. A segment begins and ends at an underscore of the name. Of several paths
 * that read the same, those whose words are separated alike come first, and paths known by name come before possible
 * keys of a record in the schema.
 */

/** The name with dots and dashes as underscores, in lower case. */
export function fold(name: string): string {
  return name.replace(/[.-]/g, "_").toLowerCase();
}

/** The paths and types of these trees, lowest first, and of the schema's shape. Costs nothing until it is used. */
export function knownPaths(trees: readonly Table[], shape?: Shape): Knowledge {
  const top: Level = { tables: trees, shapes: shape === undefined ? [] : [shape] };
  return {
    paths: (folded) => {
      const search = new Search(folded.split("_"));
      search.at(top, 0, [], 0);
      return search.best();
    },
    named: (parts) => {
      const fits: string[][] = [];
      let level = top;
      for (const part of parts) {
        const keys = keysLike(level, part);
        fits.push(keys);
        level = below(level, keys[0]!);
      }
      return fits;
    },
    expected: (path) => shapeAt(path, shape) ?? guessed(valueBelow(path, trees)),
    has: (path) => path.length > 0 && isNamed(top, path),
    near: (path) => nearestPath(top, path),
    over: (tree) => knownPaths([...trees, tree], shape),
  };
}

function isNamed(top: Level, path: Segments): boolean {
  let level = top;
  return path.every((key) => {
    const { tables, shapes } = level;
    level = below(level, key);
    return tables.some((table) => Object.hasOwn(table, key)) || shapes.some(({ children }) => children.has(key));
  });
}

/** Follows known keys, and takes the nearest one for an unknown segment. */
function nearestPath(top: Level, path: Segments): Segments | undefined {
  const near: string[] = [];
  let level = top;
  let isKnown = true;
  for (const segment of path) {
    const { tables, shapes } = level;
    const isOpen = shapes.some(({ rest }) => rest !== undefined);
    if (
      !isOpen &&
      !tables.some((table) => Object.hasOwn(table, segment)) &&
      !shapes.some(({ children }) => children.has(segment))
    ) {
      const keys = tables.flatMap((table) => tableKeys(table));
      for (const { children } of shapes) keys.push(...children.keys());
      // Below a scalar, and in an empty table, there are no known keys.
      const meant = nearest(segment, keys);
      if (meant === undefined) return undefined;
      near.push(meant);
      isKnown = false;
    } else near.push(segment);
    level = below(level, near.at(-1)!);
  }
  return isKnown ? undefined : near;
}

interface Level {
  readonly tables: readonly Table[];
  readonly shapes: readonly Shape[];
}

function below({ tables, shapes }: Level, key: string): Level {
  return {
    tables: tables.map((table) => (Object.hasOwn(table, key) ? table[key] : undefined)).filter(isTable),
    shapes: shapes.map((shape) => shape.children.get(key) ?? shape.rest).filter((shape) => shape !== undefined),
  };
}

/** Keys by their folded form; made once for each table and shape. */
const indices = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();

function keysOf(owner: object, keys: () => Iterable<string>): ReadonlyMap<string, readonly string[]> {
  let index = indices.get(owner);
  if (index === undefined) {
    const made = new Map<string, string[]>();
    for (const key of keys()) {
      const bare = bareOf(key);
      const alike = made.get(bare);
      if (alike === undefined) made.set(bare, [key]);
      else alike.push(key);
    }
    indices.set(owner, (index = made));
  }
  return index;
}

function bareOf(name: string): string {
  // Most keys have nothing to fold, and there may be a million of them.
  if (!/[^a-z0-9]/.test(name)) return name;
  return name.replace(/[-._]/g, "").toLowerCase();
}

function alike({ tables, shapes }: Level, bare: string): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const table of tables) for (const key of keysOf(table, () => Object.keys(table)).get(bare) ?? []) keys.add(key);
  for (const { children } of shapes)
    for (const key of keysOf(children, () => children.keys()).get(bare) ?? []) keys.add(key);
  return keys;
}

/** The keys that a part of a `__` name may mean, only the best ones; itself in lower case if none is known. */
function keysLike(level: Level, part: string): string[] {
  const keys = [...alike(level, bareOf(part))];
  const lower = part.toLowerCase();
  if (keys.includes(part) || keys.includes(lower)) return [keys.includes(lower) ? lower : part];
  const near = keys.filter((key) => fold(key) === fold(part));
  return near.length > 0 ? near : keys.length > 0 ? keys : [lower];
}

/** How well a path matches, the best first. */
type Rank = 0 | 1 | 2 | 3;

/** Longest name to look up, in words, because the ways to separate a name grow with its length. */
const MAX_WORDS = 64;

class Search {
  private readonly words: readonly string[];
  private readonly found: [Map<string, Segments>, Map<string, Segments>, Map<string, Segments>, Map<string, Segments>] =
    [new Map(), new Map(), new Map(), new Map()];
  /** Number of visited levels: there may be many keys below records. */
  private steps = 0;

  constructor(words: readonly string[]) {
    this.words = words;
  }

  best(): readonly Segments[] {
    return [...(this.found.find((paths) => paths.size > 0)?.values() ?? [])];
  }

  at(level: Level, from: number, path: Segments, rank: Rank): void {
    const { words } = this;
    if (words.length > MAX_WORDS || ++this.steps > MAX_STEPS) return;
    for (let to = from + 1; to <= words.length; to++) {
      const taken = words.slice(from, to);
      for (const key of alike(level, taken.join(""))) {
        this.take(level, key, to, path, fold(key) === taken.join("_") ? rank : atLeast(rank, 1));
      }
      for (const { rest, children } of level.shapes) {
        const key = taken.join("_");
        if (rest === undefined || children.has(key) || !tellsOf(rest)) continue;
        // A record of tables matches if one of their keys is named, otherwise only if nothing else does.
        if (to === words.length && rest.type === "object") this.take(level, key, to, path, 3);
        else this.take(level, key, to, path, 2);
      }
    }
  }

  private take(level: Level, key: string, to: number, path: Segments, rank: Rank): void {
    const here = [...path, key];
    if (to === this.words.length) this.found[rank].set(JSON.stringify(here), here);
    else {
      const next = below(level, key);
      if (next.tables.length > 0 || next.shapes.length > 0) this.at(next, to, here, rank);
    }
  }
}

const MAX_STEPS = 10_000;

function atLeast(rank: Rank, least: Rank): Rank {
  return rank > least ? rank : least;
}

/** Whether a record's shape has the types of its values. */
function tellsOf({ type, options, values, children }: Shape): boolean {
  return type !== undefined || options !== undefined || values !== undefined || children.size > 0;
}

/** The schema's shape of the value at a path; undefined if unknown. */
export function shapeAt(path: Segments, shape: Shape | undefined): Shape | undefined {
  let at = shape;
  for (const segment of path) {
    at = at?.children.get(segment) ?? at?.rest ?? (/^\d+$/.test(segment) ? at?.items : undefined);
  }
  return at !== undefined && (tellsOf(at) || at.items !== undefined) ? at : undefined;
}

/** The value in the topmost tree that has one there. */
function valueBelow(path: Segments, trees: readonly Table[]): Value | undefined {
  for (let i = trees.length - 1; i >= 0; i--) {
    let at: Value | undefined = trees[i];
    for (const segment of path) at = isTable(at) && Object.hasOwn(at, segment) ? at[segment] : undefined;
    if (at !== undefined) return at;
  }
  return undefined;
}

const none: ReadonlyMap<string, Shape> = new Map();
const guess = (type: NonNullable<Shape["type"]>, items?: Shape): Shape => ({
  children: none,
  type,
  guess: true,
  ...(items === undefined ? {} : { items }),
});
const SCALARS: Readonly<Record<string, Shape>> = {
  string: guess("string"),
  number: guess("number"),
  bigint: guess("bigint"),
  boolean: guess("boolean"),
};
const TABLE = guess("object");
const LIST = guess("array");
const LISTS: Readonly<Record<string, Shape>> = {
  string: guess("array", SCALARS["string"]),
  number: guess("array", SCALARS["number"]),
  bigint: guess("array", SCALARS["bigint"]),
  boolean: guess("array", SCALARS["boolean"]),
};

/** The shape of a value: the same object for the same type, so that a source may cache its results by it. */
export function guessed(value: Value | undefined): Shape | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object") return SCALARS[typeof value];
  if (!Array.isArray(value)) return TABLE;
  const type = typeof value[0];
  const uniform = value.length < 10_000 && (value as readonly Value[]).every((element) => typeof element === type);
  return (uniform ? LISTS[type] : undefined) ?? LIST;
}
