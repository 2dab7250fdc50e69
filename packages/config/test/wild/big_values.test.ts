/** Big values: one that is too big is refused by its length, without inspection; others are admitted in slices. */
import { erlang, KILL, type Pid, telemetry } from "@otpts/runtime";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { Config, ConfigSpec, ConfigValidationError } from "../../src/index.ts";
import { share } from "../../src/core/draft.ts";
import { admit, MAX_VALUES, PlainDataError } from "../../src/core/plain.ts";
import { type Making, sharing } from "../../src/core/making.ts";
import { merge, merging } from "../../src/core/merge.ts";
import { Overrides } from "../../src/core/overrides.ts";
import { admitSliced, type Budget, inSlices } from "../../src/core/sliced.ts";
import type { Value } from "../../src/core/value.ts";
import { anyTree, plain } from "../core/trees.ts";
import { eachAlone, eventually, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

/** Counts how often the event loop turns while something goes on. */
async function turns(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  let over = false;
  const turn = (): void => {
    count++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  return count;
}

/** 100,000 leaves in 100 tables. */
const large = (version = 0): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: 100 }, (_, t) => [
      `table_${t}`,
      Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`key_${i}`, i + version])),
    ]),
  );

describe("a list of ten million elements", () => {
  test("is refused by its length, without a look at its elements", () => {
    let looks = 0;
    const list = new Proxy(Object.assign([] as number[], { length: 10_000_000 }), {
      get: (target, key) => {
        if (typeof key === "string" && /^\d/.test(key)) looks++;
        return Reflect.get(target, key) as unknown;
      },
      ownKeys: () => {
        throw new Error("The keys were asked for");
      },
      getOwnPropertyDescriptor: (target, key) => {
        looks++;
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    });
    for (const strict of [true, false]) {
      expect(() => admit({ a: { list } }, undefined, { strict })).toThrow(
        `Value at "a.list" holds 10000000 values, at most ${MAX_VALUES} are allowed`,
      );
    }
    expect(looks).toBe(0);
  });

  test("is refused when it is put, with its path", async () => {
    await started(new ConfigSpec({ sources: [], reload_interval: 0 }));
    const error = await Config.put("a.list", Object.assign([], { length: 10_000_000 })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigValidationError);
    expect((error as ConfigValidationError).problems).toMatchObject([
      { path: "a.list", message: `holds 10000000 values, at most ${MAX_VALUES} are allowed` },
    ]);
  });
});

describe("a large table", () => {
  test("lets the event loop turn while it is put", async () => {
    await started(new ConfigSpec({ sources: [], reload_interval: 0 }));
    const value = large();
    expect(await turns(() => Config.put("big", value))).toBeGreaterThan(5);
    expect(await Config.get("big.table_99.key_999")).toBe(999);
  });

  test("lets the event loop turn while a source loads it", async () => {
    const source = new ScriptedSource("x", {});
    await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
    source.next = large();
    expect(await turns(() => Config.reload())).toBeGreaterThan(5);
    const before = Config.snapshot();
    source.next = { ...large(), one: 1 };
    await Config.reload();
    expect(Config.snapshot().get("table_7")).toBe(before.get("table_7"));
  });

  test("lets the event loop turn while it is put again, merged, unset, and while it replaces another source's", async () => {
    const [below, above] = [new ScriptedSource("below", large()), new ScriptedSource("above", { table_1: { one: 1 } })];
    await started(new ConfigSpec({ sources: [below, above], reload_interval: 0 }));
    below.next = large(1);
    expect(await turns(() => Config.reload())).toBeGreaterThan(5);
    expect(Config.peek("table_1")).toMatchObject({ one: 1, key_0: 1 });
    for (const version of [2, 3]) {
      expect(await turns(() => Config.merge("big", large(version)))).toBeGreaterThan(5);
      expect(Config.peek("big.table_99.key_999")).toBe(999 + version);
    }
    expect(await turns(() => Config.put("big", large(4)))).toBeGreaterThan(5);
    await Config.merge("table_99", { key_999: "over" });
    below.next = large(6);
    expect(await turns(() => Config.reload())).toBeGreaterThan(5);
    expect(Config.peek("table_99.key_999")).toBe("over");
    expect(Config.peek("table_99.key_998")).toBe(998 + 6);
    await Config.unset("table_99.key_999");
    expect(Config.peek("table_99.key_999")).toBe(999 + 6);
  });

  test("is reported in slices, also to a subscriber added meanwhile, and to none removed meanwhile", async () => {
    await started(new ConfigSpec({ sources: [], reload_interval: 0 }));
    const listeners: Pid[] = [];
    const listener = (told: unknown[]): Pid => {
      const pid = erlang.spawn(async () => {
        for (;;) told.push((await erlang.receive<readonly unknown[]>())[1]);
      });
      listeners.push(pid);
      return pid;
    };
    const reported: unknown[] = [];
    telemetry.attach("large", "config.changed", (_event, _measurements, { path }) => void reported.push(path));
    onTestFinished(() => void telemetry.detach("large"));
    const all: string[] = [];
    const gone: unknown[] = [];
    await Config.subscribe("**", listener(all));
    const leaver = listener(gone);
    await Config.subscribe("big.table_7.**", leaver);
    const merged = turns(() => Config.merge("big", large()));
    await Config.unsubscribe("big.table_7.**", leaver);
    const newcomers: { readonly saw: unknown; readonly told: unknown[] }[] = [];
    do {
      const told: unknown[] = [];
      await Config.subscribe("big.table_99.*", listener(told));
      newcomers.push({ saw: Config.peek("big"), told });
      await new Promise((resolve) => setTimeout(resolve, 5));
    } while (Config.peek("big") === undefined && newcomers.length < 10_000);
    expect(await merged).toBeGreaterThan(5);
    await eventually(() => reported.length === 100_000 && all.length === 100_000);
    for (const pid of listeners) erlang.exit(pid, KILL);
    expect(all.every((path, i) => i === 0 || all[i - 1]! < path)).toBe(true);
    expect(reported.every((path, i) => path === all[i])).toBe(true);
    expect(gone).toEqual([]);
    expect(newcomers.filter(({ saw }) => saw === undefined).length).toBeGreaterThan(1);
    for (const { saw, told } of newcomers) expect(told).toHaveLength(saw === undefined ? 1_000 : 0);
  });

  test("lets the event loop turn while it is put in lists", async () => {
    await started(new ConfigSpec({ sources: [], reload_interval: 0 }));
    const list = Array.from({ length: 600 }, (_, t) => Array.from({ length: 1_000 }, (__, i) => i + t));
    expect(await turns(() => Config.put("big", list))).toBeGreaterThan(2);
    expect(await Config.get("big.599.999")).toBe(1598);
  });

  test("that is refused names the place, though it was read in slices", async () => {
    await started(new ConfigSpec({ sources: [], reload_interval: 0 }));
    const value = large() as Record<string, Record<string, unknown>>;
    value.table_75!.key_500 = () => 1;
    const error = await Config.put("big", value).catch((thrown: unknown) => thrown);
    expect((error as ConfigValidationError).problems).toMatchObject([
      { path: "big.table_75.key_500", message: "is a function, must be plain data" },
    ]);
  });
});

describe("admission in slices", () => {
  const always: Budget = { spent: () => true, turn: () => Promise.resolve() };
  /** The same tree so often that it is large. */
  const many = (tree: object): Record<string, unknown> =>
    Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`k${i}`, { tree, list: [1, 2, tree], n: 1 }]));

  test("has the same result as admission at once, and shares as much", async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, anyTree, fc.boolean(), async (one, other, strict) => {
        const before = plain(many(one)) as Value;
        for (const tree of [one, other]) {
          const value = structuredClone(many(tree));
          const sliced = admitSliced(value, before, { strict }, always);
          expect(sliced).toBeInstanceOf(Promise);
          const made = (await sliced) as Record<string, Record<string, Value>>;
          const atOnce = admit(value, before, { strict }) as typeof made;
          // What is equal to it is shared with it.
          expect(share(atOnce, made)).toBe(atOnce);
          expect(made === before).toBe((atOnce as Value) === before);
          expect(Object.isFrozen(made) && Object.isFrozen(made.k1)).toBe(true);
          for (const key of ["k0", "k2499"]) {
            const standing = (before as typeof made)[key]!;
            for (const part of ["tree", "list"]) {
              expect(made[key]![part] === standing[part]).toBe(atOnce[key]![part] === standing[part]);
            }
          }
        }
      }),
      { numRuns: 3 },
    );
  });

  test("has the same result for several trees, and observes the budget throughout", async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, anyTree, anyTree, async (one, other, third) => {
        const [base, top, next] = [plain(many(one)), plain(many(other)), plain(many(third))];
        const merged = merge([base, top], undefined);
        const overrides = Overrides.none.merge(["k1"], plain({ tree: one, n: 2 })).put(["k2"], 1);
        const over = overrides.over(base, undefined);
        const makings: (() => Making)[] = [
          () => merging([next, top], merged, [base, top]),
          () => overrides.layingOver(next, over),
          () => sharing(base, next),
        ];
        for (const making of makings) {
          let looks = 0;
          const budget: Budget = { spent: () => ++looks > 0, turn: () => Promise.resolve() };
          const made = await inSlices(making(), budget);
          const atOnce = making().whole();
          expect(share(atOnce, made)).toBe(atOnce);
          for (const key of ["k0", "k1", "k2499"]) {
            const before = making().before as Record<string, Value>;
            const [slice, whole] = [made, atOnce] as Record<string, Value>[];
            expect(slice![key] === before[key]).toBe(whole![key] === before[key]);
          }
          if (made !== making().before) expect(looks).toBeGreaterThan(100);
        }
      }),
      { numRuns: 2 },
    );
  });

  test.each<[string, unknown]>([
    ["a function", () => 1],
    ["an accessor", Object.defineProperty({}, "x", { enumerable: true, get: () => 1 })],
    ["an empty key", { "": 1 }],
    ["an instance", new Map()],
    ["undefined in a list", [undefined]],
  ])("refuses %s with the same message and path as admission at once", async (_, bad) => {
    const value = many({ a: 1 });
    // Large in itself, twice, so that the walk goes in and comes out again.
    value.k10 = { more: many({ b: 1 }), list: Array.from({ length: 9_000 }, () => [1]) };
    value.k2000 = { deep: [0, { bad }] };
    const rules = { strict: true, at: ["root"] };
    const atOnce = caught(() => admit(value, undefined, rules));
    const sliced = await Promise.resolve(admitSliced(value, undefined, rules, always)).catch((error: unknown) => error);
    expect(sliced).toBeInstanceOf(PlainDataError);
    expect((sliced as Error).message).toBe((atOnce as Error).message);
    expect((sliced as PlainDataError).path).toEqual((atOnce as PlainDataError).path);
  });

  test("counts all values of a tree, however many slices it takes", async () => {
    const shared = Array.from({ length: 1_000 }, () => 0);
    const value = Array.from({ length: 2_001 }, () => shared);
    const sliced = await Promise.resolve(admitSliced(value, undefined, { strict: true }, always)).catch(
      (error: unknown) => error,
    );
    expect((sliced as Error).message).toContain(`is one of more than ${MAX_VALUES} values`);
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}
