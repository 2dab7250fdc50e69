import { ConfigSourceError, ConfigValidationError } from "../errors.ts";

/** Whether an error says that what is wrong came from this source. */
export function blames(error: unknown, source: string): boolean {
  if (error instanceof ConfigSourceError) return error.source === source;
  return error instanceof ConfigValidationError && error.problems.some((problem) => problem.source === source);
}
