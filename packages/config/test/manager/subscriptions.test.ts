import { atom, erlang, gen_server, KILL, NOREPLY, OK, type Pid, REPLY, telemetry } from "@otpts/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Value } from "../../src/core/value.ts";
import { Config, CONFIG_CHANGED, ConfigSpec, type ConfigSpecOptions, SUBSCRIBE, UNSUBSCRIBE } from "../../src/index.ts";
import { eachAlone, eventually, gate, inProcess, ScriptedSource, started } from "./kit.ts";

eachAlone();

const rules = () => ({ queuemizer: { tc_rules: { enp4s0: { rate: 1 }, eth0: { rate: 2 } }, interfaces: ["eth0"] } });

function spec(options: ConfigSpecOptions = {}): ConfigSpec {
  return new ConfigSpec({ sources: [new ScriptedSource("base", rules())], ...options });
}

type Told = [path: string, old_value: Value | undefined, new_value: Value | undefined];

function recorder(): { readonly told: Told[]; readonly callback: (...told: Told) => void } {
  const told: Told[] = [];
  return { told, callback: (path, old_value, new_value) => void told.push([path, old_value, new_value]) };
}

describe("subscribe", () => {
  test("notifies of each node at the pattern's depth whose subtree changed, before the put is answered", async () => {
    await started(spec());
    const { told, callback } = recorder();
    expect(await Config.subscribe("queuemizer.tc_rules.*", callback)).toBe(true);
    await Config.put("queuemizer.tc_rules.enp4s0.rate", 9);
    expect(told).toEqual([["queuemizer.tc_rules.enp4s0", { rate: 1 }, { rate: 9 }]]);
    await Config.put("queuemizer", { tc_rules: { eth0: { rate: 3 } } });
    expect(told.slice(1)).toEqual([
      ["queuemizer.tc_rules.enp4s0", { rate: 9 }, undefined],
      ["queuemizer.tc_rules.eth0", { rate: 2 }, { rate: 3 }],
    ]);
  });

  test("gives each callback a separate context", async () => {
    await started(spec());
    const seen: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      await Config.subscribe("a.*", (_path, _old, _new, { segments }) => {
        seen.push([...segments]);
        (segments as string[]).push("mine");
      });
    }
    await Config.put("a.b", 1);
    expect(seen).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  test("tolerates any value that a callback throws", async () => {
    await started(spec());
    const hostile = new Error("x");
    Object.defineProperty(hostile, "message", {
      get() {
        throw new Error("no message");
      },
    });
    const thrown = [undefined, null, Symbol("s"), Object.create(null), hostile];
    const told: unknown[] = [];
    await Config.subscribe("n", (_path, _old, n) => {
      told.push(n);
      throw thrown[n as number];
    });
    for (const n of thrown.keys()) await Config.put("n", n);
    expect(told).toEqual([...thrown.keys()]);
  });

  test("notifies with the arguments that the specification's handler expects", async () => {
    await started(spec());
    const calls: unknown[] = [];
    await Config.subscribe("queuemizer.interfaces", async (path, old_value, new_value) => {
      await Promise.resolve();
      calls.push([path, old_value, new_value]);
    });
    await Config.put("queuemizer.interfaces", ["eth0", "eth1"]);
    expect(calls).toEqual([["queuemizer.interfaces", ["eth0"], ["eth0", "eth1"]]]);
  });

  test("passes the context: pattern, segments, version, cause", async () => {
    await started(spec());
    const contexts: unknown[] = [];
    await Config.subscribe("a.*", (_path, _old, _new, context) => void contexts.push(context));
    await Config.put("a.b\\.c", 1);
    expect(contexts).toEqual([{ pattern: "a.*", segments: ["a", "b.c"], version: 2, cause: "put" }]);
  });

  test("notifies of no put without effect", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("**", callback);
    await Config.put("queuemizer.interfaces", ["eth0"]);
    await Config.put("queuemizer.tc_rules", rules().queuemizer.tc_rules);
    await Config.unset("queuemizer");
    expect(told).toEqual([]);
  });

  test("treats the same subscription made twice as one", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("a", callback);
    await Config.subscribe("a", callback);
    await Config.put("a", 1);
    expect(told).toHaveLength(1);
    await Config.unsubscribe("a", callback);
    await Config.put("a", 2);
    expect(told).toHaveLength(1);
    expect(await Config.unsubscribe("a", callback)).toBe(true);
  });

  test("notifies in the order of paths, with rising versions only", async () => {
    await started(spec());
    const seen: [string, number][] = [];
    await Config.subscribe("x.*", (path, _old, _new, { version }) => void seen.push([path, version]));
    await Config.put("x", { c: 1, a: 1, "b-1": 1, b: 1 });
    await Config.put("x", { c: 2, a: 2 });
    expect(seen.map(([path]) => path)).toEqual(["x.a", "x.b", "x.b-1", "x.c", "x.a", "x.b", "x.b-1", "x.c"]);
    expect(seen.map(([, version]) => version)).toEqual([2, 2, 2, 2, 3, 3, 3, 3]);
  });

  test("sends CONFIG_CHANGED to a pid and to a name", async () => {
    await started(spec());
    const got: unknown[] = [];
    const pid = erlang.spawn(async () => {
      for (;;) got.push(await erlang.receive());
    });
    erlang.register("listener", pid);
    await Config.subscribe("a", pid);
    await Config.subscribe("b", "listener");
    await Config.subscribe("c", atom.ensure("listener"));
    for (const path of ["a", "b", "c"]) await Config.put(path, 1);
    await eventually(() => got.length === 3);
    expect(got).toEqual(["a", "b", "c"].map((path) => [CONFIG_CHANGED, path, undefined, 1]));
    await Config.unsubscribe("a", pid);
    await Config.put("a", 2);
    await Config.put("b", 2);
    await eventually(() => got.length === 4);
    expect(got[3]).toEqual([CONFIG_CHANGED, "b", 1, 2]);
    erlang.exit(pid, KILL);
  });

  test("works as a direct call", async () => {
    await started(spec());
    const { told, callback } = recorder();
    expect(await gen_server.call("config_manager", [SUBSCRIBE, "a", callback])).toBe(true);
    await Config.put("a", 1);
    expect(await gen_server.call("config_manager", [UNSUBSCRIBE, "a", callback])).toBe(true);
    await Config.put("a", 2);
    expect(told).toEqual([["a", undefined, 1]]);
  });

  test("skips a name that no process has", async () => {
    await started(spec());
    await Config.subscribe("a", "nobody_has_this_name");
    expect(await Config.put("a", 1)).toBe(true);
  });

  test("notifies at once of the present matches with initial", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("queuemizer.tc_rules.*", callback, { initial: true });
    await eventually(() => told.length === 2);
    expect(told).toEqual([
      ["queuemizer.tc_rules.enp4s0", undefined, { rate: 1 }],
      ["queuemizer.tc_rules.eth0", undefined, { rate: 2 }],
    ]);
  });

  test("ends when its signal aborts, and does not begin if it has aborted", async () => {
    await started(spec());
    const { told, callback } = recorder();
    const ending = new AbortController();
    await Config.subscribe("a", callback, { signal: ending.signal });
    await Config.put("a", 1);
    ending.abort();
    await Config.put("a", 2);
    await Config.subscribe("a", callback, { signal: ending.signal });
    await Config.put("a", 3);
    expect(told).toEqual([["a", undefined, 1]]);
    expect((await Config.status()).subscriptions).toBe(0);
  });

  test("ends with the process that made it, also for callbacks and names", async () => {
    await started(spec());
    const { told, callback } = recorder();
    const ready = gate();
    const owner = erlang.spawn(async () => {
      await Config.subscribe("a", callback);
      await Config.subscribe("b", "some_name");
      ready.open();
      await erlang.receive();
    });
    await ready.opened;
    expect((await Config.status()).subscriptions).toBe(2);
    await Config.put("a", 1);
    erlang.exit(owner, KILL);
    await eventually(async () => (await Config.status()).subscriptions === 0);
    await Config.put("a", 2);
    expect(told).toEqual([["a", undefined, 1]]);
  });

  test("ends with the process it notifies", async () => {
    await started(spec());
    const pid = erlang.spawn(() => erlang.receive());
    await Config.subscribe("a", pid);
    erlang.exit(pid, KILL);
    await eventually(async () => (await Config.status()).subscriptions === 0);
  });

  test("lets a gen_server subscribe in its init, as in the specification", async () => {
    await started(spec());
    const tc_manager = {
      init: async () => {
        await Config.subscribe("queuemizer.tc_rules.*", (path, _old, value) => {
          gen_server.cast("tc_manager", [path, value] as never);
        });
        return [OK, { interfaces: await Config.get("queuemizer.interfaces", ["eth0"]), active: {} as object }];
      },
      handle_call: (_: unknown, __: unknown, state: unknown) => [REPLY, state, state],
      handle_cast: ([path, value]: [string, unknown], state: { active: object }) => [
        NOREPLY,
        { ...state, active: { ...state.active, [path.split(".").pop()!]: value } },
      ],
    };
    const pid = (await gen_server.start(tc_manager as never, undefined as never, { name: "tc_manager" })) as Pid;
    await Config.put("queuemizer.tc_rules.eth0.rate", 5);
    expect(await gen_server.call("tc_manager", "state" as never)).toEqual({
      interfaces: ["eth0"],
      active: { eth0: { rate: 5 } },
    });
    await gen_server.stop(pid);
  });
});

