import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countLeaves, Snapshot, valueAt } from "../../src/core/snapshot.ts";
import type { Value } from "../../src/core/value.ts";
import { anyTree, key, plain } from "./trees.ts";
import { formatPath } from "../../src/core/path.ts";

describe("Snapshot", () => {
  test("looks up the same values however often and in whatever order", () => {
    fc.assert(
      fc.property(anyTree, fc.array(fc.array(key, { minLength: 1, maxLength: 3 })), (tree, paths) => {
        const snapshot = new Snapshot(1, tree);
        for (const path of [...paths, ...paths]) expect(snapshot.lookup(formatPath(path))).toBe(valueAt(tree, path));
      }),
    );
  });

  test("cannot be changed by its readers", () => {
    const snapshot = new Snapshot(1, plain({ a: 1 })) as { version: number; tree: unknown };
    expect(() => (snapshot.tree = {})).toThrow(TypeError);
    expect(() => (snapshot.version = 9)).toThrow(TypeError);
  });

  test("ignores inherited properties", () => {
    const snapshot = new Snapshot(1, plain({ a: {} }));
    for (const path of ["constructor", "toString", "a.constructor", "a.hasOwnProperty", "__proto__", "a.__proto__"]) {
      expect(snapshot.lookup(path)).toBeUndefined();
    }
  });

  test("returns a frozen table for an inner node", () => {
    const snapshot = new Snapshot(1, plain({ a: { b: 1 } }));
    expect(snapshot.lookup("a")).toBe(snapshot.tree.a);
  });

  test("reads lists by index only", () => {
    const snapshot = new Snapshot(1, plain({ servers: [{ host: "a" }, [1, 2]] }));
    expect(snapshot.lookup("servers.0.host")).toBe("a");
    expect(snapshot.lookup("servers.1.1")).toBe(2);
    expect(snapshot.get(["servers", "0"])).toBe((snapshot.tree.servers as Value[])[0]);
    for (const path of [
      "length",
      "-1",
      "2",
      "00",
      "1.0.0",
      "01",
      "1e0",
      "0x0",
      "map",
      "at",
      "__proto__",
      " 0",
      "999999999",
    ]) {
      expect(snapshot.lookup(`servers.${path}`)).toBeUndefined();
    }
  });

  test("keeps a bounded memory of look-ups, and stays correct", () => {
    const tree = plain(Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, i])));
    const snapshot = new Snapshot(1, tree);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 30_000; i += 7) expect(snapshot.lookup(`k${i}`)).toBe(i);
      for (let i = 0; i < 30_000; i += 7) expect(snapshot.lookup(`missing${i}`)).toBeUndefined();
    }
    const memo = snapshot as unknown as { memo: Map<string, unknown>; aged: Map<string, unknown> };
    expect(memo.memo.size + memo.aged.size).toBeLessThanOrEqual(16_384);
  });

  test("refuses an invalid path each time", () => {
    const snapshot = new Snapshot(1, plain({ a: 1 }));
    for (let i = 0; i < 2; i++) {
      expect(() => snapshot.lookup("")).toThrow(TypeError);
      expect(() => snapshot.lookup("a..b")).toThrow(TypeError);
    }
  });
});

test("countLeaves counts scalars, lists and empty tables", () => {
  expect(countLeaves(plain({ a: 1, b: { c: [1, 2], d: {} }, e: { f: { g: null } } }))).toBe(4);
  expect(countLeaves(plain({}))).toBe(0);
});
