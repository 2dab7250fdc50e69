import { TRAP_EXIT, erlang } from "@otpts/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventually, inProcess } from "../inventory/process.ts";
import { check } from "./seeded.ts";
import { Machine } from "./supervisor_machine.ts";
import { predict, programs } from "./supervisor_model.ts";
import type { Program } from "./supervisor_model.ts";

/** Carries the program out, and compares observation and prediction after each step. */
async function follow(program: Program): Promise<void> {
  await inProcess(async () => {
    erlang.process_flag(TRAP_EXIT, true);
    const machine = new Machine(program);
    const predicted = predict(program);
    for (const [index, { result, log, children }] of predicted.entries()) {
      const step = index === 0 ? "begin" : program.steps[index - 1]!;
      const got = step === "begin" ? await machine.begin() : await machine.perform(step);
      const look = async () => ({ step, result: got, log: machine.seen, children: await machine.children() });
      const wanted = { step, result, log, children };
      const same = (seen: unknown) => JSON.stringify(seen) === JSON.stringify(wanted);
      const seen = await eventually(look, same).catch(look);
      expect(seen).toEqual(wanted);
      machine.log = [];
    }
    await machine.end();
    expect(erlang.process_info(erlang.self(), "links")).toEqual([]);
  })();
}

describe("supervisors", () => {
  test("start, stop and restart the same children as OTP's, in the same order, in any program of crashes and requests", async () => {
    await check(fc.asyncProperty(programs, follow), 300);
  }, 120_000);
});
