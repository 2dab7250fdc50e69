import { inspect } from "node:util";
import { telemetry } from "@otpts/runtime";
import { expect, onTestFinished, test } from "vitest";
import { Config, ConfigSpec, ConfigValidationError } from "../../src/index.ts";
import { eachAlone, eventually, gate, ScriptedSource, started } from "./kit.ts";

eachAlone();

const refused = (done: Promise<unknown>): Promise<ConfigValidationError> =>
  done.then(
    () => expect.unreachable(),
    (error: ConfigValidationError) => error,
  );

test("a reload's report shows its changes when it is printed", async () => {
  const source = new ScriptedSource("x", { a: 1 });
  await started(new ConfigSpec({ sources: [source] }));
  source.next = { a: 2 };
  const text = inspect(await Config.reload());
  expect(text).toContain("changed: [ 'a' ]");
  expect(text).not.toContain("Getter");
});

test("a reload's report includes changes that a watch found while it ran", async () => {
  const slow = gate<object>();
  const [x, y] = [new ScriptedSource("x", { a: 1 }), new ScriptedSource("y", { b: 1 })];
  await started(new ConfigSpec({ sources: [x, y], reload_interval: 0 }));
  y.next = () => slow.opened;
  const report = Config.reload();
  await eventually(() => y.loads === 2);
  const { loads } = x;
  x.change({ a: 2 });
  await eventually(() => x.loads > loads && Config.peek("a") === 2);
  slow.open({ b: 1 });
  expect((await report).changed).toEqual(["a"]);
  expect((await report).sources[0]).toEqual({ source: "x", outcome: "data" });
});

test("a refused reload is reported with a code", async () => {
  const source = new ScriptedSource("x", { a: 1 });
  const codes: unknown[] = [];
  telemetry.attach("codes", "config.reload.exception", (_event, _measurements, { code }) => void codes.push(code));
  onTestFinished(() => void telemetry.detach("codes"));
  const one = (value: unknown): void => expect(value).toBe(1);
  await started(new ConfigSpec({ sources: [source], validators: { a: one } }));
  source.next = { a: 2 };
  await refused(Config.reload());
  expect(codes).toEqual(["validation"]);
});

test("a refused merge blames the put, not the source that has the table", async () => {
  const source = new ScriptedSource("x", { limits: { api: { window: 1 } } });
  const positive = (value: unknown): void => {
    if ((value as { window: number }).window <= 0) throw new Error("must be positive");
  };
  await started(new ConfigSpec({ sources: [source], validators: { "limits.*": positive } }));
  const { problems } = await refused(Config.merge("limits", { api: { window: 0 } }));
  expect(problems).toMatchObject([{ path: "limits.api", origin: "put" }]);
});

test("merge refuses an argument that is not a table", async () => {
  await started(new ConfigSpec({}));
  expect((await refused(Config.merge("zz", 5))).message).toBe(
    'Cannot merge "zz": a merge needs a table; to set a value use put',
  );
  expect(await Config.get("zz")).toBeUndefined();
});

test("a validation that takes too long, or throws a text, is reported as a problem", async () => {
  const validators = {
    hangs: () => new Promise(() => undefined),
    throws: () => {
      throw "is wrong";
    },
  };
  await started(new ConfigSpec({ validators, validation_timeout: 10 }));
  expect((await refused(Config.put("hangs", 1))).problems).toEqual([
    { path: "hangs", message: "validation took longer than 10 ms", origin: "put" },
  ]);
  expect((await refused(Config.put("throws", 1))).problems).toMatchObject([{ path: "throws", message: "is wrong" }]);
});

test("subscribing again adds the signal, and notifies again with initial", async () => {
  await started(new ConfigSpec({ sources: [new ScriptedSource("x", { a: 1 })] }));
  const told: unknown[] = [];
  const callback = (_path: string, _old: unknown, value: unknown): void => void told.push(value);
  await Config.subscribe("a", callback);
  const end = new AbortController();
  await Config.subscribe("a", callback, { initial: true, signal: end.signal });
  await eventually(() => told.length === 1);
  expect(told).toEqual([1]);
  expect((await Config.status()).subscriptions).toBe(1);
  end.abort();
  await eventually(async () => (await Config.status()).subscriptions === 0);
});
