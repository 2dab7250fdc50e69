/** Work on a whole configuration is done in slices, with the result of a single pass. */
import { describe, expect, test } from "vitest";
import { Aliases } from "../../src/core/aliases.ts";
import { argumentsLayer, parseArguments } from "../../src/core/arguments.ts";
import { contributionOf, layerIn } from "../../src/core/contribution.ts";
import { Deprecations } from "../../src/core/deprecations.ts";
import { environmentLayer } from "../../src/core/environment.ts";
import { explain } from "../../src/core/explain.ts";
import { fileKeysLayer } from "../../src/core/file_keys.ts";
import { findingsOf } from "../../src/core/findings.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import type { Layer } from "../../src/core/layer.ts";
import { emptyLayer, layersOf } from "../../src/core/layers.ts";
import { andThen } from "../../src/core/maybe.ts";
import { merge } from "../../src/core/merge.ts";
import { Overrides } from "../../src/core/overrides.ts";
import { type Configuration, emptyConfiguration } from "../../src/core/configuration.ts";
import { renamed } from "../../src/core/renaming.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { type Budget, searched, UNLIMITED } from "../../src/core/sliced.ts";
import { Snapshot } from "../../src/core/snapshot.ts";
import { stacked } from "../../src/core/stack.ts";
import { Validation } from "../../src/core/validate.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { changedValues } from "../../src/manager/history.ts";
import { plain } from "./trees.ts";

const LEAVES = 30_000;

/** Tables of a hundred leaves, one of them secret, and one table of very many. */
function large(version: number): Table {
  const wide = Object.fromEntries(Array.from({ length: LEAVES / 2 }, (_, i) => [`key_${i}`, i + version]));
  const tables = Array.from({ length: LEAVES / 200 }, (_, t): [string, Value] => [
    `table_${t}`,
    Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [i === 7 ? "password" : `key_${i}`, `text ${i + version}`]),
    ),
  ]);
  return plain({ wide, ...Object.fromEntries(tables) });
}

const layer = (source: string, tree: Table): Layer => ({ source, tree, origin: () => ({ source }), diagnostics: [] });

/** Two layers that have the same keys, of which every third has another type, and an override for every second leaf. */
function configuration(): Configuration {
  const tree = large(0);
  const other = plain(
    Object.fromEntries(
      Object.entries(tree).map(([key, table]) => [
        key,
        Object.fromEntries(Object.entries(table as Table).map(([name, value], i) => [name, i % 3 === 0 ? [1] : value])),
      ]),
    ),
  );
  const overrides = Overrides.none.merge([], large(5));
  const base = merge([tree, other], undefined);
  const raw = overrides.over(base, undefined);
  const layers = [layer("one", tree), layer("two", other)];
  return { ...emptyConfiguration(["one", "two"]), layers, overrides, base, raw, snapshot: new Snapshot(1, raw) };
}

/** Is spent whenever it is asked. */
class Counting implements Budget {
  turns = 0;
  spent(): boolean {
    return true;
  }
  async turn(): Promise<void> {
    this.turns++;
    await Promise.resolve();
  }
}

async function sliced<T>(work: (budget: Budget) => T | Promise<T>, least: number): Promise<void> {
  const atOnce = work(UNLIMITED);
  const counting = new Counting();
  expect(await work(counting)).toEqual(await atOnce);
  expect(counting.turns).toBeGreaterThan(least);
}

