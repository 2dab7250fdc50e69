import { describe, expect, test } from "vitest";
import { additionalScenarios, scenarios } from "./catalog.ts";
import { runUndisturbed } from "./harness/run.ts";

describe("the runtime prints the output of Erlang/OTP 25", () => {
  for (const { id, title, run: scenario, trace, written } of scenarios()) {
    if (!written) {
      test.todo(`${id}: ${title}`);
      continue;
    }
    test(`${id}: ${title}`, async () => {
      const { lines, left } = await runUndisturbed(scenario, trace);
      expect(lines).toEqual(trace);
      expect(left).toEqual([]);
    });
  }

  test("has 113 scenarios of the specification", () => {
    expect(scenarios()).toHaveLength(113);
  });

  test("has no additional scenario under the name of a specified one", () => {
    const given = new Set(scenarios().map(({ id }) => id));
    expect(additionalScenarios().filter(({ id }) => given.has(id))).toEqual([]);
  });
});
