/** What sources, validators and callbacks throw, send or return may be anything: it is reported, and hurts nobody else. */
import { erlang, logger } from "@otpts/runtime";
import { beforeEach, describe, expect, test } from "vitest";
import { Config, ConfigSpec, type ConfigSpecOptions, ConfigValidationError } from "../../src/index.ts";
import { eachAlone, eventually, managerOf, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

let lines: string[];
beforeEach(() => {
  lines = [];
  logger.set_handler(({ text }) => void lines.push(text));
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const fight = (): never => {
  throw new Error("it fights back");
};

const oddities: readonly (readonly [string, () => unknown])[] = [
  ["nothing", () => undefined],
  ["null", () => null],
  ["a number", () => 5],
  ["a symbol", () => Symbol("odd")],
  ["an object without a prototype", () => Object.create(null) as unknown],
  ["an object whose text throws", () => ({ toString: fight })],
  ["an error whose message throws", () => Object.defineProperty(new Error("x"), "message", { get: fight })],
  ["an error whose message is none", () => Object.defineProperty(new Error("x"), "message", { value: 5 })],
  [
    "a validation error whose problems throw",
    () => Object.defineProperty(new ConfigValidationError("x"), "problems", { get: fight }),
  ],
  ["a proxy that is revoked", revoked],
  [
    "a proxy that throws at everything",
    () => new Proxy({}, { get: fight, has: fight, getPrototypeOf: fight, ownKeys: fight }),
  ],
];

const spec = (options: ConfigSpecOptions): ConfigSpec => new ConfigSpec({ reload_interval: 0, ...options });

/** Throws it, and does not let a linter want an Error. */
function raise(make: () => unknown): never {
  throw make();
}

describe.each(oddities)("%s", (_, make) => {
  test("thrown by a source, at a load, a watch or a write, is a failure of that source", async () => {
    const source = new ScriptedSource("odd", { a: 1 }).writable();
    const watching = new ScriptedSource("watching", { b: 1 });
    watching.watch = async () => raise(make);
    await started(spec({ sources: [watching, source] }));
    const manager = managerOf();
    const load = source.load.bind(source);
    const write = source.write!.bind(source);
    source.load = async () => raise(make);
    const report = await Config.reload();
    expect(report.sources[1]).toMatchObject({ outcome: "error", message: expect.any(String) as string });
    source.load = load;
    source.write = async () => raise(make);
    await expect(Config.put("a", 2)).rejects.toBeInstanceOf(Error);
    source.write = write;
    await Config.put("a", 2);
    expect([await Config.get("a"), await Config.get("b")]).toEqual([2, 1]);
    await eventually(async () => (await Config.status()).sources.some(({ last_error }) => last_error !== undefined));
    expect(managerOf()).toBe(manager);
  });

  test("thrown by a contribution, or by its origin, is a failure of that source", async () => {
    const source = new ScriptedSource("odd", { a: 1 });
    await started(spec({ sources: [source] }));
    const manager = managerOf();
    source.next = ((_lower: unknown) => raise(make)) as never;
    const report = await Config.reload().catch((error: unknown) => error);
    expect(report instanceof Error ? report.message : JSON.stringify(report)).toContain("odd");
    source.next = { a: 3 };
    await Config.reload();
    expect(await Config.get("a")).toBe(3);
    expect(managerOf()).toBe(manager);
  });

  test("thrown by a validator, at once or later, refuses the change", async () => {
    let later = false;
    const validators = { a: () => (later ? Promise.reject(make() as Error) : raise(make)) };
    await started(spec({ sources: [new ScriptedSource("base", { b: 1 })], validators }));
    const manager = managerOf();
    for (later of [false, true]) {
      const error = await Config.put("a", 1).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(/\S/);
    }
    expect(await Config.put("b", 2)).toBe(true);
    expect(managerOf()).toBe(manager);
    expect(lines.every((line) => !line.includes("[object"))).toBe(true);
  });

  test("thrown or returned by a callback is reported, and the next change is told", async () => {
    await started(spec({}));
    const manager = managerOf();
    let calls = 0;
    await Config.subscribe("a", () => (calls++, raise(make)));
    await Config.subscribe("a", () => (calls++, Promise.reject(make() as Error)));
    await Config.subscribe("a", () => (calls++, make()));
    await Config.put("a", 1);
    await Config.put("a", 2);
    expect(calls).toBe(6);
    expect((await Config.status()).subscribers.unserved).toEqual([]);
    expect(managerOf()).toBe(manager);
  });

  test("told by a source of itself is left out of the status", async () => {
    const source = Object.assign(new ScriptedSource("odd", { a: 1 }), { status: () => raise(make) });
    const other = Object.assign(new ScriptedSource("other", { a: 1 }), {
      status: () => ({ deep: make() }),
      together: make,
    });
    await started(spec({ sources: [source, other as never] }));
    const { sources } = await Config.status();
    expect(sources.map(({ state }) => state)).toEqual(["ok", "ok"]);
    expect(() => JSON.stringify(sources)).not.toThrow();
    expect(erlang.whereis("config_manager")).toBeDefined();
  });
});
