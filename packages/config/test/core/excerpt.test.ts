import { inspect } from "node:util";
import { expect, test } from "vitest";
import { excerptOf } from "../../src/core/excerpt.ts";
import { countLeaves, Snapshot } from "../../src/core/snapshot.ts";
import { plain } from "./trees.ts";

const many = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));

test("a small tree is its own excerpt", () => {
  const tree = plain({ a: many(500, "text"), b: [[1], { c: null }] });
  expect(excerptOf(tree)).toBe(tree);
});

test("an excerpt reports how much it leaves out, and where", () => {
  expect(excerptOf(plain({ wide: many(100_000, 1), b: 1 }))).toMatchObject({
    wide: { k0: 1, k1997: 1, "…": "98002 more keys" },
    "…": "1 more keys",
  });
  expect(excerptOf(Array.from({ length: 5_000 }, () => 1))).toHaveLength(2_000);
  expect(excerptOf(plain({ a: "x".repeat(1_000_000), b: 1 }))).toEqual({
    a: "… 1000000 characters",
    "…": "1 more keys",
  });
});

test("a large snapshot is printed as a short excerpt without secrets", () => {
  const text = "postgres://user:hunter2@host";
  const snapshot = new Snapshot(
    3,
    plain({ a: { password: "hunter2", list: [text] }, ...many(1_000, many(100, text)) }),
  );
  const printed = inspect(snapshot, { depth: Infinity, maxArrayLength: Infinity });
  expect(printed).not.toContain("hunter2");
  expect(printed).toContain("980 more keys");
  expect(printed.split("\n").length).toBeLessThan(2_100);
  expect(countLeaves(snapshot.redacted())).toBe(100_002);
});
