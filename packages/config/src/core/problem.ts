import type { Problem } from "../errors.ts";
import { PUT } from "./explain.ts";
import type { Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { formatPath } from "./path.ts";
import type { Segments } from "./value.ts";

/** A problem with a value, as users see it. @param origin where the value came from, as far as that is known */
export function problemAt(path: Segments, message: string, origin: Origin | undefined): Problem {
  const problem = { path: formatPath(path), message };
  if (origin === undefined) return problem;
  if (origin === PUT) return { ...problem, origin: "put" };
  const { source, file, line, column, variable, key } = origin;
  return {
    ...problem,
    origin: placeOf(origin),
    source,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(variable === undefined ? {} : { variable }),
    ...(key === undefined ? {} : { key }),
  };
}
