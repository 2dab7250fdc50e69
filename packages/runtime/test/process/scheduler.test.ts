import { KILL, NOREPLY, OK, REPLY, erlang, gen_server, type Pid } from "@otpts/runtime";
import { afterEach, describe, expect, test } from "vitest";

import { SLICE } from "../../src/process/scheduler.ts";
import { inside } from "../kit/inside.ts";

/** Far more messages than the event loop may be kept waiting for. */
const MANY = 10_000;

/** Where what runs for ever ends, so that a starved event loop fails the test instead of hanging it. */
const EVER = 500_000;

const started: Pid[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) erlang.exit(pid, KILL);
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The largest number of counts between two turns of the event loop, over a number of turns. */
async function most(count: () => number, turns = 50): Promise<number> {
  let largest = 0;
  for (let n = 0; n < turns; n++) {
    const before = count();
    await turn();
    largest = Math.max(largest, count() - before);
  }
  return largest;
}

describe("the event loop gets its turns", () => {
  test("while two processes message each other for ever", async () => {
    let count = 0;
    const play = async () => {
      while (count < EVER) {
        const [from] = await erlang.receive<[Pid]>();
        count++;
        erlang.send(from, [erlang.self()]);
      }
    };
    const [a, b] = [erlang.spawn(play), erlang.spawn(play)];
    started.push(a, b);
    erlang.send(a, [b]);
    expect(await most(() => count)).toBeLessThan(MANY);
    expect(count).toBeGreaterThan(100);
  });

  test("while a process always finds a message in its mailbox", async () => {
    let count = 0;
    const pid = erlang.spawn(async () => {
      while (count < EVER) {
        erlang.send(erlang.self(), 1);
        await erlang.receive();
        count++;
      }
    });
    started.push(pid);
    expect(await most(() => count)).toBeLessThan(MANY);
    expect(count).toBeGreaterThan(100);
  });

  test("while a process polls with after: 0", async () => {
    let count = 0;
    const pid = erlang.spawn(async () => {
      while (count < EVER) {
        await erlang.receive(undefined, { after: 0 });
        count++;
      }
    });
    started.push(pid);
    expect(await most(() => count)).toBeLessThan(MANY);
  });

  test("while a gen_server casts to itself", async () => {
    let count = 0;
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0],
        handle_cast: () => {
          if (count++ < EVER) gen_server.cast(erlang.self(), "again");
          return [NOREPLY, 0];
        },
      },
      0,
    )) as Pid;
    started.push(pid);
    gen_server.cast(pid, "go");
    expect(await most(() => count)).toBeLessThan(MANY);
    expect(count).toBeGreaterThan(100);
  });

  test("while a gen_server continues for ever, which delays its messages, since handle_continue comes first", async () => {
    let count = 0;
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0, [gen_server.CONTINUE, 1]],
        handle_continue: () => (count++ < EVER ? [NOREPLY, 0, [gen_server.CONTINUE, 1]] : [NOREPLY, 0]),
      },
      0,
    )) as Pid;
    started.push(pid);
    expect(await most(() => count)).toBeLessThan(MANY);
  });

  test("while two processes call each other's server, awaiting in every callback", async () => {
    let count = 0;
    const echo = {
      init: () => [OK, 0],
      handle_call: async (request: unknown) => {
        await Promise.resolve();
        count++;
        return [REPLY, request, 0];
      },
    };
    const server = (await gen_server.start(echo, 0)) as Pid;
    const caller = () =>
      erlang.spawn(async () => {
        while (count < EVER) await gen_server.call(server, 1);
      });
    started.push(server, caller(), caller());
    expect(await most(() => count)).toBeLessThan(MANY);
    expect(count).toBeGreaterThan(100);
  });

  test("sooner when the messages are slow", async () => {
    let count = 0;
    const burn = () => {
      const until = performance.now() + 2;
      while (performance.now() < until);
      count++;
      if (count < 2_000) gen_server.cast(erlang.self(), "again");
      return [NOREPLY, 0];
    };
    const pid = (await gen_server.start({ init: () => [OK, 0], handle_cast: burn }, 0)) as Pid;
    started.push(pid);
    gen_server.cast(pid, "go");
    expect(await most(() => count, 10)).toBeLessThan(100);
  });
});

describe("a process", () => {
  test("with a full mailbox delays the next one by at most a slice", async () => {
    let busy = 0;
    let seen: number | undefined;
    const counting = { init: () => [OK, 0], handle_cast: () => (busy++, [NOREPLY, 0]) };
    const noting = { init: () => [OK, 0], handle_cast: () => ((seen = busy), [NOREPLY, 0]) };
    const [one, other] = (await Promise.all([gen_server.start(counting, 0), gen_server.start(noting, 0)])) as Pid[];
    started.push(one as Pid, other as Pid);
    for (let n = 0; n < MANY; n++) gen_server.cast(one as Pid, n);
    gen_server.cast(other as Pid, 1);
    while (busy < MANY) await turn();
    expect(seen).toBeLessThanOrEqual(SLICE);
  });

  test("handles the messages of one sender in order, over many slices and turns", async () => {
    const handled: unknown[] = [];
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0],
        handle_cast: (n: unknown) => (handled.push(n), [NOREPLY, 0]),
        handle_call: () => [REPLY, handled.length, 0],
      },
      0,
    )) as Pid;
    started.push(pid);
    const sent = Array.from({ length: MANY }, (_, n) => n);
    for (const n of sent) gen_server.cast(pid, n);
    expect(await gen_server.call(pid, "done?")).toBe(MANY);
    expect(handled).toStrictEqual(sent);
  });

  test("that waits runs before the event loop's next turn when its message arrives", async () => {
    let turns = 0;
    const tick = setImmediate(() => turns++);
    await inside(async () => {
      const pid = erlang.spawn(async () => {
        const [from] = await erlang.receive<[Pid]>();
        erlang.send(from, "pong");
      });
      erlang.send(pid, [erlang.self()]);
      expect(await erlang.receive()).toBe("pong");
    });
    clearImmediate(tick);
    expect(turns).toBe(0);
  });

  test("that is spawned runs only after its parent has awaited or ended", async () => {
    const order = await inside(async () => {
      const steps: string[] = [];
      erlang.spawn(() => void steps.push("child"));
      steps.push("parent");
      await Promise.resolve();
      await erlang.receive(undefined, { after: 1 });
      return steps;
    });
    expect(order).toStrictEqual(["parent", "child"]);
  });
});
