import { describe, expect, test } from "vitest";
import { runUndisturbed } from "../conformance/harness/run.ts";
import { recordedPrograms } from "./recorded.ts";
import { perform } from "./server_programs.ts";

describe("gen_server prints the output of real Erlang for a random program", () => {
  recordedPrograms().forEach(({ program, trace }, n) => {
    test(`program ${n + 1}`, async () => {
      const { lines, left } = await runUndisturbed(() => perform(program), trace);
      expect({ program, lines }).toEqual({ program, lines: trace });
      expect(left).toEqual([]);
    });
  });
});
