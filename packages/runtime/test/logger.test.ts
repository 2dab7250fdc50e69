import { erlang, logger } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { endOf, reports } from "./kit/inside.ts";
import { program } from "./kit/program.ts";

const crash = () =>
  endOf(() => {
    throw new Error("boom");
  });

describe("set_handler", () => {
  test("replaces the handler and returns the previous one", () => {
    const mine = () => {};
    const before = logger.set_handler(mine);
    expect(logger.set_handler(before)).toBe(mine);
    expect(before).toBe(logger.default_handler);
  });

  test("with undefined silences reports", async () => {
    const { stdout, stderr } = await program(`
      import { erlang, logger } from "@otpts/runtime";
      logger.set_handler(undefined);
      erlang.spawn(() => { throw new Error("boom"); });
    `);
    expect({ stdout, stderr }).toStrictEqual({ stdout: "", stderr: "" });
  });

  test("accepts an asynchronous handler, whose rejection is reported on stderr without further effect", async () => {
    const { code, stdout, stderr } = await program(`
      import { erlang, logger } from "@otpts/runtime";
      logger.set_handler(async () => { throw new Error("no transport"); });
      erlang.spawn(() => { throw new Error("boom"); });
      await erlang.sleep(20);
      console.log("goes on");
    `);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: "goes on\n" });
    expect(stderr).toBe("The logger's handler failed on a report of process_crash: Error: no transport\n");
  });
});

describe("the default handler", () => {
  test("writes each report on stderr, with time and level", async () => {
    const { stdout, stderr } = await program(`
      import { erlang } from "@otpts/runtime";
      erlang.spawn(function worker() { throw new Error("boom"); });
    `);
    expect(stdout).toBe("");
    expect(stderr.split("\n")[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[error\] Error in process <0\.\d+\.0> \(worker\) with exit reason Error: boom$/,
    );
    expect(stderr).toContain("at worker");
  });
});

describe("a report", () => {
  test("has level, event, text and details", async () => {
    const [report, ...more] = await reports(crash);
    expect(more).toStrictEqual([]);
    expect(report).toMatchObject({
      level: "error",
      event: "process_crash",
      details: { initial_call: "an anonymous function" },
    });
    expect(report?.text).toMatch(
      /^Error in process <0\.\d+\.0> \(an anonymous function\) with exit reason Error: boom\n {4}at /,
    );
  });

  test("is made once for each crash of a process that erlang.spawn started, and not for an exit", async () => {
    expect(await reports(() => endOf(() => erlang.exit("on purpose")))).toStrictEqual([]);
    expect(await reports(crash)).toHaveLength(1);
  });

  test("whose handler fails is reported on stderr, and the crash takes its course", async () => {
    const { code, stdout, stderr } = await program(`
      import { erlang, logger } from "@otpts/runtime";
      logger.set_handler(() => { throw new Error("no disk"); });
      erlang.spawn(async () => {
        const [, ref] = erlang.spawn_monitor(() => { throw new Error("boom"); });
        const [, , , , [error]] = await erlang.receive();
        console.log(error.message);
      });
    `);
    expect({ code, stdout, stderr }).toStrictEqual({
      code: 0,
      stdout: "boom\n",
      stderr: "The logger's handler failed on a report of process_crash: Error: no disk\n",
    });
  });
});

test("a handler that is not a function is refused, and the previous one stays", () => {
  const before = logger.set_handler(undefined);
  expect(() => logger.set_handler(console as never)).toThrow(
    "Cannot set the logger's handler: it must be a function of one report, or undefined for none, got",
  );
  expect(logger.set_handler(before)).toBe(undefined);
});
