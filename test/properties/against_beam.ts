/** Random programs, run here and in real Erlang. */
import fc from "fast-check";
import { compare } from "../conformance/harness/diff.ts";
import { runUndisturbed } from "../conformance/harness/run.ts";
import { onBeam } from "./beam.ts";
import { seedOf } from "./seeded.ts";

/** How often both sides run a program before they count as different. */
const ATTEMPTS = 3;

/**
 * Runs random programs on both sides; `OTPTS_RUNS` sets their number (default 20), and the seed is printed.
 *
 * A busy machine changes the order of lines that are written at different times, here and in Erlang. So a program counts as
 * different only if the event loop did not stand still, and if both sides differ whenever they run it again.
 *
 * @param module the Erlang module that runs them, of `erlang/`
 * @param libraries modules of the conformance scenarios that it uses
 * @param perform runs one program here
 * @returns the programs whose output differs from Erlang's, each with the difference
 */
export async function differencesFromBeam(
  module: string,
  libraries: readonly string[],
  programs: fc.Arbitrary<string>,
  perform: (program: string) => Promise<void> | void,
): Promise<readonly string[]> {
  const seed = seedOf();
  const numRuns = Number(process.env["OTPTS_RUNS"] ?? 20);
  console.info(`seed ${seed}`);
  let given: readonly string[] = fc.sample(programs, { seed, numRuns });
  let found: readonly (readonly string[])[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS && given.length > 0; attempt += 1) {
    found = await differences(given, onBeam(module, given, libraries), perform);
    given = found.map(([program]) => program!);
  }
  return found.map((lines) => lines.join("\n"));
}

/** The programs that print something else here than in `lines`, where each program's part ends with `end`. */
async function differences(
  given: readonly string[],
  lines: readonly string[],
  perform: (program: string) => Promise<void> | void,
): Promise<readonly (readonly string[])[]> {
  const different: string[][] = [];
  let at = 0;
  for (const program of given) {
    const end = lines.indexOf("end", at);
    const trace = lines.slice(at, end);
    const outcome = await runUndisturbed(() => perform(program), trace);
    const difference = compare(trace, [...outcome.lines, ...outcome.left]);
    if (difference.length > 0) different.push([program, ...difference]);
    at = end + 1;
  }
  return different;
}
