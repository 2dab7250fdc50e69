import { expect, test } from "vitest";
import { differencesFromBeam } from "./against_beam.ts";
import { beam } from "./beam.ts";
import { perform, programs } from "./statem_programs.ts";

test.skipIf(!beam())(
  "gen_statem prints the same as real Erlang in any program of events, transitions, postponing, insertions and time-outs of zero",
  async () => {
    expect(
      await differencesFromBeam("fuzz_statem", ["oracle", "sprobe", "smscript", "smother"], programs, perform),
    ).toEqual([]);
  },
  600_000,
);
