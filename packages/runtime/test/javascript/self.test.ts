/* oxlint-disable unicorn/no-thenable, unicorn/no-unnecessary-await -- awaiting what is no promise is what some of these tests are about */
import { once, EventEmitter } from "node:events";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { CONTINUE, NOREPLY, OK, REPLY, STOP, erlang, gen_server, type Pid } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const here = fileURLToPath(import.meta.url);

/** What `self()` is before and after; other processes run meanwhile, so that a wrong one would show. */
async function stays(wait: () => Promise<unknown>): Promise<void> {
  const noise = Array.from({ length: 5 }, () =>
    erlang.spawn(async () => {
      for (;;) {
        await turn();
        await erlang.receive((message) => message === "stop", { after: 0 });
        if ((await erlang.receive((message) => message === "stop", { after: 1 })) === "stop") return;
      }
    }),
  );
  const seen = await Promise.all(
    Array.from({ length: 3 }, () =>
      inside(async () => {
        const before = erlang.self();
        await wait();
        return [before, erlang.self()] as const;
      }),
    ),
  );
  for (const pid of noise) erlang.send(pid, "stop");
  for (const [before, after] of seen) expect(after).toBe(before);
  expect(new Set(seen.map(([pid]) => pid)).size).toBe(3);
}

describe("self() is the same process after await of", () => {
  // oxlint-disable-next-line typescript/await-thenable -- that is what is tried
  test("a value that is not a promise", () => stays(async () => await 1));
  test("a resolved promise", () => stays(() => Promise.resolve()));
  test("a promise that was made outside any process", async () => {
    const outer = pause(5);
    await stays(() => outer);
  });
  test("new Promise with a timer's callback", () => stays(() => new Promise((resolve) => setTimeout(resolve, 2))));
  test("timers/promises", () => stays(() => pause(2)));
  test("setImmediate", () => stays(() => turn()));
  test("process.nextTick", () => stays(() => new Promise<void>((resolve) => process.nextTick(resolve))));
  test("queueMicrotask", () => stays(() => new Promise<void>((resolve) => queueMicrotask(resolve))));
  test("fs/promises", () => stays(() => readFile(here)));
  test("a promisified callback function", () =>
    stays(promisify((done: (error: null, value: number) => void) => setTimeout(done, 1, null, 7))));
  test("events.once", () =>
    stays(async () => {
      const emitter = new EventEmitter();
      setTimeout(() => emitter.emit("it"), 1);
      await once(emitter, "it");
    }));
  test("a stream pipeline", () =>
    stays(() =>
      pipeline(
        Readable.from(["a", "b"]),
        async function* (source) {
          for await (const each of source) yield each;
        },
        async (source) => {
          for await (const _ of source);
        },
      ),
    ));
  test("Promise.all, race, any and allSettled", () =>
    stays(async () => {
      // oxlint-disable-next-line typescript/await-thenable -- that is what is tried
      await Promise.all([pause(1), readFile(here), 3]);
      await Promise.race([pause(1), pause(20)]);
      await Promise.any([Promise.reject(new Error("not this one")), pause(1)]);
      await Promise.allSettled([Promise.reject(new Error("nor this")), pause(1)]);
    }));
  test("a thenable that answers at once", () =>
    stays(async () => await { then: (done: (value: number) => void) => done(1) }));
  test("a thenable that answers from a timer", () =>
    stays(async () => await { then: (done: (value: number) => void) => void setTimeout(done, 2, 1) }));
  test("nested asynchronous functions", () => {
    const deep = async (level: number): Promise<number> => {
      if (level === 0) return (await pause(1), 0);
      await Promise.resolve();
      const below = await deep(level - 1);
      await turn();
      return below + 1;
    };
    return stays(() => deep(5));
  });
  test("fetch and its body", async () => {
    const server = createServer((_request, response) => response.end("there"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await stays(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(await response.text()).toBe("there");
    });
    server.closeAllConnections();
    server.close();
  });
  test("erlang.receive, erlang.sleep and a call", async () => {
    const echo = await gen_server.start(
      { init: () => [OK, 0], handle_call: async (request: unknown) => (await pause(1), [REPLY, request, 0]) },
      0,
    );
    await stays(async () => {
      await erlang.sleep(1);
      await erlang.receive(undefined, { after: 1 });
      erlang.send(erlang.self(), "hello");
      await erlang.receive();
      await gen_server.call(echo, "hello");
    });
    await gen_server.stop(echo);
  });
});

describe("self() is the same process", () => {
  test("inside each step of for await over an asynchronous generator, in the generator and outside", async () => {
    const seen: Pid[] = [];
    const own = await inside(async () => {
      async function* numbers() {
        for (let n = 0; n < 3; n++) {
          await pause(1);
          seen.push(erlang.self());
          yield n;
        }
      }
      for await (const _ of numbers()) seen.push(erlang.self());
      return erlang.self();
    });
    expect(seen).toHaveLength(6);
    for (const pid of seen) expect(pid).toBe(own);
  });

  test("inside for await over a stream", async () => {
    const seen: Pid[] = [];
    const own = await inside(async () => {
      for await (const _ of createReadStream(here, { highWaterMark: 1024 })) seen.push(erlang.self());
      return erlang.self();
    });
    expect(seen.length).toBeGreaterThan(1);
    for (const pid of seen) expect(pid).toBe(own);
  });

  test("after a caught rejection, in catch and in finally", async () => {
    const seen: Pid[] = [];
    const own = await inside(async () => {
      try {
        await (async () => {
          await pause(1);
          throw new Error("expected");
        })();
      } catch {
        seen.push(erlang.self());
        await pause(1);
        seen.push(erlang.self());
      } finally {
        await turn();
        seen.push(erlang.self());
      }
      await Promise.reject(new Error("expected too")).catch(() => seen.push(erlang.self()));
      seen.push(erlang.self());
      return erlang.self();
    });
    expect(seen).toHaveLength(5);
    for (const pid of seen) expect(pid).toBe(own);
  });

  test("in then, catch and finally callbacks", async () => {
    const seen: Pid[] = [];
    const own = await inside(async () => {
      const pid = erlang.self();
      await pause(1)
        .then(() => seen.push(erlang.self()))
        .then(() => Promise.reject(new Error("expected")))
        .catch(() => seen.push(erlang.self()))
        .finally(() => seen.push(erlang.self()));
      return pid;
    });
    expect(seen).toHaveLength(3);
    for (const pid of seen) expect(pid).toBe(own);
  });

  test("at the start of a parallel branch and at its end", async () => {
    const [own, ...branches] = await inside(async () => [
      erlang.self(),
      ...(await Promise.all([1, 2, 3].map(async (n) => (await pause(n), erlang.self())))),
    ]);
    for (const pid of branches) expect(pid).toBe(own);
  });

  test("in every callback of a gen_server, whether asynchronous or a plain function that returns a promise", async () => {
    const seen: [string, Pid][] = [];
    const note = (what: string) => void seen.push([what, erlang.self()]);
    const after = <T>(what: string, value: T): Promise<T> => {
      note(`${what} before`);
      return pause(1).then(() => {
        note(`${what} then`);
        return value;
      });
    };
    const module = {
      init: () => after("init", [OK, 0, [CONTINUE, "go"]] as const),
      handle_continue: async () => {
        await pause(1);
        note("continue");
        return [NOREPLY, 0] as const;
      },
      handle_call: (request: unknown) => after("call", [REPLY, request, 0] as const),
      handle_cast: () => after("cast", [NOREPLY, 0] as const),
      handle_info: () => after("info", [STOP, "enough", 0] as const),
      terminate: () => after("terminate", undefined),
    };
    const pid = await gen_server.start(module, undefined);
    expect(await gen_server.call(pid, "hello")).toBe("hello");
    gen_server.cast(pid, "hello");
    await inside(async () => {
      erlang.monitor("process", pid);
      erlang.send(pid, "hello");
      await erlang.receive();
    });
    expect(seen.map(([what]) => what)).toStrictEqual([
      "init before",
      "init then",
      "continue",
      "call before",
      "call then",
      "cast before",
      "cast then",
      "info before",
      "info then",
      "terminate before",
      "terminate then",
    ]);
    for (const [what, each] of seen) expect([what, each]).toStrictEqual([what, pid]);
  });
});

describe("code outside any process", () => {
  test("gets an error with a hint from self()", () => {
    expect(() => erlang.self()).toThrow(
      "Cannot do erlang.self here: this code does not run inside a process. Do it in a process (erlang.spawn, a gen_server's callback)",
    );
  });

  test("stays outside when it awaits a promise of a process", async () => {
    await inside(() => pause(1));
    expect(erlang.is_process()).toBe(false);
    await new Promise<void>((resolve) => void erlang.spawn(() => resolve()));
    expect(erlang.is_process()).toBe(false);
  });

  // Bun, and Deno for timers, hand the process on to them: docs/semantics.md.
  test.skipIf("bun" in process.versions || "deno" in process.versions)(
    "includes the callbacks that a process passes to a timer or an emitter",
    async () => {
      expect(await inside(() => new Promise((resolve) => setTimeout(() => resolve(erlang.is_process()), 1)))).toBe(
        false,
      );
    },
  );
});
