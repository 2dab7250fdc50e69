import {
  KILL,
  NORMAL,
  NOREPLY,
  OK,
  OtpError,
  REPLY,
  SHUTDOWN,
  STOP,
  erlang,
  gen_server,
  proc_lib,
  supervisor,
  sys,
  TIMEOUT,
  type Pid,
  atoms,
} from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { death, inside, reports } from "../kit/inside.ts";
import { program } from "../kit/program.ts";

const { KILLED } = atoms;

/** Lets everything that is due run, several turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs `act` as a process that has been killed; resolves with what it returned or threw. */
async function posthumously<T>(act: (self: Pid) => T): Promise<{ value?: T; error?: unknown }> {
  let go: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  return new Promise((resolve) => {
    const pid = erlang.spawn(async () => {
      const self = erlang.self();
      await gate;
      try {
        resolve({ value: act(self) });
      } catch (error) {
        resolve({ error });
      }
    });
    setImmediate(() => {
      erlang.exit(pid, KILL);
      expect(erlang.is_process_alive(pid)).toBe(false);
      go?.();
    });
  });
}

describe("a body that runs on after its process was killed", () => {
  test("sends nothing, to a pid, a name or an alias", async () => {
    const got = await inside(async () => {
      erlang.register("heir", erlang.self());
      const self = erlang.self();
      const alias = erlang.alias();
      await posthumously(() => {
        erlang.send(self, "to a pid");
        erlang.send("heir", "to a name");
        erlang.send(alias, "to an alias");
        erlang.send_after(0, self, "by send_after");
        erlang.start_timer(0, self, "by start_timer");
      }).then(settle);
      return erlang.receive(undefined, { after: 20 });
    });
    expect(got).toBe(TIMEOUT);
  });

  test("casts nothing and answers no call", async () => {
    const handled: unknown[] = [];
    const pid = await gen_server.start(
      {
        init: () => [OK, undefined],
        handle_call: (_request: unknown, from: gen_server.From) => {
          void posthumously(() => gen_server.reply(from, "from the grave"))
            .then(settle)
            .then(() => gen_server.reply(from, "alive"));
          return [NOREPLY, undefined];
        },
        handle_cast: (message: unknown) => {
          handled.push(message);
          return [NOREPLY, undefined];
        },
      },
      undefined,
    );
    const { value } = await posthumously(() => gen_server.cast(pid, "from the grave"));
    expect(value).toBe(OK);
    expect(await gen_server.call(pid, "question")).toBe("alive");
    expect(handled).toStrictEqual([]);
    await gen_server.stop(pid);
  });

  test.each<[string, (self: Pid) => unknown]>([
    ["register", (self) => erlang.register("ghost", self)],
    ["spawn", () => erlang.spawn(() => {})],
    ["spawn_link", () => erlang.spawn_link(() => {})],
    ["spawn_monitor", () => erlang.spawn_monitor(() => {})],
    ["link", () => erlang.link(erlang.spawn(() => {}))],
    ["monitor", (self) => erlang.monitor("process", self)],
    ["alias", () => erlang.alias()],
    ["process_flag", () => erlang.process_flag("trap_exit", true)],
    ["put", () => erlang.put("key", "value")],
    ["signal", () => erlang.signal()],
    ["proc_lib.spawn", () => proc_lib.spawn(() => {})],
  ])("cannot %s: it throws, and changes nothing", async (_what, act) => {
    const before = new Set(erlang.processes());
    const { value, error } = await posthumously(act);
    expect(value).toBeUndefined();
    expect((error as Error).message).toMatch(/^Cannot .*: the process this code belongs to is dead$/);
    expect(erlang.whereis("ghost")).toBeUndefined();
    expect(erlang.processes().filter((pid) => !before.has(pid))).toStrictEqual([]);
  });

  test("unregisters no name", async () => {
    const pid = erlang.spawn(() => erlang.receive());
    erlang.register("kept", pid);
    await posthumously(() => erlang.unregister("kept"));
    expect(erlang.whereis("kept")).toBe(pid);
    erlang.exit(pid, KILL);
  });

  test("cannot kill other processes", async () => {
    const pid = erlang.spawn(() => erlang.receive());
    await posthumously(() => erlang.exit(pid, KILL));
    expect(erlang.is_process_alive(pid)).toBe(true);
    erlang.exit(pid, KILL);
  });

  test("starts no gen_server, supervisor or proc_lib process", async () => {
    const before = new Set(erlang.processes());
    const module = { init: () => [OK, 0] };
    const { value } = await posthumously(() =>
      Promise.allSettled([
        (async () => gen_server.start(module, 0))(),
        (async () => gen_server.start_link(module, 0))(),
        (async () => supervisor.start([]))(),
      ]),
    );
    const ended = await Promise.race([value, settle().then(() => "pending")]);
    if (Array.isArray(ended)) for (const { status } of ended) expect(status).toBe("rejected");
    expect(erlang.processes().filter((pid) => !before.has(pid))).toStrictEqual([]);
  });

  test.each<[string, (self: Pid, server: Pid) => Promise<unknown>]>([
    ["receive", () => erlang.receive(undefined, { after: 1 })],
    ["call", (_self, server) => gen_server.call(server, "hello")],
    ["call with a short time-out", (_self, server) => gen_server.call(server, "hello", 1)],
    ["sleep", () => erlang.sleep(1)],
    ["stop of another", (_self, server) => gen_server.stop(server)],
    ["sys.suspend", (_self, server) => sys.suspend(server)],
    ["sys.replace_state", (_self, server) => sys.replace_state(server, () => 1)],
  ])("never settles a %s that it begins", async (_what, act) => {
    const handled: unknown[] = [];
    const server = await gen_server.start(
      {
        init: () => [OK, 0],
        handle_call: (_request: unknown, _from: unknown, state: number) => (
          handled.push(_request),
          [REPLY, state, state]
        ),
      },
      0,
    );
    const { value, error } = await posthumously((self) => act(self, server as Pid));
    let settled = error !== undefined;
    void value?.then(
      () => (settled = true),
      () => (settled = true),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(settled).toBe(false);
    expect(handled).toStrictEqual([]);
    expect(await gen_server.call(server as Pid, "alive?")).toBe(0);
    await gen_server.stop(server as Pid);
  });

  test.each<[string, (server: Pid) => Promise<unknown>]>([
    ["receive", () => erlang.receive()],
    ["receive with a time-out", () => erlang.receive(undefined, { after: 2 })],
    ["call", (server) => gen_server.call(server, "hello")],
    ["call with a time-out", (server) => gen_server.call(server, "hello", 2)],
    ["call whose server ends", (server) => gen_server.call(server, "hello", Infinity)],
    ["sys.get_state", (server) => (gen_server.cast(server, "be busy"), sys.get_state(server, 2))],
    ["stop of another", (server) => (gen_server.cast(server, "be busy"), gen_server.stop(server))],
    ["sleep", () => erlang.sleep(2)],
    ["start of a gen_server", () => gen_server.start({ init: () => erlang.sleep(2).then(() => [OK, 0]) }, 0)],
    [
      "start of a gen_server that fails",
      () => gen_server.start({ init: () => erlang.sleep(2).then(() => Promise.reject(new OtpError("no"))) }, 0),
    ],
    ["wait_response", (server) => gen_server.wait_response(gen_server.send_request(server, "hello"), 2)],
  ])("a pending %s is never settled", async (_what, act) => {
    await reports(async () => {
      const busy = {
        init: () => [OK, 0],
        handle_call: () => [NOREPLY, 0],
        handle_cast: () => new Promise<never>(() => {}),
      };
      const server = (await gen_server.start(busy, 0)) as Pid;
      let settled = false;
      const pid = erlang.spawn(async () => {
        try {
          await act(server);
        } finally {
          settled = true;
        }
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(settled).toBe(false);
      erlang.exit(pid, KILL);
      erlang.send(pid, "too late");
      await new Promise((resolve) => setTimeout(resolve, 20));
      erlang.exit(server, KILL);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(settled).toBe(false);
    });
  });

  test.each<[string, () => unknown]>([
    ["stops with a reason", () => [STOP, SHUTDOWN]],
    ["stops later", () => erlang.sleep(2).then(() => [STOP, SHUTDOWN])],
    ["exits", () => erlang.exit(SHUTDOWN)],
    ["is killed", () => erlang.exit(erlang.self(), KILL) && new Promise<never>(() => {})],
    ["returns nonsense later", () => erlang.sleep(2).then(() => "nonsense")],
  ])(
    "a pending start_link is never settled if its process dies with the server, whose init %s",
    async (_what, init) => {
      await reports(async () => {
        let settled = false;
        await new Promise<void>((resolve) => {
          erlang.spawn(async () => {
            erlang.signal().addEventListener("abort", () => resolve());
            const start = gen_server.start_link({ init } as gen_server.Module<number>, 0);
            await start.finally(() => (settled = true)).catch(() => undefined);
            await new Promise<never>(() => {});
          });
        });
        await settle();
        expect(settled).toBe(false);
      });
    },
  );

  test("has no further effect by its return value or its failure", async () => {
    const said = await reports(async () => {
      let reason: unknown;
      await inside(async () => {
        let fail: ((error: Error) => void) | undefined;
        const [pid] = erlang.spawn_monitor(() => new Promise((_resolve, reject) => (fail = reject)));
        await new Promise((resolve) => setImmediate(resolve));
        erlang.exit(pid, KILL);
        reason = ((await erlang.receive()) as unknown[])[4];
        fail?.(new Error("nobody hears this"));
        await settle();
      });
      expect(reason).toBe(KILLED);
    });
    expect(said).toStrictEqual([]);
  });

  test("as a gen_server's callback has its reply dropped, and the caller is notified of the death", async () => {
    let go: (() => void) | undefined;
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0],
        handle_call: () => new Promise((resolve) => (go = () => resolve([REPLY, "too late", 0]))),
        terminate: () => {
          throw new Error("must not run");
        },
      },
      0,
    )) as Pid;
    const answer = gen_server.call(pid, "hello").catch((error: { reason: unknown[] }) => error.reason[0]);
    await settle();
    erlang.exit(pid, KILL);
    go?.();
    expect(await answer).toBe(KILLED);
  });
});

