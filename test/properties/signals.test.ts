import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inProcess } from "../inventory/process.ts";
import { check } from "./seeded.ts";
import { Machine } from "./signal_machine.ts";
import { grouped, predict, steps } from "./signal_model.ts";
import type { Step } from "./signal_model.ts";

/** Carries the program out, and compares observation and prediction after each step. */
export async function follow(program: readonly Step[]): Promise<void> {
  await inProcess(async () => {
    const machine = new Machine();
    const predicted = predict(program);
    for (const [index, step] of program.entries()) {
      const { result, processes } = predicted[index]!;
      const got = await machine.perform(step);
      const seen = (await machine.look()).map(({ messages, ...look }, n) => ({
        ...look,
        mailbox: grouped(messages, processes[n]!.mailbox),
      }));
      expect({ step, result: got, processes: seen }).toEqual({ step, result, processes });
    }
    await machine.end();
  })();
}

describe("signals", () => {
  test("links, monitors, exits, messages and names obey OTP's rules in any program of a few processes", async () => {
    await check(fc.asyncProperty(steps, follow), 500);
  }, 120_000);
});
