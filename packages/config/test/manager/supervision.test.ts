import { AsyncResource } from "node:async_hooks";
import {
  erlang,
  Exit,
  gen_server,
  KILL,
  OtpError,
  type Pid,
  SHUTDOWN,
  supervisor,
  sys,
  telemetry,
  atoms,
} from "@otpts/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Value } from "../../src/core/value.ts";
import { Config, CONFIG_CHANGED, ConfigManager, ConfigSpec, type ConfigSpecOptions } from "../../src/index.ts";
import { eachAlone, eventually, gate, inProcess, managerOf, ScriptedSource, started } from "./kit.ts";

const { ALREADY_STARTED } = atoms;

eachAlone();

function spec(options: ConfigSpecOptions = {}): ConfigSpec {
  return new ConfigSpec({ sources: [new ScriptedSource("base", { a: 1, b: { c: 1 } })], ...options });
}

/** The tree below the user's supervisor: the manager's top, and its three children by id. */
async function tree(sup: Pid): Promise<{ top: Pid; sources: Pid; deliveries: Pid; manager: Pid }> {
  const [child] = await supervisor.which_children(sup);
  const top = child![1] as Pid;
  const children = await supervisor.which_children(top);
  const pid = (id: string): Pid => children.find((one) => one[0] === id)![1] as Pid;
  return { top, sources: pid("sources"), deliveries: pid("deliveries"), manager: pid("manager") };
}

async function killed(pid: Pid): Promise<void> {
  erlang.exit(pid, KILL);
  await eventually(() => !erlang.is_process_alive(pid));
}

/** Waits until a new manager answers. */
async function back(old: Pid): Promise<void> {
  await eventually(() => {
    const pid = erlang.whereis("config_manager");
    return pid !== undefined && pid !== old;
  });
}

describe("the tree", () => {
  test("has a process for each source and each callback, and the manager under its name", async () => {
    const { sup } = await started(
      new ConfigSpec({ sources: [new ScriptedSource("one"), new ScriptedSource("two")], id: "tree" }),
    );
    await Config.subscribe("a", () => undefined);
    await Config.subscribe("b", () => undefined);
    const { sources, deliveries, manager } = await tree(sup);
    expect(manager).toBe(managerOf());
    expect((await supervisor.which_children(sources)).map(([id]) => id)).toEqual(["two", "one"]);
    expect(await supervisor.which_children(deliveries)).toHaveLength(2);
  });

  test("is linked to the supervisor that starts it, and stops with it", async () => {
    const { sup } = await started(spec());
    await supervisor.stop(sup);
    expect(erlang.whereis("config_manager")).toBeUndefined();
    expect(erlang.processes()).toEqual([]);
  });

  test("may be started outside any process, and by start_link and child_spec", async () => {
    const top = await ConfigManager.start(spec());
    expect(await Config.get("a")).toBe(1);
    await supervisor.stop(top);
    const ended = await inProcess(async () => {
      const linked = await ConfigManager.start_link(spec());
      return linked;
    });
    await eventually(() => !erlang.is_process_alive(ended));
    const sup = await supervisor.start([ConfigManager.child_spec(spec())]);
    expect(await Config.get("a")).toBe(1);
    await supervisor.stop(sup);
  });

  test("refuses a ConfigSpec whose manager runs, without effect on that manager", async () => {
    const one = spec();
    const { sup } = await started(one);
    const { manager } = await tree(sup);
    for (let i = 0; i < 2; i++) {
      await expect(ConfigManager.start(one)).rejects.toThrow(
        `Cannot start a configuration manager: "config_manager" is already running as ${String(manager)}`,
      );
    }
    const told: unknown[] = [];
    await Config.subscribe("a", (path, old_value, new_value) => void told.push([path, old_value, new_value]));
    await Config.put("a", 2);
    expect(told).toEqual([["a", 1, 2]]);
    expect((await Config.reload()).sources).toEqual([{ source: "base", outcome: "unchanged" }]);
    expect(managerOf()).toBe(manager);
  });

  test("refuses a second manager of the same name", async () => {
    await started(spec());
    const error = await ConfigManager.start(spec()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OtpError);
    expect((error as OtpError).reason).toEqual([ALREADY_STARTED, managerOf()]);
    expect(await Config.get("a")).toBe(1);
  });
});