describe("in slices", () => {
  test("the difference of two trees is found, redacted", async () => {
    const [before, after] = [large(0), large(1)];
    await sliced((budget) => changedValues(before, after, new Secrets(), budget), LEAVES / 2);
    const changed = await changedValues(before, after, new Secrets(), new Counting());
    expect(changed).toHaveLength(LEAVES);
    expect(changed.find(({ path }) => path === "table_3.password")?.new_value).toBe("[redacted]");
  });

  test("a snapshot is redacted", async () => {
    const tree = large(0);
    await sliced((budget) => new Snapshot(1, tree).redactedWithin(budget), 100);
  });

  test("a table is explained", async () => {
    const { snapshot, raw, layers, overrides } = configuration();
    const context = { snapshot, raw, layers, overrides, secrets: new Secrets() };
    await sliced((budget) => explain(["wide"], context, budget), 10);
    await sliced((budget) => explain([], context, budget), 100);
  });

  test("the problems of a configuration are found", async () => {
    const now = configuration();
    const expected = { shape: undefined, deprecations: new Deprecations({ "*.key_9": "use key_8" }) };
    await sliced((budget) => findingsOf({ ...now }, expected, budget), LEAVES);
    const found = await findingsOf({ ...now }, expected, new Counting());
    expect(found.overrides).toHaveLength(LEAVES);
    expect(found.diagnostics).toHaveLength(100 + LEAVES / 200 + 1);
    expect(await findingsOf(now, expected, UNLIMITED)).toBe(await findingsOf(now, expected, UNLIMITED));
  });

  test("secrets are looked for", async () => {
    const secrets = new Secrets();
    const counting = new Counting();
    const unmet = secrets.unmet([[[], large(0)]]);
    await searched(unmet, (place, deeper) => secrets.look(place, deeper), counting);
    expect(counting.turns).toBeGreaterThan(LEAVES / 200);
    expect(secrets.scrub("text 7", [])).toBe("[redacted]");
  });

  test("old names are replaced", async () => {
    const tree = large(0);
    const copy = structuredClone(tree);
    const names = new Aliases({ "*.key_5": "fresh.*.five", "wide.*": "moved.*", table_3: "other" });
    await sliced((budget) => renamed(tree, names, undefined, budget), LEAVES / 2);
    expect(tree).toEqual(copy);
    const { tree: made, moved } = await renamed(tree, names, undefined, UNLIMITED);
    expect(moved).toHaveLength(LEAVES / 2 + LEAVES / 200 + 1);
    expect(Object.keys(made)).not.toContain("wide");
    expect(Object.isFrozen(made) && Object.isFrozen(made["moved"]) && Object.isFrozen(made["table_4"])).toBe(true);
    expect(made["table_4"]).not.toHaveProperty("key_5");
  });

  test("deprecated settings are found in a layer", async () => {
    const tree = large(0);
    const names = { shape: undefined, deprecations: new Deprecations({ "**.key_9": "use key_8" }) };
    const made = (budget: Budget) =>
      andThen(
        layersOf([layer("one", tree)], [emptyLayer("one")], [undefined], true, names, budget),
        ([first]) => first!.diagnostics,
      );
    await sliced(made, LEAVES / 200);
    expect(await made(UNLIMITED)).toHaveLength(100);
  });

  test("a large contribution is refused, and not inspected again for the reason", async () => {
    let reads = 0;
    const values = Object.fromEntries(Array.from({ length: LEAVES }, (_, i) => [`key_${i}`, i]));
    const tree = { ...values, bad: () => 1 };
    Object.defineProperty(tree, "key_3", { enumerable: true, get: () => ++reads });
    const contribution = { ...layer("one", {}), tree: tree as never };
    const counting = new Counting();
    const made = async (budget: Budget) =>
      layersOf([contribution], [emptyLayer("one")], [undefined], true, { shape: undefined }, budget);
    const refusal = 'Cannot load "one": Value at "bad" is a function, must be plain data';
    await expect(made(counting)).rejects.toThrow(refusal);
    expect(counting.turns).toBeGreaterThan(10);
    const looked = reads;
    await expect(made(UNLIMITED)).rejects.toThrow(refusal);
    expect(reads).toBe(looked);
  });

  test("validators are called, and their messages are shown", async () => {
    const tree = large(0);
    const refusing = new Validation(undefined, { "*.*": (_, path) => !path.endsWith("7") });
    const context = (budget: Budget) => ({
      action: "Cannot put",
      origin: () => undefined,
      shown: () => (_path: unknown, message: string) => message,
      budget,
    });
    const problems = async (budget: Budget) => {
      const error = await Promise.resolve()
        .then(() => refusing.run(tree, plain({}), context(budget)))
        .catch((thrown: unknown) => thrown);
      return (error as { problems: unknown[] }).problems;
    };
    await sliced(problems, LEAVES);
    expect(await problems(UNLIMITED)).toHaveLength(1_001);
  });
});

