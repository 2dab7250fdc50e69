/** Limits that are opt-in: mailboxes of a length, restarts that wait. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { atoms, erlang, Exit, gen_server, NOREPLY, OK, REPLY, supervisor, sys, telemetry } from "@otpts/runtime";
import { gen_statem, HANDLE_EVENT_FUNCTION, NEXT_STATE } from "@otpts/runtime/gen_statem";
import { testing } from "@otpts/runtime/testing";
import { delayOf } from "../../src/behaviour/backoff.ts";

const kit = testing.setup({ beforeEach, afterEach });

/** A server that handles one message, and then waits until it is let go. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const handled: unknown[] = [];
  const handle = async (message: unknown, state: number) => {
    handled.push(message);
    await opened;
    return [NOREPLY, state] as const;
  };
  const server = {
    init: () => [OK, 0] as const,
    handle_call: async (message: unknown, _from: gen_server.From, state: number) => {
      handled.push(message);
      await opened;
      return [REPLY, message, state] as const;
    },
    handle_cast: handle,
    handle_info: handle,
  };
  return { server, handled, open };
}

describe("a mailbox with a limit", () => {
  test("rejects calls and drops casts beyond it, and accepts requests when there is room again", async () => {
    const { server, handled, open } = gate();
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 3 } });
    const first = gen_server.call(pid, "at work");
    await testing.eventually(() => handled.length === 1);
    const waiting = [gen_server.call(pid, "waits 1"), gen_server.call(pid, "waits 2")];
    gen_server.cast(pid, "waits 3");
    gen_server.cast(pid, "dropped");
    const rejected = await gen_server.call(pid, "rejected").catch((error: unknown) => error);
    expect(Exit.is(rejected, atoms.OVERLOAD)).toBe(true);
    expect((rejected as Exit).message).toContain("mailbox is full (overload)");
    erlang.send(pid, "a message like others");
    open();
    expect(await Promise.all([first, ...waiting])).toStrictEqual(["at work", "waits 1", "waits 2"]);
    expect(await gen_server.call(pid, "later")).toBe("later");
    expect(handled).toStrictEqual(["at work", "waits 1", "waits 2", "waits 3", "a message like others", "later"]);
    await gen_server.stop(pid);
  });

  test("never exceeds it, and is just as large a million messages later", async () => {
    let most = 0;
    const server = {
      init: () => [OK, 0] as const,
      handle_cast: (_message: unknown, n: number) => {
        most = Math.max(most, erlang.process_info(erlang.self(), "message_queue_len") as number);
        return [NOREPLY, n + 1] as const;
      },
      handle_call: (_message: unknown, _from: gen_server.From, n: number) => [REPLY, n, n] as const,
    };
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 10, call: "accept" } });
    for (let round = 0; round < 1_000; round++) {
      for (let n = 0; n < 1_000; n++) gen_server.cast(pid, n);
      expect(await gen_server.call(pid, "count")).toBe(10 * (round + 1));
    }
    expect(most).toBe(10);
    await gen_server.stop(pid);
  });

  test("applies to requests sent, and to state machines", async () => {
    const { server, handled, open } = gate();
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 1 } });
    await testing.inside(async () => {
      gen_server.cast(pid, "at work");
      await testing.eventually(() => handled.length === 1);
      gen_server.cast(pid, "waits");
      const id = gen_server.send_request(pid, "rejected");
      await expect(gen_server.receive_response(id, 1_000)).rejects.toThrow("overload");
    });
    open();
    await gen_server.stop(pid);

    const machine = {
      callback_mode: () => HANDLE_EVENT_FUNCTION,
      init: () => [OK, "on", 0] as const,
      handle_event: async () => {
        await new Promise(() => {});
        return [NEXT_STATE, "on", 0] as const;
      },
    };
    const other = await gen_statem.start(machine as never, undefined as never, { mailbox: { max_len: 1 } });
    gen_statem.cast(other as never, "at work" as never);
    await testing.eventually(() => erlang.process_info(other as never, "message_queue_len") === 0);
    gen_statem.cast(other as never, "waits" as never);
    const refused = await gen_statem.call(other as never, "x" as never).catch((error: unknown) => error);
    expect(Exit.is(refused, atoms.OVERLOAD)).toBe(true);
    erlang.exit(other as never, "kill");
  });

  test("accepts requests of sys and the supervisor, and messages of links and monitors", async () => {
    const { server, handled, open } = gate();
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 1 } });
    gen_server.cast(pid, "at work");
    await testing.eventually(() => handled.length === 1);
    gen_server.cast(pid, "waits");
    const state = sys.get_state(pid);
    open();
    expect(await state).toBe(0);
    await gen_server.stop(pid);
  });

  test("reports a refused message at once, and then once a second with the count", async () => {
    const clock = kit.simulated_clock();
    const events: unknown[] = [];
    telemetry.attach("limits", "otp.mailbox_full", (_event, _measurements, { calls, casts, messages }) => {
      events.push([calls, casts, messages]);
    });
    const { server, handled } = gate();
    const pid = await gen_server.start(server, undefined, {
      name: "narrow",
      mailbox: { max_len: 2, info: "drop", call: "reject" },
    });
    gen_server.cast(pid, "at work");
    await clock.advance(0);
    expect(handled).toStrictEqual(["at work"]);
    for (let n = 0; n < 102; n++) gen_server.cast(pid, n);
    for (let n = 0; n < 5; n++) erlang.send(pid, n);
    expect(events).toStrictEqual([[0, 1, 0]]);
    await clock.advance(999);
    expect(events).toHaveLength(1);
    await clock.advance(1);
    expect(events).toStrictEqual([
      [0, 1, 0],
      [0, 99, 5],
    ]);
    await clock.advance(10_000);
    expect(events).toHaveLength(2);
    gen_server.cast(pid, "one more");
    gen_server.cast(pid, "and the last before it dies");
    erlang.exit(pid, "kill");
    expect(events.slice(2)).toStrictEqual([
      [0, 1, 0],
      [0, 1, 0],
    ]);
    telemetry.detach("limits");
    const report = await kit.expect_report("mailbox_full");
    expect(report.text).toMatch(
      /The mailbox of "narrow" <.*> is full, its limit is 2\. Calls rejected: 0; casts dropped: 1;/u,
    );
  });

  test("reports refused messages once a second, however often they have been reported", async () => {
    const clock = kit.simulated_clock();
    const counts: unknown[] = [];
    telemetry.attach("limits", "otp.mailbox_full", (_event, _measurements, { casts }) => void counts.push(casts));
    const { server } = gate();
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 1 } });
    gen_server.cast(pid, "at work");
    await clock.advance(0);
    gen_server.cast(pid, "waits");
    // Three times in each of four seconds.
    for (let second = 0; second < 4; second++) {
      for (let n = 0; n < 3; n++) gen_server.cast(pid, n);
      await clock.advance(1_000);
    }
    expect(counts).toStrictEqual([1, 2, 3, 3, 3]);
    telemetry.detach("limits");
    await kit.expect_report("mailbox_full");
    erlang.exit(pid, "kill");
  });

  test("lets the event loop turn while it rejects calls in a loop", async () => {
    const { server, handled, open } = gate();
    const pid = await gen_server.start(server, undefined, { mailbox: { max_len: 1 } });
    gen_server.cast(pid, "at work");
    await testing.eventually(() => handled.length === 1);
    gen_server.cast(pid, "waits");
    setTimeout(open, 20);
    let rejected = 0;
    for (;;) {
      try {
        await gen_server.call(pid, "again");
        break;
      } catch (error) {
        if (!Exit.is(error, atoms.OVERLOAD)) throw error;
        rejected++;
      }
    }
    expect(rejected).toBeGreaterThan(0);
    await gen_server.stop(pid);
  });

  test.each([
    [{ max_len: 0 }, "mailbox.max_len must be a whole number ≥ 1, got 0"],
    [{ max_len: 2, call: "drop" }, 'mailbox.call must be "reject" or "accept", got "drop"'],
    [{ max_len: 2, casts: "drop" }, "did you mean cast?"],
    [5, "its options must be an object"],
  ])("is refused with the options %j", async (mailbox, text) => {
    await expect(gen_server.start(gate().server, undefined, { mailbox: mailbox as never })).rejects.toThrow(text);
  });
});

describe("a delayed restart", () => {
  const names: string[] = [];
  beforeEach(() => void (names.length = 0));
  const server = { init: (name: string) => [OK, name] as const, handle_cast: () => erlang.exit("failed") };
  const child = (id: string, backoff?: supervisor.Backoff, fails: () => boolean = () => false) =>
    supervisor.child_spec({
      id,
      backoff,
      task: () => {
        names.push(id);
        if (fails()) throw new Error("no");
        return gen_server.start_link(server, id, { name: id });
      },
    });
  const fail = (id: string) => erlang.exit(erlang.whereis(id) as never, "failed");
  const flat: supervisor.Backoff = { initial: 100, max: 1_000, jitter: 0 };

  test("waits longer while the child goes on failing, up to a limit, and briefly again after it has run", async () => {
    const clock = kit.simulated_clock();
    const top = await supervisor.start([child("a", flat)], { max_restarts: 100, max_seconds: 1 });
    for (const ms of [100, 200, 400, 800, 1_000, 1_000]) {
      fail("a");
      await clock.advance(ms - 1);
      expect(erlang.whereis("a"), `${ms}`).toBeUndefined();
      await clock.advance(1);
      expect(erlang.whereis("a"), `${ms}`).toBeDefined();
    }
    await clock.advance(1_000);
    fail("a");
    await clock.advance(100);
    expect(erlang.whereis("a")).toBeDefined();
    expect(kit.reports.find(({ text }) => text.includes("in 200 ms"))?.details).toMatchObject({ delay: 200 });
    await supervisor.stop(top);
  });

  test("counts for the intensity when it happens: slow failures are tolerated for ever, fast ones are not", async () => {
    const clock = kit.simulated_clock();
    const top = await supervisor.start([child("a", { initial: 600, max: 600, jitter: 0 })], {
      max_restarts: 2,
      max_seconds: 1,
    });
    for (let n = 0; n < 20; n++) {
      fail("a");
      await clock.advance(1_100);
    }
    expect(erlang.whereis("a")).toBeDefined();
    await supervisor.stop(top);

    const flags = { max_restarts: 2, max_seconds: 5 };
    const hasty = await kit.start_supervised(
      supervisor.child_spec({
        id: "hasty",
        task: () => supervisor.start_link([child("b", { initial: 1, max: 1, jitter: 0 })], flags),
        restart: supervisor.Temporary(),
      }),
    );
    for (let n = 0; n < 3; n++) {
      fail("b");
      await clock.advance(1);
    }
    expect(erlang.is_process_alive(hasty)).toBe(false);
    const report = await kit.expect_report("gives up");
    expect(report.text).toContain('ended with reason "failed"');
  });

  test("applies to failed starts, too", async () => {
    const clock = kit.simulated_clock();
    let broken = false;
    const top = await supervisor.start([child("a", flat, () => broken)], { max_restarts: 100, max_seconds: 1 });
    broken = true;
    fail("a");
    await clock.advance(100);
    await clock.advance(200);
    await clock.advance(399);
    expect(names).toHaveLength(3);
    broken = false;
    await clock.advance(1);
    expect(erlang.whereis("a")).toBeDefined();
    await supervisor.stop(top);
    kit.allow_reports();
  });

  test("stops the children of its group at once, and starts them together", async () => {
    const clock = kit.simulated_clock();
    const top = await supervisor.start([child("a"), child("b", flat), child("c")], {
      strategy: supervisor.RestForOne(),
    });
    const a = erlang.whereis("a");
    names.length = 0;
    fail("b");
    await clock.advance(99);
    expect([erlang.whereis("a"), erlang.whereis("b"), erlang.whereis("c")]).toStrictEqual([a, undefined, undefined]);
    await clock.advance(1);
    expect(names).toStrictEqual(["b", "c"]);
    expect(erlang.whereis("a")).toBe(a);
    expect((await supervisor.which_children(top)).map(([id]) => id)).toStrictEqual(["c", "b", "a"]);
    await supervisor.stop(top);
  });

  test("is cancelled with the child, and with the supervisor", async () => {
    const clock = kit.simulated_clock();
    const top = await supervisor.start([child("a", flat), child("b", flat)], { max_restarts: 10 });
    fail("a");
    fail("b");
    await clock.advance(50);
    expect((await supervisor.which_children(top)).map(([, pid]) => String(pid))).toStrictEqual([
      "restarting",
      "restarting",
    ]);
    await supervisor.terminate_child(top, "a");
    await clock.advance(1_000);
    expect([erlang.whereis("a") === undefined, erlang.whereis("b") === undefined]).toStrictEqual([true, false]);
    fail("b");
    await clock.advance(10);
    await supervisor.stop(top);
    await clock.advance(10_000);
    expect(names).toStrictEqual(["a", "b", "b"]);
    await kit.no_process_left();
  });

  test("is random in part, and never longer than its limit", () => {
    const backoff = { initial: 100, max: 1_000, factor: 3, jitter: 0.5, reset_after: 1_000 };
    expect([0, 1, 2, 3, 1e6].map((failures) => delayOf(backoff, failures, 0))).toStrictEqual([
      100, 300, 900, 1_000, 1_000,
    ]);
    expect(delayOf(backoff, 1, 1)).toBe(150);
  });

  test.each([
    [{ initial: -1 }, "initial must be a number ≥ 0, got -1"],
    [{ initial: 10, max: 5 }, "max must be from initial to"],
    [{ factor: 0.5 }, "factor must be ≥ 1, got 0.5"],
    [{ jitter: 2 }, "jitter must be ≤ 1, got 2"],
    [{ inital: 1 }, "did you mean initial?"],
    [7, "its options must be an object"],
  ])("is refused with the options %j", async (backoff, text) => {
    await expect(supervisor.start([child("x", backoff as never)])).rejects.toThrow(text);
  });
});
