import { describe, expect, test } from "vitest";
import { runUndisturbed } from "../conformance/harness/run.ts";
import { perform } from "./event_programs.ts";
import { recordedPrograms } from "./recorded.ts";

describe("gen_event prints the output of real Erlang for a random program", () => {
  recordedPrograms("gen_event").forEach(({ program, trace }, n) => {
    test(`program ${n + 1}`, async () => {
      const { lines, left } = await runUndisturbed(() => perform(program), trace);
      expect({ program, lines }).toEqual({ program, lines: trace });
      expect(left).toEqual([]);
    });
  });
});
