import type { Segments, Table, Value } from "../core/value.ts";

/** Some neighbouring entries of one table or list of a tree, small enough to be received without a pause. */
export interface Slice {
  /** The table or list they belong to. */
  readonly path: Segments;
  /** Their keys; `undefined` for a list's elements. */
  readonly keys: readonly string[] | undefined;
  readonly values: readonly Value[];
}

/** Values in one slice, roughly. */
const LIMIT = 1000;

/** A tree in slices, in order: a table or list too large for one slice comes empty, followed by its entries. */
export function* slices_of(tree: Table, limit: number = LIMIT): Generator<Slice> {
  const sizes = new WeakMap<object, number>();
  const sizeOf = (value: Value): number => {
    if (typeof value !== "object" || value === null) return 1;
    let size = sizes.get(value) ?? 0;
    if (size === 0) {
      for (const inner of Object.values(value as Table)) size += sizeOf(inner);
      sizes.set(value, (size += 1));
    }
    return size;
  };
  function* walk(container: Table | readonly Value[], path: Segments): Generator<Slice> {
    const isList = Array.isArray(container);
    let keys: string[] = [];
    let values: Value[] = [];
    let count = 0;
    const cut = (): Slice => {
      const slice = { path, keys: isList ? undefined : keys, values };
      [keys, values, count] = [[], [], 0];
      return slice;
    };
    for (const [key, value] of Object.entries(container)) {
      const size = sizeOf(value);
      keys.push(key);
      if (size <= limit) {
        values.push(value);
        count += size;
      } else {
        values.push(Array.isArray(value) ? [] : {});
        yield cut();
        yield* walk(value as Table, [...path, key]);
      }
      if (count >= limit) yield cut();
    }
    if (values.length > 0) yield cut();
  }
  yield* walk(tree, []);
}

/** Puts slices together again. */
export class Assembly {
  readonly tree: Table = {};

  /** Takes the next slice. */
  add({ path, keys, values }: Slice): void {
    let container: unknown = this.tree;
    for (const segment of path) container = (container as Record<string, unknown>)[segment];
    if (keys === undefined) for (const value of values) (container as Value[]).push(value);
    else for (const [index, key] of keys.entries()) (container as Record<string, Value>)[key] = values[index]!;
  }
}
