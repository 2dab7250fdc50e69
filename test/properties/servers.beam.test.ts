import { expect, test } from "vitest";
import { differencesFromBeam } from "./against_beam.ts";
import { beam } from "./beam.ts";
import { perform, programs } from "./server_programs.ts";

test.skipIf(!beam())(
  "gen_server prints the same as real Erlang in any program of calls, casts, messages, time-outs and continuations",
  async () => {
    expect(await differencesFromBeam("fuzz_server", ["oracle", "probe"], programs, perform)).toEqual([]);
  },
  600_000,
);
