import { knownPaths } from "./known_paths.ts";
import { formatPath } from "./path.ts";
import type { Shape } from "./shape.ts";
import type { Segments, Table } from "./value.ts";

/** For shorter keys, almost any other key is near. */
const SHORTEST = 3;

/**
 * The known path probably meant by a path without a value, dotted; undefined if the path is known, or no known path is
 * near.
 */
export function nearPath(path: Segments, tree: Table, shape: Shape | undefined): string | undefined {
  const near = knownPaths([tree], shape).near(path);
  const isClear = near?.every((segment, i) => segment === path[i] || path[i]!.length >= SHORTEST);
  return near !== undefined && isClear === true ? formatPath(near) : undefined;
}