describe("a callback", () => {
  test("may get, put, reload and unsubscribe", async () => {
    await started(spec());
    const seen: unknown[] = [];
    const callback = async (): Promise<void> => {
      seen.push(await Config.get("a"));
      await Config.put("b", 1);
      seen.push((await Config.reload()).version);
      await Config.unsubscribe("a", callback);
      seen.push(await Config.get("b"));
    };
    await Config.subscribe("a", callback);
    await Config.put("a", 1);
    expect(seen).toEqual([1, 3, 1]);
    await Config.put("a", 2);
    expect(seen).toHaveLength(3);
  });

  test("may put a value under its pattern without waiting for itself", async () => {
    await started(spec({ notify_timeout: 60_000 }));
    const seen: unknown[] = [];
    await Config.subscribe("count", async (_path, _old, value) => {
      seen.push(value);
      if ((value as number) < 5) await Config.put("count", (value as number) + 1);
    });
    await Config.put("count", 1);
    await eventually(() => seen.length === 5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test("may put a value that makes another callback put it back, without a deadlock", async () => {
    await started(spec({ notify_timeout: 60_000 }));
    const seen: string[] = [];
    await Config.subscribe("ping", async (_path, _old, value) => {
      seen.push(`ping ${value as number}`);
      if ((value as number) < 3) await Config.put("pong", value);
    });
    await Config.subscribe("pong", async (_path, _old, value) => {
      seen.push(`pong ${value as number}`);
      await Config.put("ping", (value as number) + 1);
    });
    await Config.put("ping", 1);
    await eventually(() => seen.length === 5);
    expect(seen).toEqual(["ping 1", "pong 1", "ping 2", "pong 2", "ping 3"]);
  });

  test("may subscribe, and the subscription belongs to its owner", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("a", async () => void (await Config.subscribe("b", callback)));
    await Config.put("a", 1);
    await Config.put("b", 1);
    expect(told).toEqual([["b", undefined, 1]]);
  });

  test("that throws affects no other subscriber, and is reported", async () => {
    await started(spec());
    const events: unknown[] = [];
    telemetry.attach("test", "config.subscriber_error", (_event, measurements, metadata) => {
      events.push([measurements, metadata]);
    });
    onTestFinished(() => void telemetry.detach("test"));
    const { told, callback } = recorder();
    await Config.subscribe("a", () => {
      throw new Error("at once");
    });
    await Config.subscribe("a", () => Promise.reject(new Error("later")));
    await Config.subscribe("a", callback);
    await Config.put("a", 1);
    await Config.put("a", 2);
    expect(told).toHaveLength(2);
    expect(events).toHaveLength(4);
    expect(events).toContainEqual([
      { errors: 1 },
      { manager: "config_manager", pattern: "a", path: "a", error: "at once" },
    ]);
  });

  test("that hangs delays a put for notify_timeout, and no other callback", async () => {
    await started(spec({ notify_timeout: 30 }));
    const slow: unknown[] = [];
    telemetry.attach("test", "config.subscriber_slow", (_event, _measurements, metadata) => void slow.push(metadata));
    onTestFinished(() => void telemetry.detach("test"));
    const { told, callback } = recorder();
    const hanging = gate();
    await Config.subscribe("a", () => hanging.opened);
    await Config.subscribe("a", callback);
    expect(await Config.put("a", 1)).toBe(true);
    expect(told).toEqual([["a", undefined, 1]]);
    await eventually(() => slow.length === 1);
    await eventually(async () => (await Config.status()).subscribers.slow.length === 1);
    expect((await Config.status()).subscribers.slow[0]).toMatchObject({ patterns: ["a"], backlog: 1 });
    hanging.open();
    await eventually(async () => (await Config.status()).subscribers.slow.length === 0);
  });

  test("that is behind is notified of the first old and the last new value of each path", async () => {
    await started(spec({ notify_timeout: 1 }));
    const { told, callback } = recorder();
    const hold = gate();
    let first = true;
    await Config.subscribe("x.*", async (...change) => {
      callback(change[0], change[1], change[2]);
      if (!first) return;
      first = false;
      await hold.opened;
    });
    await Config.put("x.a", 0);
    for (let i = 1; i <= 5; i++) await Config.put("x.a", i);
    await Config.put("x.b", 1);
    await Config.put("x.c", 1);
    await Config.unset("x.c");
    hold.open();
    await eventually(() => told.length === 3);
    await Config.put("x.d", 1);
    expect(told).toEqual([
      ["x.a", undefined, 0],
      ["x.a", 0, 5],
      ["x.b", undefined, 1],
      ["x.d", undefined, 1],
    ]);
  });

  test("is notified of each of several concurrent puts", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("a", callback);
    await Promise.all(Array.from({ length: 20 }, (_, i) => Config.put("a", i)));
    expect(told.map(([, , value]) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("that puts from another process is not waited for by that put's subscriber", async () => {
    await started(spec());
    const { told, callback } = recorder();
    await Config.subscribe("a", callback);
    await inProcess(() => Config.put("a", 1));
    expect(told).toHaveLength(1);
  });
});
