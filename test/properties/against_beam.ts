/** Random programs, run here and in real Erlang. */
import fc from "fast-check";
import { compare } from "../conformance/harness/diff.ts";
import { run } from "../conformance/harness/run.ts";
import { onBeam } from "./beam.ts";
import { seedOf } from "./seeded.ts";

/**
 * Runs random programs on both sides; `OTPTS_RUNS` sets their number (default 20), and the seed is printed.
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
  const given = fc.sample(programs, { seed, numRuns });
  const lines = onBeam(module, given, libraries);
  const different: string[] = [];
  let at = 0;
  for (const program of given) {
    const end = lines.indexOf("end", at);
    const outcome = await run(() => perform(program));
    const difference = compare(lines.slice(at, end), [...outcome.lines, ...outcome.left]);
    if (difference.length > 0) different.push([program, ...difference].join("\n"));
    at = end + 1;
  }
  return different;
}
