import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";

import { KILL, NOREPLY, OK, erlang, gen_server, logger, type Pid } from "@otpts/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";

/** Things a process may wait for, in any order, while many others do the same. */
const waits = {
  nothing: () => Promise.resolve(),
  microtask: () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  turn: () => turn(),
  timer: () => pause(1),
  sleep: () => erlang.sleep(1),
  itself: async () => {
    erlang.send(erlang.self(), "to myself");
    expect(await erlang.receive((message) => message === "to myself")).toBe("to myself");
  },
  time: () => erlang.receive((message) => message === "never", { after: 1 }),
  call: () => gen_server.call("stress", "at once"),
  "slow call": () => gen_server.call("stress", "slowly"),
  "failing call": () => gen_server.call("nobody at all", 1).catch(() => {}),
  "call in time": () => gen_server.call("stress", "never", 1).catch(() => {}),
  "two calls": () => Promise.all([gen_server.call("stress", "at once"), gen_server.call("stress", "slowly")]),
  child: async () => {
    const me = erlang.self();
    erlang.spawn(async () => {
      const child = erlang.self();
      await turn();
      erlang.send(me, ["child", child, erlang.self()]);
    });
    const [, child, later] = await erlang.receive<[string, Pid, Pid]>(
      (message) => Array.isArray(message) && message[0] === "child",
    );
    expect(later).toBe(child);
  },
  server: async () => {
    const pid = await gen_server.start(server, erlang.self());
    await gen_server.stop(pid as Pid);
  },
  "failing server": () =>
    gen_server.start({ init: () => Promise.reject(new Error("no")) } as object, 0).catch(() => {}),
} satisfies Record<string, () => Promise<unknown>>;

const server = {
  init: async () => {
    const me = erlang.self();
    await turn();
    expect(erlang.self()).toBe(me);
    return [OK, me] as const;
  },
  handle_call: async (request: unknown, from: gen_server.From, me: Pid) => {
    expect(erlang.self()).toBe(me);
    if (request === "slowly") await turn();
    else if (request === "never") return [NOREPLY, me] as const;
    expect(erlang.self()).toBe(me);
    gen_server.reply(from, request);
    expect(erlang.self()).toBe(me);
    return [NOREPLY, me] as const;
  },
};

test("self() is right in hundreds of processes that await everything in any order, while others die", async () => {
  const before = logger.set_handler(undefined);
  const pid = (await gen_server.start(server, undefined, { name: "stress" })) as Pid;
  const plan = fc.array(fc.constantFrom(...(Object.keys(waits) as (keyof typeof waits)[])), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 10, maxLength: 30 }), async (plans) => {
      const victims = plans.map((each) =>
        erlang.spawn(async () => {
          for (const what of each) await waits[what]();
        }),
      );
      const wrong = await Promise.all(
        plans.map(
          (each, index) =>
            new Promise<string[]>((resolve, reject) => {
              erlang.spawn(async () => {
                const me = erlang.self();
                const found: string[] = [];
                try {
                  for (const what of each) {
                    await waits[what]();
                    if (!erlang.is_process() || erlang.self() !== me) found.push(what);
                  }
                  resolve(found);
                } catch (error) {
                  reject(error);
                }
              });
              for (const [at, victim] of victims.entries()) if ((at * 7 + index) % 10 === 0) erlang.exit(victim, KILL);
            }),
        ),
      );
      expect(wrong.flat()).toStrictEqual([]);
      expect(erlang.is_process()).toBe(false);
    }),
    { numRuns: 30 },
  );
  await gen_server.stop(pid);
  logger.set_handler(before);
}, 120_000);
