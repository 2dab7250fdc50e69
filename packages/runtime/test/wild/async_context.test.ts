import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { CONTINUE, NOREPLY, OK, REPLY, erlang, gen_server, logger, sys, type Pid } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { death, inside } from "../kit/inside.ts";

const request = new AsyncLocalStorage<string>();
let seen: [what: string, store: string | undefined][];
const note = (what: string) => void seen.push([what, request.getStore()]);

const asynchronous = {
  async init(state: number) {
    note("init");
    await pause(1);
    note("init later");
    return [OK, state, [CONTINUE, "go"]] as const;
  },
  async handle_continue(_term: unknown, state: number) {
    note("continue");
    await pause(1);
    note("continue later");
    return [NOREPLY, state] as const;
  },
  async handle_call(message: unknown, _from: unknown, state: number) {
    note("call");
    await pause(1);
    note("call later");
    return [REPLY, message, state] as const;
  },
  async handle_cast(_message: unknown, state: number) {
    note("cast");
    await pause(1);
    note("cast later");
    return [NOREPLY, state] as const;
  },
  async handle_info(_message: unknown, state: number) {
    note("info");
    await pause(1);
    note("info later");
    return [NOREPLY, state] as const;
  },
  async terminate() {
    note("terminate");
    await pause(1);
    note("terminate later");
  },
};

const synchronous = {
  init: (state: number) => (note("init"), [OK, state] as const),
  handle_call: (message: unknown, _from: unknown, state: number) => (note("call"), [REPLY, message, state] as const),
  handle_cast: (_message: unknown, state: number) => (note("cast"), [NOREPLY, state] as const),
  handle_info: (_message: unknown, state: number) => (note("info"), [NOREPLY, state] as const),
  terminate: () => note("terminate"),
};

let handler: logger.Handler | undefined;
beforeEach(() => {
  seen = [];
  handler = logger.set_handler(undefined);
});
afterEach(() => void logger.set_handler(handler));

describe("a process sees no store of other code", () => {
  for (const [kind, module] of [
    ["asynchronous", asynchronous],
    ["synchronous", synchronous],
  ] as const) {
    test(`in ${kind} callbacks, whether it is started, called, cast, sent to or stopped`, async () => {
      const pid = await request.run("starter", () => gen_server.start(module, 0));
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          request.run(`user ${n}`, async () => {
            erlang.send_after(1, pid, "later");
            erlang.send(pid, "now");
            gen_server.cast(pid, n);
            expect(await gen_server.call(pid, n)).toBe(n);
            expect(request.getStore()).toBe(`user ${n}`);
            await expect(gen_server.call("nobody", n)).rejects.toThrow("noproc");
            expect(request.getStore()).toBe(`user ${n}`);
          }),
        ),
      );
      await gen_server.call(pid, "after the timers");
      await request.run("stopper", () => gen_server.stop(pid));
      expect(seen.length).toBeGreaterThan(150);
      expect(seen.filter(([, store]) => store !== undefined)).toStrictEqual([]);
    });
  }

  test("in a body, after receive, its time-out, a sleep and a monitor's message", async () => {
    await request.run("spawner", () =>
      inside(async () => {
        note("body");
        const [, ref] = erlang.spawn_monitor(() => note("child"));
        await erlang.receive((message) => Array.isArray(message) && message[1] === ref);
        note("down");
        await erlang.receive(undefined, { after: 1 });
        note("time-out");
        await erlang.sleep(1);
        note("sleep");
      }),
    );
    expect(seen).toHaveLength(5);
    expect(seen.filter(([, store]) => store !== undefined)).toStrictEqual([]);
  });

  test("in listeners of its end", async () => {
    const { promise, resolve } = deferred();
    const pid = erlang.spawn(async () => {
      erlang.signal().addEventListener("abort", () => {
        note("abort");
        resolve(erlang.is_process());
      });
      await erlang.receive();
    });
    await pause(1);
    request.run("killer", () => erlang.exit(pid, "die"));
    expect(await promise).toBe(false);
    expect(seen).toStrictEqual([["abort", undefined]]);
  });
});

