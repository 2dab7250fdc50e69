import { erlang, gen_server, logger, NOREPLY, OK, type Pid, REPLY, supervisor } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const { ANY, eventually, inside } = testing;
const never = () => new Promise<never>(() => {});

// The kit's own hooks, run by hand: a test of it must see what it does after a test.
function runner() {
  const hooks: { before: (() => unknown)[]; after: (() => unknown)[] } = { before: [], after: [] };
  const kit = testing.setup({
    beforeEach: (hook) => hooks.before.push(hook),
    afterEach: (hook) => hooks.after.push(hook),
  });
  return async (body: (kit: testing.Kit) => unknown): Promise<void> => {
    for (const hook of hooks.before) await hook();
    try {
      await body(kit);
    } finally {
      for (const hook of hooks.after) await hook();
    }
  };
}

const counter = {
  name: "counter",
  init: (start: number) => [OK, start] as const,
  handle_call: (request: unknown, _from: unknown, count: number) => {
    if (request === "crash") throw new RangeError("on purpose");
    return [REPLY, count, count + 1] as const;
  },
  handle_cast: (_message: unknown, count: number) => [NOREPLY, count] as const,
};

describe("start_supervised", () => {
  test("starts a child that is stopped after the test", async () => {
    let pid: Pid | undefined;
    await runner()(async (kit) => {
      pid = await kit.start_supervised(() => gen_server.start_link(counter, 1));
      expect(await gen_server.call(pid as Pid, "next")).toBe(1);
    });
    expect(erlang.is_process_alive(pid as Pid)).toBe(false);
  });

  test("restarts a child according to its specification", () =>
    runner()(async (kit) => {
      const spec = supervisor.child_spec({
        id: "counter",
        task: () => gen_server.start_link(counter, 1, { name: "kit_counter" }),
      });
      const first = await kit.start_supervised(spec);
      await gen_server.call(first, "crash").catch(() => undefined);
      await kit.expect_report("on purpose");
      await kit.expect_report("child_terminated");
      await eventually(() => erlang.whereis("kit_counter") !== undefined);
      expect(await gen_server.call("kit_counter", "next")).toBe(1);
    }));

  test("rejects with the reason of a child that does not start", () =>
    runner()(async (kit) => {
      kit.allow_reports();
      await expect(kit.start_supervised(() => Promise.reject(new Error("no")))).rejects.toThrow();
    }));

  test("stops a child at once with stop_supervised", () =>
    runner()(async (kit) => {
      const pid = await kit.start_supervised(
        supervisor.child_spec({ id: "one", task: () => gen_server.start_link(counter, 1) }),
      );
      await kit.stop_supervised("one");
      expect(erlang.is_process_alive(pid)).toBe(false);
    }));
});

describe("reports", () => {
  test("an unexpected crash fails the test, with its report", async () => {
    const run = runner()(async (kit) => {
      const pid = await gen_server.start(counter, 1);
      await gen_server.call(pid, "crash").catch(() => undefined);
      await eventually(() => kit.reports.length > 0);
    });
    await expect(run).rejects.toThrow(/caused a report that it did not expect[^]*on purpose/);
  });

  test("an expected crash does not fail the test", () =>
    runner()(async (kit) => {
      const pid = await gen_server.start(counter, 1);
      await gen_server.call(pid, "crash").catch(() => undefined);
      const report = await kit.expect_report(/on purpose/);
      expect(report.level).toBe("error");
    }));

  test("a missing expected report is an error that lists the other reports", () =>
    runner()(async (kit) => {
      await expect(kit.expect_report("nothing", { timeout: 20 })).rejects.toThrow(
        /No report matches "nothing"; there are 0/,
      );
    }));

  test("the logger's previous handler is restored", async () => {
    const mine: logger.Handler = () => {};
    const before = logger.set_handler(mine);
    await runner()(() => undefined);
    expect(logger.set_handler(before)).toBe(mine);
  });
});

