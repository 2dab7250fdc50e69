import { expect, test } from "vitest";
import { differencesFromBeam } from "./against_beam.ts";
import { beam } from "./beam.ts";
import { perform, programs } from "./event_programs.ts";

test.skipIf(!beam())(
  "gen_event prints the same as real Erlang in any program of events, calls, swaps, failures and ends of supervisors",
  async () => {
    expect(await differencesFromBeam("fuzz_event", ["oracle", "evh", "evscript"], programs, perform)).toEqual([]);
  },
  600_000,
);
