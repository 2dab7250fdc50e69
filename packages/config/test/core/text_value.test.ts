import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ShapeType } from "../../src/core/shape.ts";
import { valueOfText } from "../../src/core/text_value.ts";

describe("valueOfText", () => {
  test.each<[what: string, text: string, type: ShapeType | undefined]>([
    ["a list in JSON", `[${"1,".repeat(600_000)}1]`, undefined],
    ["a table in JSON", `{"a": "${"x".repeat(1_048_576)}"}`, undefined],
    ["a list in JSON of a known type", `[${"1,".repeat(600_000)}1]`, "array"],
    ["a list separated by commas", "a,".repeat(600_000), "array"],
  ])("refuses %s that takes too long to read, and keeps a text of any length", (_, text, type) => {
    expect(() => valueOfText(text, type && { type, children: new Map() })).toThrow(
      "a list or table of more than 1048576 characters; put it into a file",
    );
    expect(valueOfText(text, { type: "string", children: new Map() })).toBe(text);
  });

  test.each<[string, unknown]>([
    ["true", true],
    ["False", false],
    ["TRUE", true],
    ["10", 10],
    ["-2.5", -2.5],
    ["0", 0],
    ["007", "007"],
    ["1e3", "1e3"],
    ["1.0", "1.0"],
    ["-0", "-0"],
    [" 1", " 1"],
    ["12345678901234567890", "12345678901234567890"],
    ["9007199254740993", "9007199254740993"],
    ["Infinity", "Infinity"],
    ["NaN", "NaN"],
    ["0x10", "0x10"],
    ["", ""],
    ["null", "null"],
    ['{"a": [1]}', { a: [1] }],
    ["[1, 2]", [1, 2]],
    ["[eth0, eth1]", "[eth0, eth1]"],
    ["{not json", "{not json"],
    ["postgres://h/db", "postgres://h/db"],
  ])("reads %j as %j", (text, value) => {
    expect(valueOfText(text)).toEqual(value);
  });

  test.each<[string, ShapeType, unknown]>([
    ["007", "string", "007"],
    ["true", "string", "true"],
    ["", "string", ""],
    ["007", "number", 7],
    [" 7 ", "number", 7],
    ["1e3", "integer", 1000],
    ["1e999", "number", "1e999"],
    ["12345678901234567890", "integer", "12345678901234567890"],
    ["abc", "number", "abc"],
    ["", "number", undefined],
    ["\n", "number", undefined],
    ["12345678901234567890", "bigint", 12345678901234567890n],
    ["-5", "bigint", -5n],
    ["5.5", "bigint", "5.5"],
    ["1", "boolean", true],
    ["no", "boolean", false],
    ["OFF", "boolean", false],
    ["maybe", "boolean", "maybe"],
    ["eth0, eth1", "array", ["eth0", "eth1"]],
    ["[1]", "array", [1]],
    ["[]", "array", []],
    ["[eth0, eth1]", "array", "[eth0, eth1]"],
    ["[::1]:80,[::2]:80", "array", ["[::1]:80", "[::2]:80"]],
    ["", "array", undefined],
    ['{"a":1}', "object", { a: 1 }],
    ["a", "object", "a"],
  ])("reads %s as %s", (text, type, value) => {
    expect(valueOfText(text, { children: new Map(), type })).toEqual(value);
  });

  test("reads a text as a number only if the number is written the same", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: fc.constantFrom("0", "1", "7", "9", ".", "-", "+", "e") }), fc.double().map(String)),
        (text) => {
          const value = valueOfText(text);
          if (typeof value === "number") expect(String(value)).toBe(text);
          else expect(value).toBe(text);
        },
      ),
    );
  });
});
