import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { additionalScenarios } from "./catalog.ts";
import { setAsynchronous } from "./harness/probe.ts";
import { runUndisturbed } from "./harness/run.ts";

const scripts = additionalScenarios().filter(({ id }) => /^(smx|evx)_/.test(id));

describe.each([false, true])(
  "a gen_statem or gen_event with asynchronous callbacks: %s, prints the output of Erlang/OTP 25",
  (on) => {
    beforeAll(() => setAsynchronous(on));
    afterAll(() => setAsynchronous(false));

    for (const { id, title, run: scenario, trace } of scripts) {
      test(`${id}: ${title}`, async () => {
        const { lines, left } = await runUndisturbed(scenario, trace);
        expect(lines).toEqual(trace);
        expect(left).toEqual([]);
      });
    }
  },
);

test("gen_statem and gen_event have more than 40 scenarios", () => {
  expect(scripts.length).toBeGreaterThan(40);
});
