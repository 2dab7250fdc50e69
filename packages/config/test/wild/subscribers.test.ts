/** Subscribers that hang, link an ending process or are behind: none is forgotten, and none is waited for twice. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { erlang, SHUTDOWN } from "@otpts/runtime";
import { expect, test } from "vitest";
import { Config, ConfigSpec, type ConfigSpecOptions } from "../../src/index.ts";
import { storeOf } from "../../src/manager/store.ts";
import { eachAlone, eventually, gate, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

const spec = (options: ConfigSpecOptions = {}): ConfigSpec => new ConfigSpec({ reload_interval: 0, ...options });

test("a callback that is known to hang is not waited for again until it answers", async () => {
  const one = spec({ notify_timeout: 20 });
  await started(one);
  const hanging = gate();
  let calls = 0;
  await Config.subscribe("a", () => (calls++ === 0 ? hanging.opened : undefined));
  await Config.put("a", 1);
  await eventually(() => [...storeOf(one).saved!.deliveries.values()].some(({ current }) => current?.hangs === true));
  const put = Config.put("a", 2);
  await Config.get("a");
  expect(storeOf(one).saved!.waits).toEqual([]);
  await put;
  hanging.open();
  await eventually(() => calls === 2);
  // It answers again: it is waited for again.
  await Config.put("a", 3);
  expect(calls).toBe(3);
});

test("puts that wait for a callback are answered when it turns out to hang, however many there are", async () => {
  const one = spec({ notify_timeout: 30 });
  await started(one);
  const hanging = gate();
  let called = false;
  await Config.subscribe("*", () => ((called = true), hanging.opened));
  const store = storeOf(one);
  const waited: number[] = [];
  const save = store.save.bind(store);
  store.save = (state) => {
    if ([...state.deliveries.values()].some(({ current }) => current?.hangs === true)) waited.push(state.waits.length);
    save(state);
  };
  const first = Config.put("a", 1);
  await eventually(() => called);
  await Promise.all([first, ...["b", "c", "d"].map((path) => Config.put(path, 1))]);
  await Config.put("e", 1);
  expect(Math.max(...waited)).toBe(0);
  hanging.open();
});

test("a callback that links a process ending with shutdown is restarted, and notified of everything", async () => {
  await started(spec());
  const told: unknown[] = [];
  await Config.subscribe("a", (_path, _old, value) => {
    told.push(value);
    if (value !== 1) return;
    erlang.spawn_link(() => erlang.exit(SHUTDOWN));
  });
  await Config.put("a", 1);
  for (let i = 2; i < 6; i++) await Config.put("a", i);
  expect(told.filter((value) => value !== 1)).toEqual([2, 3, 4, 5]);
  expect((await Config.status()).subscribers.unserved).toEqual([]);
});

test("a callback that is behind is notified of rising versions only", async () => {
  await started(spec({ notify_timeout: 1 }));
  const hold = gate();
  const told: [string, number][] = [];
  await Config.subscribe("*", async (path, _old, _value, { version }) => {
    told.push([path, version]);
    if (told.length === 1) await hold.opened;
  });
  for (const path of ["z", "a", "b", "c"]) await Config.put(path, 1);
  await Config.put("a", 2);
  hold.open();
  await eventually(() => told.length === 4);
  expect(told.map(([path]) => path)).toEqual(["z", "b", "c", "a"]);
  const versions = told.map(([, version]) => version);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
});

test("a change is released after the next ones: memory is constant over ten thousand", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const source = new ScriptedSource("base", { n: -1 });
  await started(spec({ sources: [source] }));
  await Config.subscribe("**", () => undefined);
  const seen: WeakRef<object>[] = [];
  for (let i = 0; i < 10_000; i++) {
    const tree = { n: i, below: { list: [i] } };
    seen.push(new WeakRef(tree));
    source.change(tree);
    if (i % 50 === 0) await Config.reload();
    if (i % 2 === 0) await Config.put("put", { i });
  }
  await Config.reload();
  expect(Config.peek("n")).toBe(9_999);
  // A turn, so that nothing on the stack holds any of them.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const alive = seen.filter((ref) => ref.deref() !== undefined).length;
  expect(alive).toBeLessThan(100);
});
