import { beforeAll, describe, expect, test } from "vitest";
import { scenarios } from "./catalog.ts";
import { dispatch } from "./harness/dispatch.ts";
import { runUndisturbed } from "./harness/run.ts";

describe("the runtime hosted in nact actors prints the output of Erlang/OTP 25", () => {
  beforeAll(() => dispatch("nact"));

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
});