describe("after a kill", () => {
  type Victim = (parts: Awaited<ReturnType<typeof tree>>) => Promise<Pid> | Pid;
  const victims: [string, Victim][] = [
    ["the manager", ({ manager }) => manager],
    ["the top of the tree", ({ top }) => top],
    ["the supervisor of sources", ({ sources }) => sources],
    ["the supervisor of deliveries", ({ deliveries }) => deliveries],
    ["a source's process", async ({ sources }) => (await supervisor.which_children(sources))[0]![1] as Pid],
    ["a delivery process", async ({ deliveries }) => (await supervisor.which_children(deliveries))[0]![1] as Pid],
  ];

  test.each(victims)("of %s puts, subscriptions and sources are intact", async (_, victim) => {
    const source = new ScriptedSource("base", { a: 1 });
    const { sup } = await started(new ConfigSpec({ sources: [source] }));
    const told: [string, Value | undefined][] = [];
    await Config.subscribe("*", (path, _old, value) => void told.push([path, value]));
    await Config.put("put", 1);
    const { version } = Config.snapshot();
    await killed(await victim(await tree(sup)));
    await eventually(async () => (await Config.get("put").catch(() => undefined)) === 1);
    expect(Config.snapshot().version).toBe(version);
    await eventually(() => Config.put("put", 2).catch(() => false));
    await eventually(() => told.some(([path, value]) => path === "put" && value === 2));
    await eventually(async () => {
      source.change({ a: 2 });
      await Config.reload().catch(() => undefined);
      return Config.peek("a") === 2;
    });
    await eventually(() => told.some(([path, value]) => path === "a" && value === 2));
    expect(told[0]).toEqual(["put", 1]);
  });

  test("of the manager the last snapshot stays readable by peek", async () => {
    await started(spec());
    const pid = managerOf();
    await killed(pid);
    expect(Config.peek("a")).toBe(1);
    await back(pid);
    expect(Config.peek("a")).toBe(1);
  });

  test("of the manager the user's supervisor is not involved", async () => {
    const { sup } = await started(spec());
    const [before] = await supervisor.which_children(sup);
    const pid = managerOf();
    await killed(pid);
    await back(pid);
    const [after] = await supervisor.which_children(sup);
    expect(after![1]).toBe(before![1]);
  });

  test("of the manager changes that a source found meanwhile are taken", async () => {
    const source = new ScriptedSource("base", { a: 1 });
    await started(new ConfigSpec({ sources: [source] }));
    const pid = managerOf();
    // The report is in its mailbox when it dies.
    await sys.suspend(pid);
    const { loads } = source;
    source.change({ a: 2 });
    await eventually(() => source.loads > loads);
    await new Promise((resolve) => setTimeout(resolve, 10));
    erlang.exit(pid, KILL);
    await back(pid);
    await eventually(() => Config.peek("a") === 2);
  });

  test("of the manager a signal that aborted meanwhile has ended its subscription", async () => {
    await started(spec());
    const told: unknown[] = [];
    const controller = new AbortController();
    await Config.subscribe("a", () => void told.push("told"), { signal: controller.signal });
    const pid = managerOf();
    await killed(pid);
    controller.abort();
    await back(pid);
    expect((await Config.status()).subscriptions).toBe(0);
    await Config.put("a", 2);
    expect(told).toEqual([]);
  });

  test("of the manager an owner that died meanwhile has no subscriptions", async () => {
    await started(spec());
    const ready = gate();
    const owner = erlang.spawn(async () => {
      await Config.subscribe("a", () => undefined);
      ready.open();
      await erlang.receive();
    });
    await ready.opened;
    const pid = managerOf();
    erlang.exit(owner, KILL);
    erlang.exit(pid, KILL);
    await back(pid);
    await eventually(async () => (await Config.status()).subscriptions === 0);
  });

  test("of a delivery process a change whose callback had not finished is delivered again", async () => {
    const { sup } = await started(spec({ notify_timeout: 1 }));
    const told: unknown[] = [];
    let hang = true;
    await Config.subscribe("a", async (_path, _old, value) => {
      told.push(value);
      if (hang) await new Promise(() => undefined);
    });
    await Config.put("a", 2);
    await Config.put("a", 3);
    expect(told).toEqual([2]);
    hang = false;
    const { deliveries } = await tree(sup);
    await killed((await supervisor.which_children(deliveries))[0]![1] as Pid);
    await eventually(() => told.length === 3);
    expect(told).toEqual([2, 2, 3]);
  });

  test("of a delivery process that one change ends again and again, the change is dropped and reported", async () => {
    const { sup } = await started(spec());
    const { manager } = await tree(sup);
    const errors: unknown[] = [];
    telemetry.attach("poison", "config.subscriber_error", (_event, _measurements, { path, error }) => {
      errors.push([path, error]);
    });
    onTestFinished(() => void telemetry.detach("poison"));
    const told: unknown[] = [];
    await Config.subscribe("*", async (path, _old, new_value) => {
      told.push(new_value);
      if (path !== "poison") return;
      erlang.exit(erlang.self(), KILL);
      await new Promise(() => undefined);
    });
    await Config.put("poison", 1);
    await Config.put("a", 2);
    await eventually(() => told.includes(2));
    expect(told).toEqual([1, 1, 1, 1, 1, 2]);
    expect(errors).toEqual([["poison", "its process ended 5 times while it ran"]]);
    expect(managerOf()).toBe(manager);
  });

  test("of a delivery process whose callback finishes the put does not wait for notify_timeout", async () => {
    await started(spec({ notify_timeout: 1_000_000 }));
    const told: unknown[] = [];
    // As from outside: who kills itself does not go on.
    const kill = AsyncResource.bind((pid: Pid) => erlang.exit(pid, KILL));
    await Config.subscribe("a", (_path, _old, value) => {
      told.push(value);
      if (told.length === 1) kill(erlang.self());
    });
    await Config.put("a", 2);
    expect(told).toEqual([2, 2]);
  });

  test("of a put's manager the caller gets an error, and the put is effective as a whole or not at all", async () => {
    await started(spec({ validators: { "*": () => new Promise((resolve) => setImmediate(resolve)) } }));
    const put = Config.put("x", { y: 1, z: 2 }).catch((error: unknown) => error);
    const pid = managerOf();
    erlang.exit(pid, KILL);
    expect(await put).toBeInstanceOf(Exit);
    await back(pid);
    expect([undefined, { y: 1, z: 2 }]).toContainEqual(await Config.get("x"));
  });

  test("or a stop by the user's supervisor, a restart keeps all puts", async () => {
    const { sup } = await started(spec());
    await Config.put("put", 1);
    await supervisor.terminate_child(sup, "config_manager");
    await expect(Config.get("put")).rejects.toThrow(Exit);
    await supervisor.restart_child(sup, "config_manager");
    expect(await Config.get("put")).toBe(1);
  });

  test("of the top no two managers compete for the name", async () => {
    const { sup } = await started(spec());
    for (let i = 0; i < 20; i++) {
      const [child] = await supervisor.which_children(sup);
      if (typeof child![1] === "object" && "host" in child![1])
        erlang.exit(child![1] as Pid, i % 2 === 0 ? KILL : SHUTDOWN);
      await eventually(async () => (await Config.get("a").catch(() => undefined)) === 1);
    }
    expect(erlang.is_process_alive(sup)).toBe(true);
  });
});

describe("a subscriber by pid", () => {
  test("gets its messages in order, also if the manager is killed between puts", async () => {
    await started(spec());
    const got: unknown[] = [];
    const pid = erlang.spawn(async () => {
      for (;;) got.push(await erlang.receive());
    });
    await Config.subscribe("n", pid);
    for (let i = 0; i < 10; i++) {
      await Config.put("n", i);
      const manager = managerOf();
      erlang.exit(manager, KILL);
      await back(manager);
    }
    await eventually(() => got.length === 10);
    expect(got).toEqual(Array.from({ length: 10 }, (_, i) => [CONFIG_CHANGED, "n", i === 0 ? undefined : i - 1, i]));
    erlang.exit(pid, KILL);
  });
});

test("gen_server.stop of the manager counts as an ordinary restart", async () => {
  await started(spec());
  await Config.put("put", 1);
  const pid = managerOf();
  await gen_server.stop(pid);
  await back(pid);
  expect(await Config.get("put")).toBe(1);
});
