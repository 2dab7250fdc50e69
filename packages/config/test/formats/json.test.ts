import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { SyntaxFault } from "../../src/formats/format.ts";
import { json } from "../../src/formats/json.ts";
import { parse_text } from "../../src/formats/parse.ts";

function fault(text: string): SyntaxFault {
  try {
    json.parse(text);
  } catch (error) {
    if (error instanceof SyntaxFault) return error;
    throw error;
  }
  throw new Error("Expected a fault");
}

describe("json", () => {
  test("reads the same as JSON.parse", () => {
    const safe = fc
      .jsonValue()
      .map((value) => JSON.stringify({ value }))
      // Where a double loses digits a bigint does not.
      .filter((text) => !text.includes("__proto__") && !/\d{16}/.test(text));
    fc.assert(
      fc.property(safe, (text) => {
        expect(json.parse(text).tree).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  test("refuses every text that JSON.parse refuses", () => {
    const chars = fc.constantFrom(...'{}[]:,"\\ua10-+.eE/* \n\t\u000b\u00a0tfn'.split(""), "true", "null", '"a":');
    fc.assert(
      fc.property(fc.array(chars, { maxLength: 12 }), (parts) => {
        const text = `{"a":${parts.join("")}}`;
        let refused = false;
        try {
          JSON.parse(text);
        } catch {
          refused = true;
        }
        // A number that cannot be held, a key written twice and `__proto__` are refused here only.
        if (refused) expect(fault(text).message).not.toContain("\n");
      }),
      { numRuns: 3000 },
    );
  });

  test("reads integers beyond 2^53 as bigints", () => {
    expect(json.parse('{"a":9007199254740993,"b":-12345678901234567890,"d":12345678901234567000.5}').tree).toEqual({
      a: 9007199254740993n,
      b: -12345678901234567890n,
      d: Number("12345678901234567000.5"),
    });
  });

  test("locates each leaf at its key, and an element of a list at its own place", () => {
    const { locate } = parse_text('{\n "a": {"b" :\n  1},\n "l": [1,\n  {"c": null}]\n}', "json");
    expect(locate(["a"])).toEqual({ line: 2, column: 2 });
    expect(locate(["a", "b"])).toEqual({ line: 2, column: 8 });
    expect(locate(["l", "0"])).toEqual({ line: 4, column: 8 });
    expect(locate(["l", "1"])).toEqual({ line: 5, column: 3 });
    expect(locate(["l", "1", "c"])).toEqual({ line: 5, column: 4 });
  });

  test("locates keys that look like numbers, which a table orders differently from the text", () => {
    const { locate } = parse_text('{"b": 1,\n"10": 2,\n"2": 3}', "json");
    expect(["b", "10", "2"].map((key) => locate([key])!.line)).toEqual([1, 2, 3]);
  });

  test.each([
    ["", 1, 1, "a value is missing"],
    ['{\n"a": hunter2}', 2, 6, "not a value of JSON"],
    ['{"a": 1,}', 1, 9, "a key in double quotes is missing"],
    ['{"a": 1 // hunter2\n}', 1, 9, "comments are not allowed in JSON"],
    ['{"a": 1} 2', 1, 10, "text after the end"],
    ['{"a": 1', 1, 8, 'a "}" is missing'],
    ['{"a": "x\n"}', 1, 7, "a string has no end"],
    ['{"a": 1,\n "a": 2}', 2, 2, "the same key is written twice"],
  ])("reports place and kind of mistake for %j", (text, line, column, message) => {
    expect(fault(text)).toMatchObject({ code: "syntax", message, position: { line, column } });
  });

  test("refuses a top level that is not a table, __proto__, and 10,000 levels", () => {
    expect(fault("[]")).toMatchObject({ code: "shape" });
    expect(fault("null")).toMatchObject({ code: "shape" });
    expect(fault('{"a":\n{"__proto__": 1}}')).toMatchObject({ code: "unsafe_key", position: { line: 2, column: 2 } });
    expect(fault(`{"a":${"[".repeat(10_000)}`)).toMatchObject({ code: "too_deep" });
    expect(fault('{"a":'.repeat(10_000))).toMatchObject({ code: "too_deep" });
  });
});