describe("layers of texts", () => {
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
  const variables = (count: number): Record<string, string> =>
    Object.fromEntries(numbers(count).map((i) => [`P_PART_${i % 100}_KEY_${i}`, `text ${i}`]));
  const rules = { prefix: "P", mapping: {}, mode: "smart" } as const;
  const environment = (count: number) =>
    contributionOf((lower, budget) =>
      environmentLayer("env", variables(count), rules, lower, undefined, undefined, budget),
    );
  const options = (count: number) => {
    const parsed = parseArguments(
      "argv",
      numbers(count).map((i) => `--part${i % 100}.key-${i}=${i}`),
    );
    const none = { mapping: new Map<string, never>(), ignore: [] };
    return contributionOf((lower, budget) => argumentsLayer("argv", parsed, none, lower, budget));
  };
  const files = (count: number) => {
    const keys = numbers(count).map((i) => ({ shown: `/d/key_${i}`, parts: [`key_${i}`], text: `text ${i}` }));
    const all = { at: [], separators: [], secret: true };
    return contributionOf((lower, budget) => fileKeysLayer("directory", keys, all, lower, [], budget));
  };

  test.each([
    ["variables", environment, 4],
    ["arguments", options, 4],
    ["files with one value each", files, 3],
  ] as const)("many %s are read in slices, each several times", async (_, contribution, visits) => {
    const many = contribution(30_000);
    const counting = new Counting();
    const made = await layerIn(many, knownPaths([]), counting);
    const atOnce = many(knownPaths([]));
    expect(made.tree).toEqual(atOnce.tree);
    expect(made.secrets).toEqual(atOnce.secrets);
    expect(counting.turns).toBeGreaterThan(30_000 * visits - 10);
  });

  test.each([
    ["variables", environment],
    ["arguments", options],
    ["files with one value each", files],
  ] as const)("few %s are read at once", (_, contribution) => {
    expect(layerIn(contribution(500), knownPaths([]), new Counting())).not.toBeInstanceOf(Promise);
  });

  test("admission and a stack's parts are read in slices, with the result of a single pass", async () => {
    const stack = await stacked("file", [layer("one", large(0)), environment(30_000)], [], UNLIMITED);
    const layers = (budget: Budget) =>
      layersOf([stack], [emptyLayer("file")], [undefined], true, { shape: undefined }, budget);
    const atOnce = layers(UNLIMITED) as readonly Layer[];
    expect(atOnce).not.toBeInstanceOf(Promise);
    const counting = new Counting();
    const [made] = await layers(counting);
    expect(made!.tree).toEqual(atOnce[0]!.tree);
    expect(Object.isFrozen(made!.tree)).toBe(true);
    expect(counting.turns).toBeGreaterThan(30_000 * 4);
  });

  test("a mistake in one of many is refused like one of few", async () => {
    const broken = contributionOf((lower, budget) => {
      const entries = { ...variables(2_000), P_LIST__X: "1" };
      return environmentLayer("env", entries, rules, lower, undefined, undefined, budget);
    });
    const below = layer("below", plain({ list: [1] }));
    const made = layersOf(
      [below, broken],
      [emptyLayer("below"), emptyLayer("env")],
      [undefined, undefined],
      true,
      { shape: undefined },
      new Counting(),
    );
    await expect(made).rejects.toMatchObject({ source: "env", code: "below_list" });
  });

  test("a foreign function that returns a promise is not accepted as a layer", () => {
    const foreign = (async () => layer("foreign", {})) as unknown as () => Layer;
    const made = (): unknown =>
      layersOf([foreign], [emptyLayer("foreign")], [undefined], true, { shape: undefined }, new Counting());
    expect(made).toThrow("a contribution must have a tree");
  });
});
