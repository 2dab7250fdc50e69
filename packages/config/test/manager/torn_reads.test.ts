import { expect, test } from "vitest";
import type { Table } from "../../src/core/value.ts";
import { Config, ConfigSpec } from "../../src/index.ts";
import { eachAlone, ScriptedSource, started } from "./kit.ts";

eachAlone();

test("no reader ever sees half of a change during puts, reloads and updates of sources", async () => {
  const KEYS = 400;
  const all = (n: number): Table => Object.fromEntries(Array.from({ length: KEYS }, (_, i) => [`k${i}`, { n }]));
  const source = new ScriptedSource("base", { a: all(0) });
  await started(
    new ConfigSpec({
      sources: [source],
      validators: { b: () => new Promise((resolve) => setImmediate(resolve)) },
    }),
  );
  let writing = true;
  let checks = 0;
  const check = (tree: unknown): void => {
    if (tree === undefined) return;
    const numbers = new Set(Object.values(tree as Record<string, { n: number }>).map(({ n }) => n));
    expect(numbers.size).toBe(1);
    checks++;
  };
  const readers = Array.from({ length: 4 }, async () => {
    let version = 0;
    while (writing) {
      const snapshot = Config.snapshot();
      expect(snapshot.version).toBeGreaterThanOrEqual(version);
      ({ version } = snapshot);
      check(snapshot.tree.a);
      check(snapshot.tree.b);
      check(await Config.get("a"));
      check(await Config.get("b"));
      expect(Object.isFrozen(snapshot.tree.a)).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await Promise.all([
    (async () => {
      for (let n = 1; n <= 40; n++) await Config.put("b", all(n));
    })(),
    (async () => {
      for (let n = 1; n <= 40; n++) {
        source.next = { a: all(n) };
        await Config.reload();
      }
    })(),
    (async () => {
      for (let n = 100; n <= 140; n++) {
        source.change({ a: all(n) });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })(),
  ]);
  writing = false;
  await Promise.all(readers);
  expect(checks).toBeGreaterThan(100);
  expect(await Config.get("b")).toEqual(all(40));
});
