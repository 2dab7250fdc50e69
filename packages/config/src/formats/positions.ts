import type { Segments, Table, Value } from "../core/value.ts";
import type { Place, Position } from "./format.ts";

/**
 * The positions of a tree's nodes, as pairs of line and column in the order of a walk (a table, then its contents). A
 * flat list of numbers, so that it costs little to keep and nothing to move between threads.
 */
export type Positions = Uint32Array<ArrayBuffer>;

/** Computes the positions of a tree's nodes; a node without its own place has that of the node above it. */
export function positions_of(tree: Table, root: Place, text: string): Positions {
  const starts = lineStarts(text);
  const flat: number[] = [];
  const walk = (value: Value, place: Place | undefined, above: number): void => {
    const offset = place?.offset ?? above;
    const line = lineOf(starts, offset);
    flat.push(line, offset - starts[line - 1]! + 1);
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) walk(inner, place?.children?.get(key), offset);
  };
  walk(tree, root, 0);
  return Uint32Array.from(flat);
}

/** For a larger table the places of all keys are cached, because consecutive keys are often looked up. */
const LARGE = 64;

/** Finds positions by path. */
export class Locator {
  readonly #tree: Table;
  readonly #positions: Positions;
  /** The number of nodes of a table or list, including itself; computed when first needed. */
  readonly #sizes = new WeakMap<object, number>();
  /** Of the large table that was looked into last at each depth: where each key's positions begin, below the table's own. */
  readonly #large: { readonly of: object; readonly offsets: ReadonlyMap<string, number> }[] = [];

  constructor(tree: Table, positions: Positions) {
    this.#tree = tree;
    this.#positions = positions;
  }

  /** The position of the node at this path, or of the nearest one above it; `undefined` for the top. */
  locate(path: Segments): Position | undefined {
    let index = 0;
    let value: Value = this.#tree;
    for (const [depth, segment] of path.entries()) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) break;
      index += this.#offset(value as Table, segment, depth);
      value = (value as Table)[segment]!;
    }
    if (index === 0) return undefined;
    return { line: this.#positions[2 * index]!, column: this.#positions[2 * index + 1]! };
  }

  /** How many positions lie between a table's own and its key's. */
  #offset(of: Table, key: string, depth: number): number {
    const known = this.#large[depth];
    if (known?.of === of) return known.offsets.get(key)!;
    const entries = Object.entries(of);
    const offsets = entries.length > LARGE ? new Map<string, number>() : undefined;
    let offset = 1;
    for (const [one, sibling] of entries) {
      if (offsets === undefined && one === key) return offset;
      offsets?.set(one, offset);
      offset += this.#size(sibling);
    }
    if (offsets === undefined) return offset;
    this.#large[depth] = { of, offsets };
    return offsets.get(key)!;
  }

  #size(value: Value): number {
    if (typeof value !== "object" || value === null) return 1;
    let size = this.#sizes.get(value);
    if (size === undefined) {
      size = 1;
      for (const inner of Object.values(value as Table)) size += this.#size(inner);
      this.#sizes.set(value, size);
    }
    return size;
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The 1-based line of an offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