describe("a probe", () => {
  const kit = testing.setup({ beforeEach, afterEach });

  test("returns matching messages, and leaves others", async () => {
    const probe = kit.probe();
    for (const message of ["a", ["b", 1], ["c", { d: [2] }]]) erlang.send(probe.pid, message);
    expect(await probe.assert_receive(["b", ANY])).toStrictEqual(["b", 1]);
    expect(await probe.assert_receive(["c", { d: [expect.any(Number)] }])).toStrictEqual(["c", { d: [2] }]);
    expect(probe.messages()).toStrictEqual(["a"]);
    expect(await probe.receive()).toBe("a");
  });

  test("shows its mailbox if nothing matches", async () => {
    const probe = kit.probe();
    erlang.send(probe.pid, "other");
    await expect(probe.assert_receive(["b", ANY], 10)).rejects.toThrow(/within 10 ms. The mailbox has 1:\n {2}"other"/);
    await expect(kit.probe().receive(5)).rejects.toThrow("The mailbox is empty");
  });

  test("asserts the absence of a message", async () => {
    const probe = kit.probe();
    await probe.refute_receive(undefined, 5);
    erlang.send(probe.pid, "no");
    await expect(probe.refute_receive("no")).rejects.toThrow('An unexpected message arrived: "no"');
  });

  test("runs code in its process", async () => {
    const probe = kit.probe("kit_probe");
    expect(await probe.run(() => erlang.self())).toBe(probe.pid);
    expect(erlang.whereis("kit_probe")).toBe(probe.pid);
    await expect(probe.run(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    const stuck = probe.run(never);
    erlang.exit(probe.pid, "gone");
    await expect(stuck).rejects.toThrow(/died meanwhile/);
    await expect(probe.run(() => 1)).rejects.toThrow(/it is dead/);
  });

  test.each([
    ["a term that differs", "a", "b", false],
    ["an atom that differs", OK, REPLY, false],
    ["an atom", OK, OK, true],
    ["a longer tuple", [1, 2], [1], false],
    ["another key", { a: 1, b: 2 }, { a: 1 }, false],
    ["a function", 3, (n: unknown) => n === 3, true],
    [
      "a function that throws",
      3,
      () => {
        throw new Error("no");
      },
      false,
    ],
    ["a map", new Map([[1, 2]]), new Map([[1, 2]]), true],
  ])("compares %s", async (_title, message, pattern, expected) => {
    const probe = kit.probe();
    erlang.send(probe.pid, message);
    const found = await probe.assert_receive(pattern, 0).then(
      () => true,
      () => false,
    );
    expect(found).toBe(expected);
  });
});

describe("a simulated clock", () => {
  const kit = testing.setup({ beforeEach, afterEach });

  test("fires time-outs when the test advances it", async () => {
    const clock = kit.simulated_clock();
    const probe = kit.probe();
    erlang.send_after(60_000, probe.pid, "minute");
    erlang.send_after(3_600_000, probe.pid, "hour");
    await clock.advance(59_999);
    expect(probe.messages()).toStrictEqual([]);
    await clock.advance(1);
    expect(probe.messages()).toStrictEqual(["minute"]);
    await clock.advance(3_600_000);
    expect(probe.messages()).toStrictEqual(["minute", "hour"]);
  });

  test("lets a process that waits repeatedly wait again within one advance", async () => {
    const clock = kit.simulated_clock();
    let rounds = 0;
    const pid = erlang.spawn(async () => {
      for (;;) {
        await erlang.sleep(1_000);
        rounds++;
      }
    });
    await clock.advance(10_500);
    expect(rounds).toBe(10);
    erlang.exit(pid, "over");
  });

  test("is gone after the test", async () => {
    expect(await erlang.sleep(1)).toBe(OK);
  });
});

test("a child that is not linked is refused, and does not outlive the attempt", () =>
  runner()(async (kit) => {
    let pid: Pid | undefined;
    const task = async () => (pid = await gen_server.start(counter, 1));
    await expect(kit.start_supervised(task)).rejects.toThrow("it is not linked, and would outlive the test");
    expect(pid !== undefined && erlang.is_process_alive(pid)).toBe(false);
  }));

test("an unknown option is refused", async () => {
  await expect(testing.eventually(() => true, { timout: 1 } as never)).rejects.toThrow("did you mean timeout?");
});

describe("no_process_left", () => {
  const kit = testing.setup({ beforeEach, afterEach });

  test("waits for the end of the test's processes, and lists those that live on", async () => {
    erlang.spawn(() => erlang.sleep(5));
    await kit.no_process_left();
    const pid = erlang.spawn(never);
    erlang.register("left_over", pid);
    await expect(kit.no_process_left({ timeout: 20 })).rejects.toThrow(/1 process is left:\n {2}<.*> "left_over"/);
    erlang.exit(pid, "over");
    await kit.start_supervised(() => gen_server.start_link(counter, 1));
    kit.probe();
  });
});

describe("eventually", () => {
  test("returns the first successful value", async () => {
    const values = [undefined, false, null, 0];
    expect(await eventually(() => values.shift())).toBe(0);
  });

  test("shows the last value, or the last error, when the time is over", async () => {
    await expect(eventually(() => false, { timeout: 5 })).rejects.toThrow("the last value was false");
    const error = new Error("not yet");
    const failure = await eventually(
      () => {
        throw error;
      },
      { timeout: 5 },
    ).catch((caught: unknown) => caught);
    expect(String(failure)).toContain("the last error was: Error: not yet");
    expect((failure as Error).cause).toBe(error);
  });
});

test("inside passes a failed assertion, and a death, to the test", async () => {
  await expect(
    inside(() => {
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
  await expect(
    inside(() => {
      const self = erlang.self();
      erlang.spawn(() => erlang.exit(self, "shot"));
      return never();
    }),
  ).rejects.toThrow(/died: "shot"/);
});

test("a kit without the hooks of a test runner fails with an error that names the missing one", () => {
  const set = (hooks?: object) => () => testing.setup(hooks as Parameters<typeof testing.setup>[0]);
  expect(set()).toThrow("beforeEach is missing: testing.setup({ beforeEach, afterEach })");
  expect(set({ beforeEach })).toThrow("afterEach is missing");
});

test("a call's time-out of a second and more fires at its exact millisecond by a simulated clock", async () => {
  const kit = testing.setup({ beforeEach: () => undefined, afterEach: () => undefined });
  const pid = await gen_server.start({ init: () => [OK, 0], handle_call: () => [NOREPLY, 0] }, undefined);
  const clock = kit.simulated_clock();
  let failed = false;
  const call = gen_server.call(pid, 1).catch(() => (failed = true));
  await clock.advance(4_999);
  expect(failed).toBe(false);
  await clock.advance(1);
  expect(await call).toBe(true);
  clock.restore();
  await gen_server.stop(pid);
});
