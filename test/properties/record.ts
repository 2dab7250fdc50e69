/**
 * `node test/dist/properties/record.js [how many] [seed] [gen_server | gen_statem | gen_event]`: records what real Erlang prints for random
 * programs about one of them, so that they can be compared where there is no Erlang.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { onBeam } from "./beam.ts";
import { recordedIn } from "./recorded.ts";
import type { RecordedProgram, Subject } from "./recorded.ts";
import * as events from "./event_programs.ts";
import * as servers from "./server_programs.ts";
import * as statems from "./statem_programs.ts";

const [howMany = "30", seed = "25", about = "gen_server"] = process.argv.slice(2);
const subjects: Record<Subject, [programs: fc.Arbitrary<string>, module: string, libraries: string[]]> = {
  gen_server: [servers.programs, "fuzz_server", ["oracle", "probe"]],
  gen_statem: [statems.programs, "fuzz_statem", ["oracle", "sprobe", "smscript", "smother"]],
  gen_event: [events.programs, "fuzz_event", ["oracle", "evh", "evscript"]],
};
const subject = about as Subject;
const [programs, module, libraries] = subjects[subject];
const given = fc.sample(programs, { seed: Number(seed), numRuns: Number(howMany) });

/** The trace of each program. */
function traces(): readonly (readonly string[])[] {
  const found: string[][] = [[]];
  for (const line of onBeam(module, given, libraries)) {
    if (line === "end") found.push([]);
    else found.at(-1)!.push(line);
  }
  return found;
}

// What differs from one time to the next was decided by the scheduler, and says nothing.
const [once, again] = [traces(), traces()];
const stable: RecordedProgram[] = given.flatMap((program, n) => {
  const trace = once[n]!;
  return JSON.stringify(trace) === JSON.stringify(again[n]) ? [{ program, trace }] : [];
});
writeFileSync(fileURLToPath(recordedIn(subject)), `${JSON.stringify(stable, undefined, 1)}\n`);
console.log(`${stable.length} of ${given.length} programs recorded`);
