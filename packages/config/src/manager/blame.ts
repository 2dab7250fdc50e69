import { ConfigSourceError, ConfigValidationError } from "../errors.ts";

/** Whether an error's problems came from this source. */
export function blames(error: unknown, source: string): boolean {
  if (error instanceof ConfigSourceError) return error.source === source;
  return error instanceof ConfigValidationError && error.problems.some((problem) => problem.source === source);
}
