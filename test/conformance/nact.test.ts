import { beforeAll, describe, expect, it } from "vitest";
import { scenarios } from "./catalog.ts";
import { dispatch } from "./harness/dispatch.ts";
import { run } from "./harness/run.ts";

describe("the runtime prints what Erlang/OTP 25 printed, with every process in a nact actor", () => {
  beforeAll(() => dispatch("nact"));

  it.each(scenarios())("$id: $title", async ({ run: scenario, trace }) => {
    const { lines, left } = await run(scenario);
    expect(lines).toEqual(trace);
    expect(left).toEqual([]);
  });
});
