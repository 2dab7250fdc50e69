import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare } from "../conformance/harness/diff.ts";
import { run } from "../conformance/harness/run.ts";
import { beam, onBeam } from "./beam.ts";
import { perform, programs } from "./event_programs.ts";
import { seedOf } from "./seeded.ts";

describe.skipIf(!beam())("gen_event", () => {
  test("prints what real Erlang prints, in any program of events, calls, swaps, failures and ends of supervisors", async () => {
    const seed = seedOf();
    const numRuns = Number(process.env["OTPTS_RUNS"] ?? 20);
    console.info(`seed ${seed}`);
    const given = fc.sample(programs, { seed, numRuns });
    const lines = onBeam("fuzz_event", given, ["oracle", "evh", "evscript"]);
    const different: string[] = [];
    let at = 0;
    for (const program of given) {
      const end = lines.indexOf("end", at);
      const outcome = await run(() => perform(program));
      const difference = compare(lines.slice(at, end), [...outcome.lines, ...outcome.left]);
      if (difference.length > 0) different.push([program, ...difference].join("\n"));
      at = end + 1;
    }
    expect(different).toEqual([]);
  }, 600_000);
});
