import type { Contribution } from "../core/layer.ts";

/** What a load found. */
export type LoadOutcome =
  | { readonly outcome: "data" | "unchanged"; readonly contribution: Contribution }
  | { readonly outcome: "absent" }
  | { readonly outcome: "error" | "late"; readonly error: Error };
