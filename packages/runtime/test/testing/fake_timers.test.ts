/** The kit beside fake timers, installed as jest installs them: all of them. */
import FakeTimers from "@sinonjs/fake-timers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Exit, erlang, gen_server, NOREPLY, OK, REPLY, TIMEOUT } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";

const kit = testing.setup({ beforeEach, afterEach });
const ALL = [
  "Date",
  "hrtime",
  "nextTick",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "clearImmediate",
  "setInterval",
  "clearInterval",
  "setTimeout",
  "clearTimeout",
] as const;

let clock: ReturnType<typeof FakeTimers.install>;
beforeEach(() => void (clock = FakeTimers.install({ toFake: [...ALL] })));
afterEach(() => clock.uninstall());

test("children start, answer and stop, probes read, and eventually waits in real time", async () => {
  const server = {
    init: () => [OK, 0] as const,
    handle_call: (n: number, _from: gen_server.From, sum: number) => [REPLY, sum + n, sum + n] as const,
  };
  const pid = await kit.start_supervised(() => gen_server.start_link(server, undefined));
  expect(await gen_server.call(pid, 2)).toBe(2);
  const probe = kit.probe();
  erlang.send(probe.pid, "hello");
  expect(await probe.assert_receive("hello")).toBe("hello");
  let looks = 0;
  expect(await testing.eventually(() => ++looks === 3)).toBe(true);
  await expect(testing.eventually(() => false, { timeout: 20 })).rejects.toThrow("within 20 ms");
});

test("timers and time-outs of processes fire when the fake clock ticks", async () => {
  const silent = { init: () => [OK, 0] as const, handle_call: () => [NOREPLY, 0] as const };
  const pid = await kit.start_supervised(() => gen_server.start_link(silent, undefined));
  const probe = kit.probe();
  erlang.send_after(60_000, probe.pid, "a minute later");
  const call = gen_server.call(pid, "x").catch((error: unknown) => error);
  await clock.tickAsync(59_999);
  expect(probe.messages()).toStrictEqual([]);
  await clock.tickAsync(1);
  // Its turn may be the event loop's next one, which no fake clock ticks.
  expect(await testing.eventually(() => probe.messages()[0])).toBe("a minute later");
  expect(Exit.is(await call, TIMEOUT)).toBe(true);
});

test("a time-out fires at its exact millisecond, whatever the engine's clock showed before", async () => {
  for (let n = 0; n < 200; n += 1) {
    clock.uninstall();
    // The clock goes on from where it was: from another fraction of a millisecond each time.
    for (const from = performance.now(); performance.now() - from < 0.01;);
    clock = FakeTimers.install({ toFake: [...ALL] });
    let came = false;
    erlang.spawn(async () => {
      await erlang.sleep(60_000);
      came = true;
    });
    await clock.tickAsync(60_000);
    expect(await testing.eventually(() => came, { timeout: 2_000 })).toBe(true);
  }
});
