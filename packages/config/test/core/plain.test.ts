import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit, MAX_KEYS, MAX_VALUES, PlainDataError } from "../../src/core/plain.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, plain } from "./trees.ts";

const admitted = (value: unknown, before?: Value, strict = true): Value => admit(value, before, { strict });

function refused(value: unknown, strict = true): PlainDataError {
  try {
    admit(value, undefined, { at: ["root"], strict });
  } catch (error) {
    expect(error).toBeInstanceOf(PlainDataError);
    return error as PlainDataError;
  }
  throw new Error("The value was admitted");
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

describe("admit", () => {
  test("copies and freezes at every depth", () => {
    const value = { a: { b: [1, { c: 2 }] } };
    const copy = admitted(value) as { a: { b: readonly [number, object] } };
    expect(copy).toEqual(value);
    expect(Object.isFrozen(value)).toBe(false);
    for (const part of [copy, copy.a, copy.a.b, copy.a.b[1]]) expect(Object.isFrozen(part)).toBe(true);
  });

  test("returns equal parts of the tree before as the same objects", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        expect(admitted(structuredClone(tree), tree)).toBe(tree);
      }),
    );
    const before = plain({ a: { x: 1 }, b: { y: [1, 2] } });
    const after = admitted({ a: { x: 1 }, b: { y: [1, 3] } }, before) as { a: unknown; b: unknown };
    expect(after.a).toBe(before.a);
    expect(after.b).not.toBe(before.b);
    expect(after).toEqual({ a: { x: 1 }, b: { y: [1, 3] } });
  });

  test("does not mistake a prefix of the tree before for the whole", () => {
    const before = plain({ a: 1, b: 2 });
    expect(admitted({ a: 1 }, before)).toEqual({ a: 1 });
    expect(admitted({ a: 1, c: 3 }, before)).toEqual({ a: 1, c: 3 });
    expect(admitted([1], plain({ l: [1, 2] }).l)).toEqual([1]);
  });

  test("distinguishes 0 from -0", () => {
    expect(admitted(-0, 0)).toBe(-0);
  });

  test("treats an undefined value in a table as an absent key", () => {
    expect(Object.keys(admitted({ a: undefined, b: 1 }, plain({ a: 1, b: 1 })) as Table)).toEqual(["b"]);
  });

  test("keeps constructor, prototype and the like as own keys", () => {
    const tree = { constructor: 1, prototype: { toString: 2 }, hasOwnProperty: 3, valueOf: { constructor: 4 } };
    expect(admitted(tree)).toEqual(tree);
  });

  test("accepts a table without prototype", () => {
    const table = Object.assign(Object.create(null) as object, { a: 1 });
    expect(admitted(table)).toEqual({ a: 1 });
  });

  test("treats NUL as a character like any other", () => {
    expect(admitted({ "a\u0000b": "\u0000" })).toEqual({ "a\u0000b": "\u0000" });
  });

  test("leaves Object.prototype unchanged", () => {
    refused(JSON.parse('{"a": {"__proto__": {"polluted": true}}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = { again: [cyclic] };
  test.each<[string, unknown, string, string]>([
    [
      "an own __proto__ key",
      JSON.parse('{"x": {"__proto__": 1}}'),
      "root.x.__proto__",
      '"__proto__", which no table may have',
    ],
    ["a function", { a: () => 1 }, "root.a", "is a function"],
    ["a symbol", { a: [Symbol("s")] }, "root.a.0", "is a symbol"],
    ["NaN", { a: NaN }, "root.a", "is NaN, must be a finite number"],
    ["Infinity", -Infinity, "root", "is -Infinity, must be a finite number"],
    ["a Date", { a: new Date(0) }, "root.a", "is an instance of Date, must be plain data"],
    ["a Map", { a: new Map() }, "root.a", "is an instance of Map"],
    ["an instance", { a: new (class Rate {})() }, "root.a", "is an instance of Rate"],
    ["undefined", undefined, "root", "is undefined, which is absence and not a value"],
    ["undefined in a list", [undefined], "root.0", "is undefined"],
    ["a hole", Object.assign([], { 2: 1 }), "root", "is a list with holes"],
    ["a list with keys", Object.assign([1], { a: 1 }), "root", "additional keys"],
    [
      "an accessor",
      {
        get a() {
          return 1;
        },
      },
      "root.a",
      "is an accessor",
    ],
    ["a symbol key", { [Symbol("s")]: 1 }, "root", "has a symbol as key"],
    ["a hidden key", Object.defineProperty({}, "a", { value: 1 }), "root", "not enumerable"],
    ["an empty key", { a: { "": 1 } }, "root.a", "has an empty key"],
    ["a lone surrogate", { a: "\ud800" }, "root.a", "lone surrogate"],
    ["a lone surrogate as key", { "\udc00": 1 }, "root", "key that is not well-formed Unicode"],
    ["a cycle", cyclic, "root.self.again.0", "contains itself"],
  ])("refuses %s, naming the path", (_, value, path, message) => {
    const error = refused(value);
    expect(error.path.join(".")).toBe(path);
    expect(error.message).toContain(message);
  });

  test("accepts nan and inf from a parser, since TOML has them", () => {
    expect(admitted({ a: NaN, b: Infinity }, undefined, false)).toEqual({ a: NaN, b: Infinity });
  });

  test("refuses an object that throws when it is inspected, with its path", () => {
    const throwing = new Proxy({}, { ownKeys: () => expect.unreachable() });
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    for (const hostile of [throwing, proxy]) {
      expect(refused({ a: { b: hostile } }).message).toBe('Value at "root.a.b" cannot be read: reading it throws');
    }
  });

  test("refuses a cycle and a million levels without overflowing the stack", () => {
    expect(refused(nested(1_000_000)).message).toContain("nests deeper than 500 levels");
    expect(refused(nested(1_000_000), false).message).toContain("nests deeper than 500 levels");
    expect(refused(cyclic, false).message).toContain("nests deeper than 500 levels");
    expect(admitted(nested(499))).toEqual(nested(499));
  });

  test("refuses shared lists that expand to more values than memory holds", () => {
    let bomb: unknown = "lol";
    for (let i = 0; i < 40; i++) bomb = [bomb, bomb];
    expect(refused(bomb).message).toContain(`one of more than ${MAX_VALUES} values`);
  });

  test("accepts a hundred thousand keys, and refuses more in one table", () => {
    const wide: Record<string, number> = {};
    for (let i = 0; i < MAX_KEYS; i++) wide[`key${i}`] = i;
    expect((admitted(wide) as Record<string, number>)[`key${MAX_KEYS - 1}`]).toBe(MAX_KEYS - 1);
    wide.more = 1;
    for (const strict of [true, false]) {
      expect(() => admit({ a: { wide } }, undefined, { strict })).toThrow(
        'Value at "a.wide" has 100001 keys, at most 100000 are allowed in one table',
      );
    }
  });
});
