import { erlang, KILL } from "@otpts/runtime";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Config, ConfigSpec, type ConfigSpecOptions, ConfigValidationError } from "../../src/index.ts";
import { eachAlone, eventually, gate, managerOf, ScriptedSource, started } from "./kit.ts";

eachAlone();

const zod = z.object({
  port: z.coerce.number().int(),
  host: z.string().default("localhost"),
  limits: z.record(z.string(), z.object({ rate: z.number().default(1) })).default({}),
});
const valibot = v.object({
  port: v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.number(), v.integer()),
  host: v.optional(v.string(), "localhost"),
  limits: v.optional(v.record(v.string(), v.object({ rate: v.optional(v.number(), 1) })), {}),
});

function spec(options: Omit<ConfigSpecOptions, "sources">, tree: object = { port: "80" }): ConfigSpec {
  return new ConfigSpec({ sources: [new ScriptedSource("base", tree)], ...options });
}

async function refusal(promise: Promise<unknown>): Promise<ConfigValidationError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigValidationError);
  return error as ConfigValidationError;
}

describe.each([
  ["zod", zod],
  ["valibot", valibot],
])("a %s schema", (_, schema) => {
  test("applies its defaults and coercions to loads and puts", async () => {
    await started(spec({ schema }));
    expect(await Config.get([])).toEqual({ port: 80, host: "localhost", limits: {} });
    await Config.put("limits.api", {});
    expect(await Config.get("limits")).toEqual({ api: { rate: 1 } });
    await Config.put("port", "81");
    expect(Config.peek("port")).toBe(81);
    expect(await Config.explain("host")).toMatchObject({ schema: "default", winner: undefined });
    expect(await Config.explain("port")).toMatchObject({ schema: "coerced", winner: { value: "81" } });
  });

  test("refuses a put with every problem, path and origin, and nothing changes", async () => {
    await started(spec({ schema }));
    const before = Config.snapshot();
    const error = await refusal(Config.merge("limits", { a: { rate: "x" }, b: { rate: "y" } }));
    expect(error.problems.map(({ path, origin }) => [path, origin])).toEqual([
      ["limits.a.rate", "put"],
      ["limits.b.rate", "put"],
    ]);
    expect(error.message).toContain('Cannot merge "limits"');
    expect(Config.snapshot()).toBe(before);
  });

  test("refuses a put of an unknown key", async () => {
    await started(spec({ schema }));
    const error = await refusal(Config.put("prot", 1));
    expect(error.problems).toEqual([
      {
        path: "prot",
        message: 'is not known to the schema, which drops it; the nearest known path is "port"',
        origin: "put",
      },
    ]);
    expect((await Config.status()).overrides).toEqual([]);
  });

  test("notifies of no put that it cancels out", async () => {
    await started(spec({ schema }));
    const told: unknown[] = [];
    await Config.subscribe("**", (path) => void told.push(path));
    await Config.put("port", 80);
    expect(told).toEqual([]);
  });
});

describe("validators by pattern", () => {
  test("receive the projected node, for puts and reloads", async () => {
    const seen: unknown[] = [];
    const source = new ScriptedSource("base", { rules: { a: { rate: 1 } } });
    const validators = { "rules.*": (value: unknown, path: string) => void seen.push([path, value]) };
    await started(new ConfigSpec({ sources: [source], validators }));
    await Config.put("rules.a.burst", 2);
    source.next = { rules: { a: { rate: 5 }, b: {} } };
    await Config.reload();
    expect(seen).toEqual([
      ["rules.a", { rate: 1 }],
      ["rules.a", { rate: 1, burst: 2 }],
      ["rules.a", { rate: 5, burst: 2 }],
      ["rules.b", {}],
    ]);
  });

  test("pass on a ConfigValidationError that they throw", async () => {
    const own = new ConfigValidationError("Invalid TC rule config: no rate");
    const validators = {
      "rules.*": (value: unknown) => {
        if (typeof value === "number") throw own;
      },
    };
    await started(spec({ validators }, {}));
    expect(await refusal(Config.put("rules.eth0", 5))).toBe(own);
  });

  test("may be asynchronous and read the configuration meanwhile; gets continue, and puts queue in order", async () => {
    const hold = gate();
    const validators = {
      a: async (value: unknown) => {
        await hold.opened;
        return (value as number) > ((await Config.get("least")) as number) || "is too small";
      },
    };
    await started(spec({ validators }, { least: 5 }));
    const puts = [Config.put("a", 6), Config.put("b", 1), refusal(Config.put("a", 4))];
    expect(await Config.get("least")).toBe(5);
    expect(await Config.get("b")).toBeUndefined();
    hold.open();
    await Promise.all(puts);
    expect(await Config.get([])).toEqual({ least: 5, a: 6, b: 1 });
  });

  test("that put are refused instead of waiting for themselves", async () => {
    let inside: unknown;
    const validators = {
      a: async () => {
        await Promise.resolve();
        inside = await Config.put("b", 1).catch((error: unknown) => error);
      },
    };
    await started(spec({ validators }, {}));
    await Config.put("a", 1);
    expect((inside as Error).message).toContain("inside a validator");
  });

  test("that hang refuse the change after validation_timeout, and the next change proceeds", async () => {
    const validators = { a: () => new Promise(() => undefined) };
    await started(spec({ validators, validation_timeout: 20 }, {}));
    const hanging = refusal(Config.put("a", 1));
    const next = Config.put("b", 1);
    expect((await hanging).message).toBe('Cannot put "a": validation took longer than 20 ms');
    expect(await next).toBe(true);
    expect(await Config.get([])).toEqual({ b: 1 });
  });

  test("are not charged for the manager's own work", async () => {
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key${i}`, i]));
    await started(spec({ validators: { a: async () => Promise.resolve(true) }, validation_timeout: 10_000 }, {}));
    await Config.put("a", wide);
    expect(await Config.get("a.key49999")).toBe(49_999);
    await started(spec({ name: "impatient", validators: { a: () => true }, validation_timeout: 0 }, {}));
    expect(await Config.for("impatient").put("a", wide)).toBe(true);
  });

  test("refuse the change if the process that runs them is killed", async () => {
    const pids: unknown[] = [];
    const validators = {
      a: async () => {
        await Promise.resolve();
        if (pids.length === 0) {
          pids.push(erlang.self());
          erlang.exit(erlang.self(), KILL);
        }
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    await started(spec({ validators }, {}));
    await expect(Config.put("a", 1)).rejects.toThrow("ended");
    expect(await Config.put("a", 2)).toBe(true);
    expect(await Config.get("a")).toBe(2);
  });

  test("do not delay a subscription: one made during a validation is notified of its change", async () => {
    const hold = gate();
    await started(spec({ validators: { a: () => hold.opened } }, {}));
    const put = Config.put("a", 1);
    const told: unknown[] = [];
    await Config.subscribe("a", (path) => void told.push(path));
    hold.open();
    await put;
    expect(told).toEqual(["a"]);
  });
});

test("a manager that is killed during a validation accepts the put that follows", async () => {
  const hold = gate();
  await started(spec({ validators: { a: () => hold.opened } }, {}));
  const lost = Config.put("a", 1).catch(() => "lost");
  const pid = managerOf();
  erlang.exit(pid, KILL);
  expect(await lost).toBe("lost");
  await eventually(() => erlang.whereis("config_manager") !== undefined);
  hold.open();
  await Config.put("b", 1);
  expect(await Config.get([])).toEqual({ b: 1 });
});
