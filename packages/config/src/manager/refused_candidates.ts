import type { RefusedCandidate } from "./state.ts";

/** None of the sources' candidates can be taken. */
export class RefusedCandidates extends Error {
  override readonly name = "RefusedCandidates";
  readonly error: Error;
  readonly refused: readonly RefusedCandidate[];

  constructor(error: Error, refused: readonly RefusedCandidate[]) {
    super(error.message, { cause: error });
    this.error = error;
    this.refused = refused;
  }
}
