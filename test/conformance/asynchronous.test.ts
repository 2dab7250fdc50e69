import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordedPrograms } from "../properties/recorded.ts";
import { perform } from "../properties/server_programs.ts";
import { scenarios } from "./catalog.ts";
import { setAsynchronous } from "./harness/probe.ts";
import { runUndisturbed } from "./harness/run.ts";
import type { Scenario } from "./harness/run.ts";

describe("the runtime with asynchronous callbacks prints the output of Erlang/OTP 25", () => {
  beforeAll(() => setAsynchronous(true));
  afterAll(() => setAsynchronous(false));

  const prints = (title: string, scenario: Scenario, trace: readonly string[]) =>
    test(title, async () => {
      const { lines, left } = await runUndisturbed(scenario, trace);
      expect(lines).toEqual(trace);
      expect(left).toEqual([]);
    });

  for (const { id, title, run: scenario, trace, written } of scenarios()) {
    // Scenarios of processes have no callbacks.
    if (written && !id.startsWith("pr_")) prints(`${id}: ${title}`, scenario, trace);
  }
  for (const [n, { program, trace }] of recordedPrograms().entries()) {
    prints(`program ${n + 1}: ${program}`, () => perform(program), trace);
  }
});
