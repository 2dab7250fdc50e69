import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { additionalScenarios } from "./catalog.ts";
import { setAsynchronous } from "./harness/probe.ts";
import { run } from "./harness/run.ts";

const scripts = additionalScenarios().filter(({ id }) => id.startsWith("smx_"));

describe.each([false, true])(
  "a gen_statem with asynchronous callbacks: %s, prints what Erlang/OTP 25 printed",
  (on) => {
    beforeAll(() => setAsynchronous(on));
    afterAll(() => setAsynchronous(false));

    for (const { id, title, run: scenario, trace } of scripts) {
      test(`${id}: ${title}`, async () => {
        const { lines, left } = await run(scenario);
        expect(lines).toEqual(trace);
        expect(left).toEqual([]);
      });
    }
  },
);

test("there are 40 scripts about gen_statem", () => {
  expect(scripts).toHaveLength(40);
});
