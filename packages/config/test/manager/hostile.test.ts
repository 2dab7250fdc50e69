import { atom, DOWN, erlang, EXIT, gen_server, Pid, supervisor, atoms } from "@otpts/runtime";
import { expect, test } from "vitest";
import {
  Config,
  ConfigSpec,
  EXPLAIN,
  GET_CONFIG,
  MERGE_CONFIG,
  PUT_CONFIG,
  SOURCE_UPDATE,
  STATUS,
  SUBSCRIBE,
  UNSET_CONFIG,
  UNSUBSCRIBE,
} from "../../src/index.ts";
import { eachAlone, managerOf, ScriptedSource, started } from "./kit.ts";

const { ERROR, GEN_CAST, PROCESS } = atoms;

eachAlone();

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A tuple with this tag that throws when anything else of it is looked at. */
function barbed(tag: unknown): readonly unknown[] {
  return new Proxy([tag, 1, 2], {
    get(target, key) {
      if (key === "0") return target[0];
      throw new Error("barbed");
    },
  });
}

const nobody = Object.create(Pid.prototype) as Pid;
const tags = [
  GET_CONFIG,
  PUT_CONFIG,
  MERGE_CONFIG,
  UNSET_CONFIG,
  SUBSCRIBE,
  UNSUBSCRIBE,
  SOURCE_UPDATE,
  STATUS,
  EXPLAIN,
];
const odd = [
  revoked([]),
  revoked({}),
  revoked(() => 1),
  Object.create(null),
  nobody,
  Symbol("x"),
  10n,
  Number.NaN,
  null,
  undefined,
  () => 1,
];
const inner = [
  "load",
  "write",
  "source_up",
  "source_loaded",
  "source_changed",
  "written",
  "wake",
  "delivered",
  "finished",
  "elapsed",
];

test("no message kills the manager or a process below it", async () => {
  const { sup } = await started(new ConfigSpec({ sources: [new ScriptedSource("x", { a: 1 })], reload_interval: 0 }));
  await Config.subscribe("**", () => undefined);
  const manager = managerOf();
  const [tree] = await pidsUnder(sup);
  const [, deliveries, sources] = await pidsUnder(tree!);
  const processes = [...(await pidsUnder(deliveries!)), ...(await pidsUnder(sources!))];
  expect(processes).toHaveLength(2);
  const messages = [
    ...odd,
    ...odd.map((one) => [one]),
    ...tags.flatMap((tag) => [
      barbed(tag),
      [tag],
      ...odd.map((one) => [tag, one, one]),
      ...odd.map((one) => [tag, "x", one]),
      ...odd.map((one) => [tag, "x", () => 1, one]),
    ]),
    ...inner.flatMap((name) => [
      atom.ensure(name),
      barbed(atom.ensure(name)),
      [atom.ensure(name)],
      [atom.ensure(name), 99, [], undefined],
      [atom.ensure(name), "interval", 0],
      ...odd.map((one) => [atom.ensure(name), one, one, one]),
    ]),
    barbed(DOWN),
    [DOWN],
    ...odd.map((one) => [DOWN, one, PROCESS, one, one]),
    [SUBSCRIBE, "a", () => 1, { signal: { aborted: false } }],
    [SUBSCRIBE, "a", () => 1, { signal: new Proxy(new AbortController().signal, {}) }],
    [SUBSCRIBE, "a", () => 1, revoked({})],
  ];
  for (const pid of [manager, ...processes]) for (const message of messages) send(pid, message);
  for (const message of [barbed(EXIT), [EXIT], ...odd.map((one) => [EXIT, one, one])]) send(manager, message);
  for (const message of messages) {
    gen_server.cast(manager, message as never);
    erlang.send(manager, [GEN_CAST, message]);
    // A default that cannot be inspected is the caller's, and so are the consequences.
    await gen_server.call(manager, message as never, Infinity).catch((error: unknown) => {
      expect(String(error)).toMatch(/revoked/);
    });
  }
  await Config.put("a", 2);
  expect(await Config.get("a")).toBe(2);
  expect(managerOf()).toBe(manager);
  expect(processes.filter((pid) => !erlang.is_process_alive(pid))).toEqual([]);
});

/** What cannot even be sent is the sender's trouble. */
function send(pid: Pid, message: unknown): void {
  try {
    erlang.send(pid, message);
  } catch (error) {
    expect(String(error)).toMatch(/barbed|revoked/);
  }
}

async function pidsUnder(top: Pid): Promise<readonly Pid[]> {
  return (await supervisor.which_children(top)).map(([, pid]) => pid as Pid);
}

test.each([
  ["an unknown one", { inital: true }, 'unknown option "inital", known are initial and signal'],
  ["an initial that is not a boolean", { initial: 1 }, "initial must be a boolean, got number"],
  ["a signal that is not an AbortSignal", { signal: {} }, "signal must be an AbortSignal, got object"],
  ["null", null, "options must be an object, got null"],
])("subscribe refuses invalid options: %s", async (_, options, message) => {
  await started(new ConfigSpec({}));
  await expect(Config.subscribe("a", () => 1, options as never)).rejects.toThrow(
    new TypeError(`Cannot subscribe to "a": ${message}`),
  );
  expect((await Config.status()).subscriptions).toBe(0);
  expect(await gen_server.call("config_manager", [SUBSCRIBE, "a", () => 1, options] as never)).toMatchObject([
    ERROR,
    {},
  ]);
});
