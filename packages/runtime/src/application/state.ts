/** The phase of the whole program. */
export type ProgramPhase = "starting" | "ready" | "draining" | "stopping" | "stopped";

/** The program. Applications that were started without `run` make it ready. */
export const program: { phase: ProgramPhase } = { phase: "ready" };