describe("a store that a process sets", () => {
  test("with enterWith stays private, also after awaits", async () => {
    const others = Array.from({ length: 3 }, () =>
      inside(async () => {
        for (let n = 0; n < 5; n++) {
          note("another");
          await pause(1);
        }
      }),
    );
    await inside(async () => {
      request.enterWith("mine");
      await pause(2);
      expect(request.getStore()).toBe("mine");
      erlang.spawn(() => note("its child"));
      await pause(1);
      expect(request.getStore()).toBe("mine");
    });
    await Promise.all(others);
    note("outside");
    expect(seen.filter(([, store]) => store !== undefined)).toStrictEqual([]);
  });

  test("in a synchronous callback is visible to no other process of the same drain", async () => {
    const setting = {
      ...synchronous,
      handle_cast: (_: unknown, n: number) => (request.enterWith("mine"), [NOREPLY, n] as const),
    };
    const [first, second] = [await gen_server.start(setting, 0), await gen_server.start(synchronous, 0)];
    for (let n = 0; n < 10; n++) {
      gen_server.cast(first, n);
      gen_server.cast(second, n);
    }
    await gen_server.call(second, 0);
    expect(request.getStore()).toBeUndefined();
    expect(seen.filter(([, store]) => store !== undefined)).toStrictEqual([]);
    await gen_server.stop(first);
    await gen_server.stop(second);
  });
});

// Bun does not report its process: docs/semantics.md.
test.skipIf("bun" in process.versions)(
  "an unhandled rejection is the failure of the process whose code caused it, also for a call that no code awaits",
  async () => {
    const throwing = erlang.spawn(async () => {
      void (async () => {
        await pause(1);
        throw new Error("forgotten");
      })();
      await erlang.receive();
    });
    expect(String(await death(throwing))).toContain("forgotten");
    const silent = await gen_server.start({ init: () => [OK, 0], handle_call: () => [NOREPLY, 0] }, 0);
    const floating = erlang.spawn(async () => {
      void gen_server.call(silent, "hello", 5);
      await erlang.receive();
    });
    expect(String(await death(floating))).toContain("timeout");
    expect(erlang.is_process_alive(silent)).toBe(true);
    const bereft = erlang.spawn(async () => {
      void gen_server.call(silent, "hello");
      await erlang.receive();
    });
    await pause(1);
    erlang.exit(silent, "gone");
    expect(String(await death(bereft))).toContain("gone");
  },
);

// Bun, and Deno for timers, hand the process on to them: docs/semantics.md.
test.skipIf("bun" in process.versions || "deno" in process.versions)(
  "a callback that a process passes to a timer or an emitter belongs to no process, also after its awaits",
  async () => {
    const asked = await inside(
      () =>
        new Promise<boolean[]>((resolve) => {
          setTimeout(() => {
            void (async () => {
              const before = erlang.is_process();
              await pause(1);
              resolve([before, erlang.is_process()]);
            })();
          }, 1);
        }),
    );
    expect(asked).toStrictEqual([false, false]);
    const bound = await inside(() => new AsyncResource("somebody's"));
    expect(bound.runInAsyncScope(() => erlang.is_process())).toBe(false);
  },
);

function deferred() {
  let resolve!: (value: unknown) => void;
  const promise = new Promise<unknown>((done) => (resolve = done));
  return { promise, resolve };
}

describe("the asynchronous handler of an HTTP server that a process started", () => {
  const web = {
    async init(peer: Pid) {
      const http = createServer((incoming, response) => {
        void (async () => {
          await pause(1);
          const [path] = (incoming.url ?? "").split("?");
          const answer = await gen_server.call(path === "/self" ? "web" : peer, "ask", 2_000);
          await pause(1);
          response.end(`${String(await gen_server.call(path === "/self" ? "web" : peer, answer, 2_000))}`);
        })().catch((error: unknown) => response.end(String(error)));
      });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      return [OK, http] as const;
    },
    handle_call: (message: unknown, _from: unknown, http: Server) => {
      if (message === "port") return [REPLY, (http.address() as AddressInfo).port, http] as const;
      if (message === "crash") throw new Error("on purpose");
      return [REPLY, `web ${String(message)}`, http] as const;
    },
  };

  test("can call the process itself, and goes on when the process is dead", async () => {
    const peer = await gen_server.start(synchronous, 0);
    const pid = await gen_server.start(web, peer as never, { name: "web" });
    const port = await gen_server.call(pid, "port");
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${String(port)}${path}`)).text();
    expect(await ask("/self")).toBe("web web ask");
    expect(await ask("/peer")).toBe("ask");
    const http = (await sys.get_state(pid)) as Server;
    await gen_server.call(pid, "crash").catch(() => {});
    expect(await ask("/peer")).toBe("ask");
    http.closeAllConnections();
    http.close();
    await gen_server.stop(peer);
  });
});
