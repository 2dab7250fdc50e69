import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";

import { CONTINUE, NOREPLY, OK, REPLY, erlang, gen_server, logger, telemetry } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { inside, reports } from "../kit/inside.ts";

const request = new AsyncLocalStorage<string>();
let seen: [what: string, store: string | undefined][];
const note = (what: unknown) => void seen.push([String(what), request.getStore()]);
let end: () => void;

beforeEach(() => {
  seen = [];
  end = telemetry.propagate(request);
});
afterEach(() => end());

const server = {
  async init(state: number) {
    note("init");
    await pause(1);
    note("init later");
    return [OK, state, [CONTINUE, "go"]] as const;
  },
  handle_continue: (_: unknown, state: number) => (note("continue"), [NOREPLY, state] as const),
  async handle_call(message: unknown, _from: unknown, state: number) {
    note(message);
    await pause(1);
    note(message);
    return [REPLY, request.getStore(), state] as const;
  },
  handle_cast: (message: unknown, state: number) => (note(message), [NOREPLY, state] as const),
  handle_info: (message: unknown, state: number) => (note(message), [NOREPLY, state] as const),
};

describe("a propagated context", () => {
  test("is visible in the handler of its message, also after awaits, and in no other", async () => {
    const pid = await request.run("starter", () => gen_server.start(server, 0));
    await gen_server.call(pid, "undefined");
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        request.run(`user ${n}`, async () => {
          erlang.send_after(2, pid, `user ${n}`);
          erlang.send(pid, `user ${n}`);
          gen_server.cast(pid, `user ${n}`);
          expect(await gen_server.call(pid, `user ${n}`)).toBe(`user ${n}`);
          expect(request.getStore()).toBe(`user ${n}`);
        }),
      ),
    );
    await pause(5);
    await gen_server.call(pid, "undefined");
    expect(seen.slice(0, 3)).toStrictEqual([
      ["init", "starter"],
      ["init later", "starter"],
      ["continue", "starter"],
    ]);
    expect(seen.length).toBe(3 + 4 + 250);
    for (const [what, store] of seen.slice(3)) expect(String(store)).toBe(what);
    await gen_server.stop(pid);
  });

  test("travels from server to server, and into a started process and its messages", async () => {
    const last = await gen_server.start(server, 0);
    const first = await gen_server.start(
      { ...server, handle_call: async (message: unknown) => [REPLY, await gen_server.call(last, message), 0] as const },
      0,
    );
    expect(await request.run("user", () => gen_server.call(first, "user"))).toBe("user");
    expect(
      await request.run("user", () =>
        inside(async () => {
          await pause(1);
          return gen_server.call(first, "user");
        }),
      ),
    ).toBe("user");
    await gen_server.stop(first);
    await gen_server.stop(last);
  });

  test("is gone after its end", async () => {
    const pid = await gen_server.start(server, 0);
    end();
    expect(await request.run("user", () => gen_server.call(pid, "user"))).toBeUndefined();
    await gen_server.stop(pid);
  });
});

describe("a custom carrier", () => {
  test("is captured and run once for each message", async () => {
    const calls: string[] = [];
    let now: string | undefined;
    const done = telemetry.propagate<string>({
      capture: () => now,
      run: (captured, fun) => {
        calls.push(captured);
        fun();
      },
    });
    const pid = await gen_server.start(server, 0);
    now = "a";
    gen_server.cast(pid, 1);
    now = "b";
    gen_server.cast(pid, 2);
    now = undefined;
    await gen_server.call(pid, 3);
    done();
    expect(calls).toStrictEqual(["a", "b"]);
    await gen_server.stop(pid);
  });

  test("that throws, or calls nothing or twice, affects no message and is reported", async () => {
    const broken = [
      {
        capture: () => 1,
        run: () => {
          throw new Error("broken run");
        },
      },
      {
        capture: (): number => {
          throw new Error("broken capture");
        },
        run: (_: number, fun: () => void) => fun(),
      },
      { capture: () => 1, run: () => {} },
      {
        capture: () => 1,
        run: (_: number, fun: () => void) => {
          fun();
          fun();
        },
      },
    ];
    for (const carrier of broken) {
      const pid = await gen_server.start(server, 0);
      await gen_server.call(pid, "ready");
      seen = [];
      const told: logger.Report[] = await reports(async () => {
        const done = telemetry.propagate(carrier);
        gen_server.cast(pid, "once");
        done();
        await gen_server.call(pid, "after");
      });
      expect(seen.filter(([what]) => what === "once")).toHaveLength(1);
      const fails = carrier === broken[0] || carrier === broken[1];
      expect(told.map(({ event }) => event)).toStrictEqual(fails ? ["carrier_failed"] : []);
      await gen_server.stop(pid);
    }
  });

  test("that is invalid is refused", () => {
    expect(() => telemetry.propagate(undefined as never)).toThrow(
      "Cannot propagate: the carrier must be an AsyncLocalStorage or { capture, run }, got undefined",
    );
  });
});
