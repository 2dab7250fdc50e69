import { testing } from "@otpts/runtime/testing";

/** Waits until a condition holds, as long as a loaded machine needs. @throws with the last value */
export const eventually: typeof testing.eventually = (look, patience) =>
  testing.eventually(look, { timeout: 60_000, ...patience });
