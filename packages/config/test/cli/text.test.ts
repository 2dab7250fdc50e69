import { describe, expect, test } from "vitest";
import { table } from "../../src/cli/table.ts";
import { cut, widthOf, wrapped, printable } from "../../src/cli/terminal.ts";
import { printable as logged } from "../../src/core/printable.ts";
import { valueOfArgument } from "../../src/cli/value_argument.ts";

describe("text", () => {
  test.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["漢字", 4],
    ["👩‍👩‍👧", 2],
    ["\u001b[31mred\u001b[39m", 3],
  ])("%j takes %i columns", (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  test("is cut between characters, with a mark", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("漢字漢字", 4)).toBe("漢…");
    expect(cut("abc", 0)).toBe("");
  });

  test("is wrapped at spaces, and words that are too long stay whole", () => {
    expect(wrapped("aa bb cc dddddd", 5)).toEqual(["aa bb", "cc", "dddddd"]);
  });

  test("shows control characters by their numbers", () => {
    expect(printable("a\u001b[2J\u009b\u202eb\n")).toBe("a\\u001b[2J\\u009b\\u202eb\\u000a");
  });
});

test("the columns of a table are aligned by width, and the widest is cut first", () => {
  const rows = [
    [{ text: "漢" }, { text: "x".repeat(30) }, { text: "end" }],
    [{ text: "abc" }, { text: "y" }, { text: "" }],
  ];
  expect(table(rows, Infinity, [1])).toEqual([`漢   ${"x".repeat(30)}  end`, "abc  y"]);
  expect(table(rows, 24, [1])).toEqual([`漢   ${"x".repeat(13)}…  end`, "abc  y"]);
});

test.each([
  ["5", 5],
  ["true", true],
  ["null", null],
  ["info", "info"],
  ["1.2.3.4", "1.2.3.4"],
  ['"5"', "5"],
  ['{"a": [1]}', { a: [1] }],
  ["12345678901234567890", 12345678901234567890n],
  ["", ""],
])("the argument %s is read as the value %s", (text, value) => {
  expect(valueOfArgument(text, false)).toEqual(value);
  expect(valueOfArgument(text, true)).toBe(text);
});

test.each(["[1, 2", '{"a": 1, "a": 2}', "1e999"])("the argument %s is refused with a hint at --text", (text) => {
  expect(() => valueOfArgument(text, false)).toThrow("--text takes it as text");
});

test("a command and the log write out the same characters", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const char = String.fromCharCode(code);
    expect(printable(char) === logged(char)).toBe(true);
  }
});
