import type { Contribution } from "../core/layer.ts";
import { ConfigSourceError } from "../errors.ts";

/** The outcome of a load. */
export type LoadOutcome =
  | { readonly outcome: "data" | "unchanged"; readonly contribution: Contribution }
  | { readonly outcome: "absent" }
  | { readonly outcome: "error" | "late"; readonly error: Error };

/** The error of a load that did not end in time. @param limit `load_timeout`, in ms */
export function lateError(source: string, limit: number): ConfigSourceError {
  return new ConfigSourceError(`Cannot load "${source}": no answer within ${limit} ms`, { source, code: "timeout" });
}
