import { describe, expect, test } from "vitest";

import { SyntaxFault } from "../../src/formats/format.ts";
import { parse_text } from "../../src/formats/parse.ts";
import { yaml } from "../../src/formats/yaml.ts";
import { load_format } from "../../src/formats/by_extension.ts";

await load_format("yaml");

const tree = (text: string) => parse_text(text, "yaml").tree;

function fault(text: string): SyntaxFault {
  try {
    yaml.parse(text);
  } catch (error) {
    if (error instanceof SyntaxFault) return error;
    throw error;
  }
  throw new Error("Expected a fault");
}

describe("yaml", () => {
  test("follows YAML 1.2's core schema: yes and dates are strings, keys are strings", () => {
    expect(tree("a: yes\nb: 2001-12-14\nc: 0o17\nd: ~\ne: 1.5\n1: true\nno: x\n")).toStrictEqual({
      1: true,
      a: "yes",
      b: "2001-12-14",
      c: 15,
      d: null,
      e: 1.5,
      no: "x",
    });
  });

  test("reads integers beyond 2^53 as bigints", () => {
    expect(tree("a: 9007199254740993\nb: 5\n")).toEqual({ a: 9007199254740993n, b: 5 });
  });

  test("reads an empty document as an empty table", () => {
    expect(tree("")).toEqual({});
    expect(tree("# nothing\n")).toEqual({});
  });

  test("locates each leaf at its key, and the leaves of an alias at the alias's key", () => {
    const { locate, tree: read } = parse_text("base: &b\n  x: 1\nmore:\n  - a\n  - {y: 2}\ncopy: *b\n", "yaml");
    expect(read).toEqual({ base: { x: 1 }, more: ["a", { y: 2 }], copy: { x: 1 } });
    expect(locate(["base", "x"])).toEqual({ line: 2, column: 3 });
    expect(locate(["more", "0"])).toEqual({ line: 4, column: 5 });
    expect(locate(["more", "1", "y"])).toEqual({ line: 5, column: 6 });
    expect(locate(["copy", "x"])).toEqual({ line: 6, column: 1 });
  });

  test("refuses aliases that multiply", () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
    for (let level = 1; level < 9; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(",")}]`);
    }
    expect(fault(lines.join("\n"))).toMatchObject({
      code: "too_large",
      message: "aliases bring in more than 10000 values",
    });
    expect(fault("a: &a [*a]\n")).toMatchObject({ code: expect.stringMatching(/too_deep|too_large|syntax/) });
  });

  test.each([
    ['a: 1\nb: "hunter2\n', 3, "a bracket, quote or comma is missing"],
    ["a: 1\na: 2\n", 2, "the same key is written twice"],
    ["a: 1\n  b: hunter2\n", 1, undefined],
    ["a: !!omap [b: hunter2]\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: !!pairs [b: hunter2]\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: !!set {b, c}\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: !!timestamp 2020-01-01\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: !!float x\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: !secret hunter2\n", 1, "an unknown tag, or one that does not fit its value"],
    ["a: 1\n---\nb: 2\n", 2, "several documents in one file"],
    [
      "# old\n%YAML 1.1\n---\na: yes\nb: 010\n",
      2,
      'YAML 1.1, where "yes" and "010" mean something else: only YAML 1.2 is read, leave this line out',
    ],
    ["a:\n\t- 1\n", 2, undefined],
    ["? {a: 1}\n: 2\n", 1, "a key must be a string"],
    ["a: *nowhere\n", 1, "an alias without its anchor"],
    ["a: 1\nb: hunter2\0\n", 2, "a control character"],
    ["\0\0\0\0", 1, "a control character"],
    ["a: \x1b[31mhunter2\n", 1, "a control character"],
    ["a: 1\n\ufeffb: hunter2\n", 2, "a byte order mark inside the file"],
  ])("reports place and kind of mistake for %j", (text, line, message) => {
    const found = fault(text);
    expect(found).toMatchObject({ code: "syntax", position: { line } });
    if (message !== undefined) expect(found.message).toBe(message);
    expect(found.message).not.toContain("hunter2");
    expect(found.message).not.toBe("syntax error");
  });

  test("refuses a top level that is not a table, __proto__, and 10,000 levels", () => {
    expect(fault("- 1\n")).toMatchObject({ code: "shape" });
    expect(fault("just text\n")).toMatchObject({ code: "shape" });
    expect(fault("a:\n  __proto__: 1\n")).toMatchObject({ code: "unsafe_key", position: { line: 2, column: 3 } });
    expect(fault(`a: ${"[".repeat(10_000)}${"]".repeat(10_000)}`)).toMatchObject({ code: "too_deep" });
  });

  test.each(["a: [", "a: {a: ", "a: [a: ", "- ", "? ", "- - ? "])(
    "stops where %j first nests too deep, so that neither time nor stack depends on what follows",
    (text) => {
      const opening = text.replace("a: ", "");
      const deep = fault(text + opening.repeat(600));
      expect(deep).toMatchObject({ code: "too_deep", position: { line: 1 } });
      expect(fault(text + opening.repeat(200_000)).position).toEqual(deep.position);
    },
  );

  test("reads the deepest allowed nesting", () => {
    expect(tree(`a: ${"[".repeat(499)}1${"]".repeat(499)}`)).toHaveProperty(["a"]);
    const lines = Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
    expect(tree(`${lines} 1`)).toHaveProperty(["a", "a"]);
    expect(fault(`${lines}\n${" ".repeat(500)}a: 1`)).toMatchObject({ code: "too_deep" });
  });
});