describe("erlang.signal()", () => {
  test("is one AbortSignal for each process, made on demand", async () => {
    const [one, again, other] = await Promise.all([
      inside(() => [erlang.signal(), erlang.signal()] as const),
      inside(() => erlang.signal()),
    ]).then(([[a, b], c]) => [a, b, c]);
    expect(one).toBeInstanceOf(AbortSignal);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  test.each([
    ["killed", (pid: Pid) => void erlang.exit(pid, KILL), KILLED],
    ["ended by a signal", (pid: Pid) => void erlang.exit(pid, "reason"), "reason"],
    ["ends by itself", (pid: Pid) => void erlang.send(pid, "end"), NORMAL],
  ])("fires with the exit reason when the process is %s", async (_how, end, reason) => {
    let signal: AbortSignal | undefined;
    const pid = erlang.spawn(async () => {
      signal = erlang.signal();
      await erlang.receive();
    });
    await settle();
    expect(signal?.aborted).toBe(false);
    const ended = death(pid);
    end(pid);
    await ended;
    expect(signal?.aborted).toBe(true);
    expect(signal).toMatchObject({ reason: { reason } });
  });

  test("stops the I/O that a killed process waits for", async () => {
    const { setTimeout: pause } = await import("node:timers/promises");
    let stopped: unknown;
    const pid = erlang.spawn(() =>
      pause(1_000_000, undefined, { signal: erlang.signal() }).catch((error) => (stopped = error.name)),
    );
    await settle();
    erlang.exit(pid, KILL);
    await settle();
    expect(stopped).toBe("AbortError");
  });

  test("calls its listeners outside any process, whatever caused the death", async () => {
    let heard: boolean | undefined;
    const pid = erlang.spawn(async () => {
      erlang.signal().addEventListener("abort", () => void (heard = erlang.is_process()));
      await erlang.receive();
    });
    await settle();
    await inside(() => {
      const me = erlang.self();
      erlang.exit(pid, KILL);
      expect(erlang.self()).toBe(me);
    });
    expect(heard).toBe(false);
  });

  test("of a gen_server's callback fires when its server dies", async () => {
    let signal: AbortSignal | undefined;
    const pid = (await gen_server.start(
      {
        init: () => [OK, 0],
        handle_cast: async () => {
          signal = erlang.signal();
          await new Promise(() => {});
        },
      } as object,
      0,
    )) as Pid;
    gen_server.cast(pid, 1);
    await settle();
    erlang.exit(pid, "enough");
    expect(signal?.aborted).toBe(true);
  });
});

test("an operation that is aborted with its process, and that no code awaits, is no failure of the program", async () => {
  const { stdout, stderr, code } = await program(`
    import { createServer } from "node:http";
    import { once, EventEmitter } from "node:events";
    import { setInterval, setTimeout } from "node:timers/promises";
    import { atom, erlang, gen_server, logger, supervisor, OK, REPLY } from "@otpts/runtime";
    logger.set_handler((report) => console.log(report.text));
    const server = createServer(() => {});
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = "http://127.0.0.1:" + server.address().port;
    const every = async (signal) => { for await (const _ of setInterval(1, 0, { signal })); };
    const operations = {
      fetch: (signal) => fetch(url, { signal }),
      "fetch with two signals": (signal) => fetch(url, { signal: AbortSignal.any([signal, new AbortController().signal]) }),
      timer: (signal) => setTimeout(1e6, 0, { signal }),
      once: (signal) => once(new EventEmitter(), "never", { signal }),
      loop: every,
    };
    for (const start of Object.values(operations)) {
      for (const reason of ["kill", "shutdown"]) {
        const pid = erlang.spawn(async () => { void start(erlang.signal()); await erlang.receive(); });
        await erlang.sleep(5);
        erlang.exit(pid, atom.ensure(reason));
        await erlang.sleep(5);
      }
    }
    const polling = { init: () => { void every(erlang.signal()); return [OK, 0]; }, handle_call: () => [REPLY, 0, 0] };
    const top = await supervisor.start([{ id: "polling", task: () => gen_server.start_link(polling, 0) }]);
    await supervisor.stop(top);
    await erlang.sleep(5);
    console.log("done");
    process.exit();
  `);
  expect({ stdout, stderr, code }).toStrictEqual({ stdout: "done\n", stderr: "", code: 0 });
});
