import { describe, expect, test } from "vitest";
import { runUndisturbed } from "../conformance/harness/run.ts";
import { recordedPrograms } from "./recorded.ts";
import { perform } from "./statem_programs.ts";

describe("gen_statem prints the output of real Erlang for a random program", () => {
  recordedPrograms("gen_statem").forEach(({ program, trace }, n) => {
    test(`program ${n + 1}`, async () => {
      const { lines, left } = await runUndisturbed(() => perform(program), trace);
      expect({ program, lines }).toEqual({ program, lines: trace });
      expect(left).toEqual([]);
    });
  });
});
