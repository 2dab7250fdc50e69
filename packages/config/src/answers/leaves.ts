import { isTable } from "../core/draft.ts";
import type { Segments, Value } from "../core/value.ts";

/** The leaves of a value at a path, in the order of the tables. A table without keys is a leaf, except at the root. */
export function* leavesIn(value: Value, path: Segments): Generator<readonly [Segments, Value]> {
  if (!isTable(value) || (path.length > 0 && Object.keys(value).length === 0)) yield [path, value];
  else for (const key of Object.keys(value)) yield* leavesIn(value[key]!, [...path, key]);
}
