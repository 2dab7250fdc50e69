import type { Contribution } from "../core/layer.ts";

/** The outcome of a load. */
export type LoadOutcome =
  | { readonly outcome: "data" | "unchanged"; readonly contribution: Contribution }
  | { readonly outcome: "absent" }
  | { readonly outcome: "error" | "late"; readonly error: Error };
