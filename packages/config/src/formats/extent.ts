import { MAX_KEYS, MAX_VALUES } from "../core/plain.ts";
import type { Segments, Table, Value } from "../core/value.ts";

/** A part of a tree that no configuration may have. */
export interface Excess {
  /** The table with too many keys; the top if the tree has too many values. */
  readonly path: Segments;
  readonly message: string;
}

/**
 * Finds a part that is larger than a configuration may be (see `plain.ts`). The parser's thread asks before it sends a tree:
 * such a tree would block the event loop only to be refused there.
 */
export function excess_in(tree: Table): Excess | undefined {
  let count = 0;
  const walk = (value: Value, path: Segments): Excess | undefined => {
    count += 1;
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value)) {
      for (const [index, inner] of (value as readonly Value[]).entries()) {
        const found = typeof inner === "object" ? walk(inner, [...path, String(index)]) : void (count += 1);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    const keys = Object.keys(value);
    if (keys.length > MAX_KEYS) {
      return { path, message: `a table with ${keys.length} keys, at most ${MAX_KEYS} are allowed in one table` };
    }
    for (const key of keys) {
      const found = walk((value as Table)[key]!, [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = walk(tree, []);
  if (found !== undefined || count <= MAX_VALUES) return found;
  return { path: [], message: `${count} values, at most ${MAX_VALUES} are allowed` };
}
