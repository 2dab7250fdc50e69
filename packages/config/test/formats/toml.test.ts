import fc from "fast-check";
import { stringify } from "smol-toml";
import { describe, expect, test } from "vitest";

import { isWellFormed } from "../../src/core/path.ts";
import type { Value } from "../../src/core/value.ts";
import { type Place, SyntaxFault } from "../../src/formats/format.ts";
import { parse_text } from "../../src/formats/parse.ts";
import { load_format } from "../../src/formats/by_extension.ts";
import { toml } from "../../src/formats/toml.ts";

await load_format("toml");

const read = (text: string) => parse_text(text, "toml");

/** `line:column` of each leaf, by path. */
function places(text: string): Record<string, string> {
  const { tree, locate } = read(text);
  const found: Record<string, string> = {};
  const walk = (value: Value, path: string[]) => {
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    } else {
      const { line, column } = locate(path)!;
      found[path.join("/")] = `${line}:${column}`;
    }
  };
  walk(tree, []);
  return found;
}

function fault(text: string): SyntaxFault {
  try {
    toml.parse(text);
  } catch (error) {
    if (error instanceof SyntaxFault) return error;
    throw error;
  }
  throw new Error("Expected a fault");
}

describe("toml", () => {
  test("returns plain objects, and dates and times as written", () => {
    const { tree } = read(
      `odt = 1979-05-27T07:32:00.123456789-08:00 # 1980-01-01
ldt = 1979-05-27 07:32:00
ld = 1979-05-27
lt = 07:32:00.5
many = [ 1979-05-27, [2000-01-01T00:00:00Z], { at = 1999-12-31t23:59:59z } ]
`,
    );
    expect(tree).toStrictEqual({
      odt: "1979-05-27T07:32:00.123456789-08:00",
      ldt: "1979-05-27 07:32:00",
      ld: "1979-05-27",
      lt: "07:32:00.5",
      many: ["1979-05-27", ["2000-01-01T00:00:00Z"], { at: "1999-12-31t23:59:59z" }],
    });
    expect(Object.getPrototypeOf(tree)).toBe(Object.prototype);
  });

  test("reads integers beyond 2^53 as bigints, and the smaller ones as numbers", () => {
    expect(read("a = 9007199254740993\nb = 9007199254740991\nc = 0xffff_ffff_ffff\nd = 1e20\n").tree).toEqual({
      a: 9007199254740993n,
      b: 9007199254740991,
      c: 0xffffffffffff,
      d: 1e20,
    });
  });

  test.each([
    ["dotted keys", "a.b . 'c.d'.e = 1\na.b.x = 2\n", { "a/b/c.d/e": "1:1", "a/b/x": "2:1" }],
    ["a dotted key's own part", "a.b = 1\n", { "a/b": "1:3" }],
  ])("locates %s", (_, text, expected) => {
    const { locate, tree } = read(text);
    expect(locate(Object.keys(expected)[0]!.split("/"))).toBeDefined();
    expect(Object.keys(places(text))).toEqual(Object.keys(expected));
    for (const [path, at] of Object.entries(expected)) {
      expect(locate(path.split("/"))!.line, path).toBe(Number(at.split(":")[0]));
    }
    expect(tree).toBeDefined();
  });

  test("locates each leaf at the part of its key that names it", () => {
    expect(places('a.b."c.d" = 1\n  x = 2\n[ t . u ]\nv.w = 3\n')).toEqual({
      "a/b/c.d": "1:5",
      x: "2:3",
      "t/u/v/w": "4:3",
    });
  });

  test("locates values in lists of tables, nested ones too", () => {
    const text = `[[fruit]]
name = "apple"
[fruit.physical]
color = "red"
[[fruit.variety]]
name = "red delicious"
[[fruit.variety]]
name = "granny smith"
[[fruit]]
name = "banana"
[[fruit.variety]]
name = "plantain"
`;
    expect(places(text)).toEqual({
      "fruit/0/name": "2:1",
      "fruit/0/physical/color": "4:1",
      "fruit/0/variety/0/name": "6:1",
      "fruit/0/variety/1/name": "8:1",
      "fruit/1/name": "10:1",
      "fruit/1/variety/0/name": "12:1",
    });
    expect(read(text).locate(["fruit", "1"])).toEqual({ line: 9, column: 3 });
  });

  test("locates values in inline tables and lists over several lines", () => {
    const text = `a = { b = 1, "c d" = { e = [ 10, { f = 2 } ] } }
l = [ # ] = no end
  "x", # y = 1
  [ 1,
    2 ],
]
z = 1
`;
    expect(places(text)).toEqual({
      "a/b": "1:7",
      "a/c d/e/0": "1:30",
      "a/c d/e/1/f": "1:36",
      "l/0": "3:3",
      "l/1/0": "4:5",
      "l/1/1": "5:5",
      z: "7:1",
    });
  });

  test("mistakes no string or comment for a key", () => {
    const text = `# ghost = 1
a = """
ghost = 2
[ghost]
\\"""
""" # ghost = 3
b = '''
ghost = 4'' '''
c = "ghost = \\" # [ghost]"
d = 'ghost = \\'
"e = \\"f" = """"quoted""""
g = ''''x'''''
[t] # [ghost]
h = 1
`;
    expect(places(text)).toEqual({
      a: "2:1",
      b: "7:1",
      c: "9:1",
      d: "10:1",
      'e = "f': "11:1",
      g: "12:1",
      "t/h": "14:1",
    });
  });

  test("reads escapes in keys as the parser does", () => {
    const text = String.raw`"a\tb" = 1
"\u00e9\U0001F600" = 2
"" = 3
'\t' = 4
`;
    expect(places(text)).toEqual({ "a\tb": "1:1", "é😀": "2:1", "": "3:1", "\\t": "4:1" });
  });

  test("locates a table at its own header, even if a header of its children came first", () => {
    const { locate } = read("[a.b]\nx = 1\n[a]\ny = 2\n");
    expect(locate(["a"])).toEqual({ line: 3, column: 2 });
    expect(locate(["a", "b", "x"])).toEqual({ line: 2, column: 1 });
  });

  test("locates a missing path at the nearest node above it, and the root nowhere", () => {
    const { locate } = read("[a]\nb = 1\n");
    expect(locate(["a", "c", "d"])).toEqual({ line: 1, column: 2 });
    expect(locate(["x"])).toBeUndefined();
    expect(locate([])).toBeUndefined();
  });

  test("counts lines with CRLF alike", () => {
    expect(places('a = 1\r\n[t]\r\nb = """\r\nx\r\n"""\r\nc = 2\r\n')).toEqual({
      a: "1:1",
      "t/b": "3:1",
      "t/c": "6:1",
    });
  });

  test("has a separate place for every node of any document", () => {
    const key = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("a", "b.c", "#", "]", '"', "'", "="),
    );
    const named = key.filter((name) => name !== "__proto__" && isWellFormed(name));
    const text = fc.oneof(fc.string(), fc.constantFrom("#", "a = 1", "[t]", '"""', "'''", "\n[x]\ny = 1\n", "\\"));
    const { value } = fc.letrec<{ value: unknown; table: Record<string, unknown> }>((tie) => ({
      table: fc.dictionary(named, tie("value") as fc.Arbitrary<unknown>, { maxKeys: 4 }),
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.oneof(text.filter(isWellFormed), fc.integer(), fc.boolean()),
        fc.array(tie("value") as fc.Arbitrary<unknown>, { maxLength: 3 }),
        tie("table") as fc.Arbitrary<unknown>,
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(named, value, { maxKeys: 5 }), (document) => {
        const written = stringify(document);
        const parsed = toml.parse(written);
        const lines = written.split("\n");
        const walk = (inner: Value, place: Place | undefined, path: string[]) => {
          expect(place, path.join("/")).toBeDefined();
          const at = read(written).locate(path);
          if (path.length > 0) expect(lines[at!.line - 1]).toBeDefined();
          if (typeof inner !== "object" || inner === null) return;
          expect([...(place!.children?.keys() ?? [])].sort()).toEqual(Object.keys(inner).sort());
          for (const [name, below] of Object.entries(inner)) walk(below, place!.children!.get(name), [...path, name]);
        };
        walk(parsed.tree, parsed.places(), []);
      }),
    );
  });

  test.each([
    ['a = 1\nb = "x\n', 2, "a string has no end on its line, or a control character in it"],
    ["a = hunter2\n", 1, "not a value of TOML (a string needs quotes)"],
    ["a = 1\na = 2\n", 2, "the same key or table is defined twice"],
    ["[a]\n[a]\n", 2, "the same key or table is defined twice"],
    ["a = 1 hunter2\n", 1, "a line must end after its value"],
    ["hunter2\n", 1, "a character that needs quotes in a key"],
    ["a = 2020-13-45\n", 1, "not a date or time"],
    ['a = "\\q"\n', 1, "not an escape sequence of TOML"],
    ["a = [\n1,\nb = hunter2\n", 3, 'the list above has no "]"'],
    ['a = [\n"x",\n[t] # hunter2\nb = 1\n', 3, 'the list above has no "]"'],
    ["a = [\n1,\nhunter2 ]\n", 3, "not a value of TOML (a string needs quotes)"],
    ["a = 1\nb = c = hunter2\n", 2, "not a value of TOML (a string needs quotes)"],
    ["[hunter2\na = 1\n", 1, 'a table\'s header must end in "]"'],
    ["[a.hunter2", 1, 'a table\'s header must end in "]"'],
    ["a = [1, 2\n", 2, "a comma or the end of the list or table is missing"],
    ["a = 007\n", 1, "a number must not begin with a zero"],
    ["a = 1__0\n", 1, "an underscore in a number must be between digits"],
  ])("reports place and kind of mistake for %j", (text, line, message) => {
    expect(fault(text)).toMatchObject({ code: "syntax", message, position: { line } });
  });

  test("words every mistake without a message of the parser", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(..."a1-+_.:[]{}=\"'#\\, \n\u0000TZ".split("")), { maxLength: 20 }),
        (chars) => {
          try {
            toml.parse(chars.join(""));
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxFault);
            expect((error as SyntaxFault).message).not.toBe("syntax error");
            expect((error as SyntaxFault).message).not.toContain("\n");
            expect((error as SyntaxFault).position).toBeDefined();
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("refuses __proto__ with its place, and accepts constructor as any key", () => {
    expect(fault("a = 1\n[b]\n__proto__.x = 1\n")).toMatchObject({
      code: "unsafe_key",
      position: { line: 3, column: 1 },
    });
    expect(fault('a = [{ "__proto__" = 1 }]\n')).toMatchObject({
      code: "unsafe_key",
      position: { line: 1, column: 8 },
    });
    expect(fault("[__proto__]\npolluted = 1\n")).toMatchObject({ code: "unsafe_key" });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(read("constructor.prototype.x = 1\n").tree).toEqual({ constructor: { prototype: { x: 1 } } });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test("refuses a value that is nested 10,000 levels deep", () => {
    const deep = 10_000;
    expect(fault(`a = ${"[".repeat(deep)}${"]".repeat(deep)}\n`)).toMatchObject({ code: "too_deep" });
    expect(fault(`a = ${"{a=".repeat(deep)}1${"}".repeat(deep)}\n`)).toMatchObject({ code: "too_deep" });
    expect(fault(`${"a.".repeat(deep)}a = 1\n`)).toMatchObject({ code: "too_deep" });
    expect(fault(`[${"a.".repeat(deep)}a]\n`)).toMatchObject({ code: "too_deep" });
  });
});
