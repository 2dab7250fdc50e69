import type { Problem } from "../errors.ts";
import { PUT } from "./explain.ts";
import type { Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { formatPath } from "./path.ts";
import type { Segments } from "./value.ts";

/** A problem with a value, as shown to users. @param origin the origin of the value, if known */
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
