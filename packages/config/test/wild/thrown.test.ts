/** Sources, validators and callbacks may throw, send or return anything: it is reported, and affects no other part. */
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
  ["an error whose message is not a text", () => Object.defineProperty(new Error("x"), "message", { value: 5 })],
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
  test("thrown by a source, in a load, a watch or a write, is a failure of that source", async () => {
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

  test("thrown or returned by a callback is reported, and the next change is delivered", async () => {
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

  test("returned by a source as its details is omitted from the status", async () => {
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

describe("a thrown value is reported in words, with its owner", () => {
  test.each<[string, unknown, string]>([
    ["undefined", undefined, "it threw undefined"],
    ["null", null, "it threw null"],
    ["a symbol", Symbol("odd"), "it threw Symbol(odd)"],
    ["a bigint", 5n, "it threw 5n"],
    ["false", false, "it threw false"],
    ["an empty text", "", "it threw an empty text"],
    ["an object", { code: 42 }, "it threw { code: 42 }"],
    ["a function", () => 1, "it threw a function"],
    ["an Error without a message", new RangeError(), "it threw a RangeError without a message"],
    ["a revoked proxy", revoked(), "it threw a revoked proxy"],
    ["an Error", new Error("no database"), "no database"],
    ["a text", "no database", "no database"],
  ])("%s", async (_, thrown, words) => {
    const make = () => thrown;
    // Its own error is sufficient.
    const named = (action: string) =>
      words === "no database" && typeof thrown === "object" ? words : `Cannot ${action}: ${words}`;
    const source = new ScriptedSource("odd", { a: 1 }).writable();
    const watching = new ScriptedSource("watching", { b: 1 });
    watching.watch = async () => raise(make);
    await started(spec({ sources: [watching, source], validators: { v: () => raise(make) } }));
    await eventually(async () => (await Config.status()).sources[0]!.state === "error");
    expect((await Config.status()).sources[0]!.last_error?.message).toBe(named('watch "watching"'));
    source.write = async () => raise(make);
    await expect(Config.put("a", 2)).rejects.toThrow(named('write "a" to "odd"'));
    await expect(Config.put("v", 2)).rejects.toThrow(`Cannot put "v": "v" ${words} (from put)`);
    source.write = async () => undefined;
    await Config.subscribe("**", () => raise(make));
    source.next = { a: 3 };
    await Config.reload();
    await eventually(() => lines.some((line) => line.includes(`subscribed to "**" failed on "a": ${words}`)));
    source.load = async () => raise(make);
    expect((await Config.reload()).sources[1]).toMatchObject({ message: named('load "odd"') });
  });
});

describe("a revoked proxy", () => {
  /** A function that can be called until it is revoked. */
  const revocable = () => Proxy.revocable(() => undefined as unknown, {});

  test("in place of an argument is refused with the expected type", async () => {
    const text = (make: () => unknown): string => {
      try {
        make();
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const name of ["sources", "validators", "schema", "log", "env", "secrets"]) {
      expect(text(() => new ConfigSpec({ [name]: revoked() }))).toMatch(
        new RegExp(`^Cannot .*${name} must be .*, got a revoked proxy$`, "u"),
      );
    }
    expect(text(() => new ConfigSpec(revoked()))).toContain("options must be an object");
    expect(text(() => new ConfigSpec({ sources: [revoked() as never] }))).toContain("source 1 of 1 is a revoked proxy");
    expect(text(() => new ConfigSpec({ validators: { "a.*": revoked() as never } }))).toBe(
      'Cannot validate "a.*": a validator must be a function or a Standard Schema, got a revoked proxy',
    );
    await started(spec({}));
    const odd = revoked() as never;
    for (const [call, words] of [
      [() => Config.put(odd, 1), "Cannot put: a path is"],
      [() => Config.get(odd), "Cannot get: a path is"],
      [() => Config.put("a", odd), 'Cannot put "a": value at "a" cannot be read'],
      [() => Config.put("a", 1, odd), "Cannot put: options must be an object, got a revoked proxy"],
      [() => Config.subscribe(odd, () => undefined), "a pattern is"],
      [() => Config.subscribe("a", odd), 'Cannot subscribe to "a": a subscriber is'],
      [() => Config.subscribe("a", () => undefined, odd), 'Cannot subscribe to "a": options must be an object'],
      [() => Config.unsubscribe("a", odd), 'Cannot unsubscribe from "a": a subscriber is'],
    ] as const) {
      await expect(call()).rejects.toThrow(words);
    }
  });

  test("in place of an object that worked before is a failure of its owner only", async () => {
    const [validator, callback] = [revocable(), revocable()];
    const source = new ScriptedSource("odd", { a: 1 }).writable();
    const contribution = Proxy.revocable(
      { source: "odd", tree: { a: 1 }, origin: () => ({ source: "odd" }), diagnostics: [] },
      {},
    );
    await started(spec({ sources: [source], validators: { v: validator.proxy } }));
    const manager = managerOf();
    const load = source.load.bind(source);
    source.load = async () => ({ outcome: "data", contribution: contribution.proxy });
    await Config.reload();
    contribution.revoke();
    validator.revoke();
    await expect(Config.put("v", 1)).rejects.toThrow('"v" cannot be checked: its validator is a revoked proxy');
    source.write = revoked() as never;
    await expect(Config.put("a", 1)).rejects.toThrow(
      'Cannot write "odd": its write must be a function, got a revoked proxy',
    );
    source.write = async () => undefined;
    for (const odd of [() => undefined, () => ({}), () => ({ tree: {} })].map((make) => Proxy.revocable(make, {}))) {
      odd.revoke();
      source.load = async () => ({ outcome: "data", contribution: odd.proxy as never });
      const report = await Config.reload().catch((error: unknown) => error);
      expect(report instanceof Error ? report.message : JSON.stringify(report)).toContain("odd");
    }
    source.load = async () => ({ outcome: "data", contribution: revoked() as never });
    await expect(Config.reload()).rejects.toThrow('Cannot load "odd": its contribution cannot be read');
    source.load = revoked() as never;
    expect((await Config.reload()).sources[0]).toMatchObject({
      message: expect.stringContaining('Cannot load "odd"') as string,
    });
    source.load = load;
    source.next = { a: 5 };
    await Config.reload();
    await Config.subscribe("a", callback.proxy);
    callback.revoke();
    source.next = { a: 6 };
    await Config.reload();
    await eventually(() => lines.some((line) => line.includes('A callback subscribed to "a" failed')));
    expect(await Config.get("a")).toBe(6);
    expect(managerOf()).toBe(manager);
  });
});

test("a failing watch is tried again, ever more slowly, and reported once until it works", async () => {
  const source = new ScriptedSource("shy", { a: 1 });
  let tries = 0;
  let works = false;
  source.watch = async () => {
    tries += 1;
    if (!works) throw new Error("no events here");
    return { close: async () => undefined };
  };
  await started(spec({ sources: [source] }));
  await eventually(async () => (await Config.status()).sources[0]!.state === "error");
  const before = tries;
  await Config.reload();
  await eventually(() => tries > before);
  expect(lines.filter((line) => line.includes("shy: no events here"))).toHaveLength(1);
  expect((await Config.status()).sources[0]).toMatchObject({ state: "error", failures: 0 });
  works = true;
  await Config.reload();
  await eventually(async () => (await Config.status()).sources[0]!.state === "ok");
  expect(lines.filter((line) => line.includes('"shy" works again'))).toHaveLength(1);
});
