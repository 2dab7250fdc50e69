import { erlang, gen_server, KILL, OK, OtpError, type Pid, supervisor, TRAP_EXIT, atom } from "@otpts/runtime";
import { ALREADY_REGISTERED, REGISTER, registry, UNREGISTER } from "@otpts/runtime/registry";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const kit = testing.setup({ beforeEach, afterEach });
const start = (options: registry.RegistryOptions) => kit.start_supervised(registry.child_spec(options));

test("register gives the calling process a key until the process ends", async () => {
  await start({ name: "users" });
  const probe = kit.probe();
  await probe.run(() => registry.register("users", ["session", 17], "ada"));
  expect(registry.lookup("users", ["session", 17])).toStrictEqual([[probe.pid, "ada"]]);
  expect(registry.keys("users", probe.pid)).toStrictEqual([["session", 17]]);
  erlang.exit(probe.pid, "over");
  expect(registry.lookup("users", ["session", 17])).toStrictEqual([]);
  await registry.sync("users");
  expect(registry.count("users")).toBe(0);
});

test("register refuses a unique key that is in use", async () => {
  await start({ name: "users" });
  const [one, other] = [kit.probe(), kit.probe()];
  await one.run(() => registry.register("users", "x"));
  const error = await other.run(() => registry.register("users", "x")).catch((caught: unknown) => caught);
  expect(OtpError.is(error, [ALREADY_REGISTERED, one.pid])).toBe(true);
  await one.run(() => registry.unregister("users", "x"));
  await other.run(() => registry.register("users", "x"));
  expect(registry.lookup("users", "x").map(([pid]) => pid)).toStrictEqual([other.pid]);
});

test("duplicate keys belong to several processes, and dispatch reaches all of them", async () => {
  await start({ name: "topics", keys: "duplicate" });
  const probes = [kit.probe(), kit.probe()];
  for (const [n, probe] of probes.entries()) await probe.run(() => registry.register("topics", "news", n));
  registry.dispatch("topics", "news", (entries) => {
    for (const [pid, value] of entries) erlang.send(pid, ["hello", value]);
  });
  expect(await probes[0]!.receive()).toStrictEqual(["hello", 0]);
  expect(await probes[1]!.receive()).toStrictEqual(["hello", 1]);
  let called = false;
  expect(registry.dispatch("topics", "nothing", () => (called = true))).toBe(OK);
  expect(called).toBe(false);
});

test("update_value changes the caller's own value", async () => {
  await start({ name: "users" });
  const probe = kit.probe();
  await probe.run(() => registry.register("users", "n", 1));
  expect(await probe.run(() => registry.update_value("users", "n", (n) => (n as number) + 1))).toStrictEqual([2, 1]);
  expect(registry.values("users", "n", probe.pid)).toStrictEqual([2]);
  expect(await kit.probe().run(() => registry.update_value("users", "n", () => 9))).toBeUndefined();
});

test("listeners are notified of registrations and of their end", async () => {
  const listener = kit.probe("listens");
  await start({ name: "users", listeners: ["listens", "nobody has this name"] });
  const probe = kit.probe();
  await probe.run(() => registry.register("users", "k", 5));
  expect(await listener.receive()).toStrictEqual([REGISTER, "users", "k", probe.pid, 5]);
  await probe.run(() => registry.unregister("users", "k"));
  expect(await listener.receive()).toStrictEqual([UNREGISTER, "users", "k", probe.pid]);
  await probe.run(() => registry.register("users", "k"));
  await listener.receive();
  erlang.exit(probe.pid, "over");
  expect(await listener.receive()).toStrictEqual([UNREGISTER, "users", "k", probe.pid]);
});

test("a registered process ends with its registry, and is linked to it only while it has keys", async () => {
  await start({ name: "users" });
  const probe = kit.probe();
  const server = await probe.run(() => registry.register("users", 1));
  expect(erlang.process_info(probe.pid, "links")).toStrictEqual([server]);
  await probe.run(() => registry.unregister("users", 1));
  expect(erlang.process_info(probe.pid, "links")).toStrictEqual([]);
  await probe.run(() => registry.register("users", 1));
  erlang.exit(server, KILL);
  await testing.eventually(() => registry.lookup("users", 1).length === 0);
  kit.allow_reports();
});

test("a used key creates no atom and leaves nothing behind", async () => {
  await start({ name: "users" });
  const atoms = atom.count();
  await testing.inside(() => {
    erlang.process_flag(TRAP_EXIT, true);
    for (let n = 0; n < 20_000; n++) {
      registry.register("users", ["session", `key ${n}`]);
      registry.unregister("users", ["session", `key ${n}`]);
    }
  });
  expect(atom.count()).toBe(atoms);
  expect(registry.count("users")).toBe(0);
});

