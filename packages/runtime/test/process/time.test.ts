/** The runtime under a simulated clock: what waits for time, to the millisecond. */
import { NOREPLY, NORMAL, OK, STOP, TIMEOUT, erlang, gen_server, type Exit, type Pid } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Clock } from "../../src/process/clock.ts";
import { useClock } from "../../src/process/timer.ts";
import { inside } from "../kit/inside.ts";
import { SimulatedClock } from "../../src/testing/simulated_clock.ts";

let clock: SimulatedClock;
let real: Clock;
beforeEach(() => {
  clock = new SimulatedClock();
  real = useClock(clock);
});
afterEach(() => void useClock(real));

/** Lets all that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** When a promise is settled, in simulated ms from now, looking every `step`. */
async function after(promise: Promise<unknown>, step = 1, limit = 20_000): Promise<number> {
  let settled = false;
  const mark = () => void (settled = true);
  promise.then(mark, mark);
  await settle();
  let passed = 0;
  while (!settled && passed < limit) {
    clock.advance(step);
    passed += step;
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.alarms === 0) await settle();
  }
  return passed;
}

describe("exact to the millisecond:", () => {
  test("receive after", async () => {
    expect(await after(inside(() => erlang.receive(undefined, { after: 30 })))).toBe(30);
  });

  test("sleep", async () => {
    expect(await after(erlang.sleep(25))).toBe(25);
  });

  test("send_after, with its remaining time, and start_timer", async () => {
    const got: unknown[] = [];
    const pid = erlang.spawn(async () => {
      for (let n = 0; n < 2; n++) got.push(await erlang.receive());
    });
    const [message, timer] = [erlang.send_after(20, pid, "message"), erlang.start_timer(40, pid, "timer")];
    clock.advance(19);
    await settle();
    expect([got, erlang.read_timer(message), erlang.read_timer(timer)]).toStrictEqual([[], 1, 21]);
    clock.advance(1);
    await settle();
    expect([got, erlang.read_timer(message)]).toStrictEqual([["message"], false]);
    clock.advance(20);
    await settle();
    expect(got).toStrictEqual(["message", [TIMEOUT, timer, "timer"]]);
  });

  test("an idle time-out, which a message restarts only if its callback asks for it", async () => {
    const over: unknown[] = [];
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0, 50],
        handle_cast: (again: boolean) => (again ? [NOREPLY, 0, 50] : [NOREPLY, 0]),
        handle_info: (message: unknown) => (over.push(message), [NOREPLY, 0]),
      } as object,
      0,
    )) as Pid;
    clock.advance(49);
    gen_server.cast(pid, true);
    await settle();
    clock.advance(49);
    await settle();
    expect(over).toStrictEqual([]);
    clock.advance(1);
    await settle();
    expect(over).toStrictEqual([TIMEOUT]);
    gen_server.cast(pid, true);
    gen_server.cast(pid, false);
    await settle();
    clock.advance(1_000);
    await settle();
    expect(over).toHaveLength(1);
    await gen_server.stop(pid);
  });

  test("a start's time-out", async () => {
    expect(await after(gen_server.start({ init: () => new Promise(() => {}) } as object, 0, { timeout: 40 }))).toBe(40);
  });

  test("a call of less than a second", async () => {
    const pid = await silent();
    expect(await after(gen_server.call(pid, 1, 999))).toBe(999);
    erlang.exit(pid, "over");
  });
});

describe("a call of a second and more times out no earlier and at most 0.1 s later:", () => {
  test.each([[1_000], [1_234], [5_000], [undefined], [12_750]])("%s ms", async (ms) => {
    const pid = await silent();
    const call = gen_server.call(pid, 1, ms);
    const took = await after(call, 10);
    expect(took).toBeGreaterThanOrEqual(ms ?? 5_000);
    expect(took).toBeLessThanOrEqual((ms ?? 5_000) + 110);
    expect(await call.catch((exit: Exit) => (exit.reason as unknown[])[0])).toBe(TIMEOUT);
    erlang.exit(pid, "over");
    clock.advance(100);
  });
});

test("no alarm is armed while no process waits for time", async () => {
  const pid = await silent();
  const call = gen_server.call(pid, "stop", 1_000_000);
  await call.catch(() => {});
  clock.advance(100);
  expect(clock.alarms).toBe(0);
});

async function silent(): Promise<Pid> {
  return (await gen_server.start(
    { init: () => [OK, 0], handle_call: (request: unknown) => (request === "stop" ? [STOP, NORMAL, 0] : [NOREPLY, 0]) },
    0,
  )) as Pid;
}
