import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScalar } from "../../src/core/scalar.ts";

describe("parseScalar", () => {
  it.each<[string, unknown]>([
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
    expect(parseScalar(text)).toEqual(value);
  });

  it.each<[string, Parameters<typeof parseScalar>[1], unknown]>([
    ["007", "string", "007"],
    ["true", "string", "true"],
    ["007", "number", 7],
    ["1e3", "integer", 1000],
    ["abc", "number", "abc"],
    ["", "number", ""],
    ["1", "boolean", true],
    ["no", "boolean", false],
    ["maybe", "boolean", "maybe"],
    ["eth0, eth1", "array", ["eth0", "eth1"]],
    ["[1]", "array", [1]],
    ["", "array", []],
    ['{"a":1}', "object", { a: 1 }],
  ])("reads %j as %s: %j", (text, type, value) => {
    expect(parseScalar(text, type)).toEqual(value);
  });

  it("makes a number only of a text that it writes the same", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: fc.constantFrom("0", "1", "7", "9", ".", "-", "+", "e") }), fc.double().map(String)),
        (text) => {
          const value = parseScalar(text);
          if (typeof value === "number") expect(String(value)).toBe(text);
          else expect(value).toBe(text);
        },
      ),
    );
  });
});