test("a duplicate key registers or ends in the same time, however many processes have it", async () => {
  await start({ name: "topics", keys: "duplicate" });
  const many = 500;
  const pids = await testing.inside(() =>
    Array.from({ length: many }, (_, n) =>
      erlang.spawn(async () => {
        registry.register("topics", "news", n);
        await erlang.receive((message) => message === "leave");
        registry.unregister("topics", "news");
        await erlang.receive();
      }),
    ),
  );
  await testing.eventually(() => registry.count("topics") === many);
  expect(registry.lookup("topics", "news").map(([, n]) => n)).toStrictEqual(pids.map((_, n) => n));
  // Of the entries of the others, none is looked at.
  const asked = vi.spyOn(Array.prototype, "filter");
  const spread = vi.spyOn(Set.prototype, Symbol.iterator);
  erlang.send(pids[7] as Pid, "leave");
  erlang.exit(pids[9] as Pid, KILL);
  await registry.sync("topics");
  const late = kit.probe();
  await late.run(() => registry.register("topics", "news", "late"));
  const looked = [...asked.mock.contexts, ...spread.mock.contexts].map(
    (each) => [...(each as Iterable<unknown>)].length,
  );
  asked.mockRestore();
  spread.mockRestore();
  expect(Math.max(0, ...looked)).toBeLessThan(many / 2);
  const left = registry.lookup("topics", "news").map(([, n]) => n);
  expect(left).toStrictEqual([...pids.map((_, n) => n).filter((n) => n !== 7 && n !== 9), "late"]);
  for (const pid of pids) erlang.exit(pid, KILL);
  await registry.sync("topics");
  expect(registry.count("topics")).toBe(1);
});

test("a process that registers twice under a duplicate key has two entries, and loses both at its end", async () => {
  await start({ name: "topics", keys: "duplicate" });
  const probe = kit.probe();
  await probe.run(() => {
    registry.register("topics", ["a", 1], "x");
    registry.register("topics", ["a", 1], "y");
  });
  expect(registry.values("topics", ["a", 1], probe.pid)).toStrictEqual(["x", "y"]);
  expect(registry.count("topics")).toBe(2);
  await probe.run(() => registry.unregister("topics", ["a", 1]));
  expect(registry.lookup("topics", ["a", 1])).toStrictEqual([]);
  expect(registry.count("topics")).toBe(0);
  expect(registry.keys("topics", probe.pid)).toStrictEqual([]);
});

test("a unique key of a dead process is free at once, and its end is still reported", async () => {
  const listener = kit.probe("listens");
  await start({ name: "users", listeners: ["listens"] });
  const [one, other] = [kit.probe(), kit.probe()];
  await one.run(() => registry.register("users", "k", 1));
  await other.run(() => {
    erlang.exit(one.pid, KILL);
    // The registry's process has not heard of it.
    registry.register("users", "k", 2);
    expect(registry.count("users")).toBe(1);
    expect(registry.values("users", "k", one.pid)).toStrictEqual([]);
  });
  await registry.sync("users");
  expect(registry.lookup("users", "k")).toStrictEqual([[other.pid, 2]]);
  expect(await listener.receive()).toStrictEqual([REGISTER, "users", "k", one.pid, 1]);
  expect(await listener.receive()).toStrictEqual([REGISTER, "users", "k", other.pid, 2]);
  expect(await listener.receive()).toStrictEqual([UNREGISTER, "users", "k", one.pid]);
  expect(registry.count("users")).toBe(1);
});

test("select finds entries by any part", async () => {
  await start({ name: "users" });
  const probe = kit.probe();
  await probe.run(() => {
    registry.register("users", ["a", 1], "x");
    registry.register("users", ["b", 2], "y");
  });
  expect(registry.select("users", (_key, _pid, value) => value === "y")).toStrictEqual([[["b", 2], probe.pid, "y"]]);
  expect(registry.select("users")).toHaveLength(2);
});

test.each([
  [{ name: "" }, 'name must be a text, got ""'],
  [{ name: "x", keys: "many" as never }, 'keys must be "unique" or "duplicate", got "many"'],
  [{ name: "x", listener: [] } as never, "listener"],
  [{ name: "x", listeners: "me" as never }, "listeners must be a list"],
])("a registry refuses %o", (options, text) => {
  expect(() => void registry.start(options)).toThrow(text);
});

test("a missing registry is named in the error", () => {
  expect(() => registry.lookup("nowhere", 1)).toThrow('Cannot look up in "nowhere": no registry of this name runs');
});

test("a registry must be started before the processes that register there", async () => {
  const server = {
    init: (key: unknown) => {
      registry.register("users", key);
      return [OK, key] as const;
    },
  };
  const top = await supervisor.start([
    registry.child_spec({ name: "users" }),
    supervisor.child_spec({ id: "one", task: () => gen_server.start_link(server, "k") }),
  ]);
  expect(registry.lookup("users", "k")).toHaveLength(1);
  const [[found]] = registry.lookup("users", "k") as [[Pid, unknown]];
  await supervisor.stop(top);
  expect(erlang.is_process_alive(found)).toBe(false);
});
