import { NOREPLY, OK, REPLY, erlang, gen_server } from "@otpts/runtime";
import { afterEach, describe, expect, test, vi } from "vitest";

import { inside } from "../kit/inside.ts";

const slow = {
  init: () => [OK, 0] as const,
  handle_call: async (request: unknown, _from: unknown, state: number) => {
    if (request === "never") return [NOREPLY, state] as const;
    await Promise.resolve();
    return [REPLY, request, state] as const;
  },
};

afterEach(() => void vi.useRealTimers());

/** What is replaced: everything a test tool can replace, or parts of it that do not fit together. */
const replaced = {
  "what the tool replaces by itself": undefined,
  everything: [
    "setTimeout",
    "clearTimeout",
    "setImmediate",
    "clearImmediate",
    "setInterval",
    "clearInterval",
    "Date",
    "performance",
    "queueMicrotask",
    "hrtime",
  ],
  "setTimeout alone": ["setTimeout", "clearTimeout"],
  "performance alone": ["performance"],
  "setImmediate and queueMicrotask": ["setImmediate", "queueMicrotask"],
} as const;

function fake(what: keyof typeof replaced): void {
  const toFake = replaced[what];
  vi.useFakeTimers(toFake === undefined ? {} : { toFake: [...toFake] });
}

for (const what of Object.keys(replaced) as (keyof typeof replaced)[]) {
  describe(`after a test has replaced ${what} and restored it`, () => {
    test("sleeps, time-outs of calls and of receives, and timers use the real clock", async () => {
      const pid = await gen_server.start(slow, 0);
      fake(what);
      expect(await gen_server.call(pid, "under the fake clock")).toBe("under the fake clock");
      const abandoned = gen_server.call(pid, "never", 300).catch(String);
      const abandonedLonger = gen_server.call(pid, "never", 1_000).catch(String);
      const abandonedSleep = erlang.sleep(20);
      vi.useRealTimers();
      await erlang.sleep(20);
      await expect(gen_server.call(pid, "never", 20)).rejects.toThrow("timeout");
      await expect(gen_server.call(pid, "never", 1_000)).rejects.toThrow("timeout");
      expect(await abandoned).toContain("timeout");
      expect(await abandonedLonger).toContain("timeout");
      await abandonedSleep;
      await inside(async () => {
        await erlang.receive(undefined, { after: 5 });
        erlang.send_after(5, erlang.self(), "later");
        expect(await erlang.receive()).toBe("later");
      });
      await gen_server.stop(pid);
    });

    test("a lone deadline, without any new one, uses the real clock", async () => {
      fake(what);
      const alone = erlang.sleep(30);
      vi.useRealTimers();
      expect(await alone).toBe(OK);
    });

    test("the event loop still turns between two processes that message each other", async () => {
      const { setImmediate: onNextTurn } = globalThis;
      let turned = 0;
      fake(what);
      const echo = await gen_server.start(slow, 0);
      onNextTurn(() => (turned += 1));
      for (let n = 0; n < 5_000; n++) await gen_server.call(echo, n);
      vi.useRealTimers();
      onNextTurn(() => (turned += 1));
      for (let n = 0; n < 5_000; n++) await gen_server.call(echo, n);
      expect(turned).toBe(2);
      await gen_server.stop(echo);
    });
  });
}

for (const what of ["what the tool replaces by itself", "everything", "setTimeout alone"] as const) {
  test(`time-outs can be advanced while a test has replaced ${what}`, async () => {
    const pid = await gen_server.start(slow, 0);
    fake(what);
    const seen: string[] = [];
    void erlang.sleep(60_000).then(() => seen.push("a minute"));
    void erlang.sleep(120_000).then(() => seen.push("two minutes"));
    const failed = gen_server.call(pid, "never").catch((error: unknown) => seen.push(String(error)));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(seen).toStrictEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain("no reply within 5000 ms");
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.advanceTimersByTimeAsync(55_000);
    expect(seen.at(-1)).toBe("a minute");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.at(-1)).toBe("two minutes");
    vi.useRealTimers();
    await gen_server.stop(pid);
  });
}

test.each([[["performance"]], [["Date", "performance"]]] as const)(
  "time-outs fire by timers while a test has replaced %j alone, whose time stands still",
  async (toFake) => {
    const pid = await gen_server.start(slow, 0);
    vi.useFakeTimers({ toFake: [...toFake] });
    // The runner's own limit does not come either while its clock stands still.
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      late = setTimeout(() => reject(new Error("the time-outs do not come")), 4_000);
    });
    const work = async () => {
      await erlang.sleep(5);
      await expect(gen_server.call(pid, "never", 5)).rejects.toThrow("timeout");
      await expect(gen_server.call(pid, "never", 1_000)).rejects.toThrow("timeout");
    };
    await Promise.race([work(), limit]).finally(() => clearTimeout(late));
    vi.useRealTimers();
    await gen_server.stop(pid);
  },
);
