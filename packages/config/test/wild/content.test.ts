/** What files may hold: numbers that no number can hold, merges, aliases, and content so large that parsers give up. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";

import { readJson } from "../../src/core/json_reader.ts";
import { SyntaxFault } from "../../src/formats/format.ts";
import { parse_bytes, parse_text } from "../../src/formats/parse.ts";
import { FileSource } from "../../src/sources/file.ts";
import { FORMAT_NAMES, type FormatName, load_format } from "../../src/formats/by_extension.ts";

for (const name of FORMAT_NAMES) await load_format(name);

function fault(format: FormatName, text: string): SyntaxFault {
  try {
    parse_text(text, format);
  } catch (error) {
    if (error instanceof SyntaxFault) return error;
    throw error;
  }
  throw new Error("Expected a fault");
}

const tree = (format: FormatName, text: string) => parse_text(text, format).tree;

describe("a number beyond the range of doubles is refused with its place", () => {
  test.each<[FormatName, string]>([
    ["json", '{"x": 1,\n "gitsha": 61e9540}'],
    ["json", '{"x": 1,\n "gitsha": [1e999]}'.replace("[1e999]", "1e999")],
    ["json", '{"x": 1,\n "gitsha": -1e999}'],
    ["json", '{"x": 1,\n "gitsha": 12e-9540}'],
    ["json", `{"x": 1,\n "gitsha": 1${"0".repeat(309)}}`],
    ["jsonc", '{"x": 1,\n "gitsha": 1e999,}'],
    ["yaml", "x: 1\ngitsha: 61e9540\n"],
    ["yaml", "x: 1\ngitsha: 1e999\n"],
    ["yaml", "x: 1\ngitsha: 12e-9540\n"],
    ["yaml", "x: 1\ngitsha: .inf\n"],
    ["yaml", "x: 1\ngitsha: -.INF\n"],
    ["yaml", "x: 1\ngitsha: .nan\n"],
    ["yaml", `x: 1\ngitsha: 1${"0".repeat(309)}\n`],
    ["toml", "x = 1\ngitsha = 61e9540\n"],
    ["toml", "x = 1\ngitsha = inf\n"],
    ["toml", "x = 1\ngitsha = -inf\n"],
    ["toml", "x = 1\ngitsha = nan\n"],
    ["toml", "x = 1\ngitsha = 12e-9540\n"],
    ["toml", `x = 1\ngitsha = 1${"0".repeat(309)}\n`],
  ])("%s: %.40j", (format, text) => {
    const { code, message, position } = fault(format, text);
    expect({ code, line: position?.line }).toStrictEqual({ code: "number", line: 2 });
    expect(message).toBe("a number beyond the range of doubles (a text needs quotes)");
  });

  test("and no other number is: quoted ones, zeros, the smallest and the largest", () => {
    const held = { a: "61e9540", b: 0, c: 5e-324, d: Number.MAX_VALUE, e: 12345678901234567890n, f: 0 };
    expect(
      tree("yaml", 'a: "61e9540"\nb: 0e-999\nc: 5e-324\nd: 1.7976931348623157e308\ne: 12345678901234567890\nf: 0.0'),
    ).toEqual(held);
    expect(
      tree(
        "toml",
        'a = "61e9540"\nb = 0e-999\nc = 5e-324\nd = 1.7976931348623157e308\ne = 12345678901234567890\nf = 0.0',
      ),
    ).toEqual(held);
    expect(
      tree("json", '{"a":"61e9540","b":0e-999,"c":5e-324,"d":1.7976931348623157e308,"e":12345678901234567890,"f":0.0}'),
    ).toEqual(held);
  });

  test("integers keep every digit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (integer) => {
        const wanted = Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
        expect(tree("json", `{"a":${integer}}`)["a"]).toBe(wanted);
        expect(tree("yaml", `a: ${integer}`)["a"]).toBe(wanted);
        expect(tree("toml", `a = ${integer}`)["a"]).toBe(wanted);
      }),
    );
    expect(tree("yaml", "a: 0xffffffffffffffff\nb: 0o17\nc: +12345678901234567890")).toEqual({
      a: 0xffffffffffffffffn,
      b: 15,
      c: 12345678901234567890n,
    });
  });
});

describe("JSONC", () => {
  const text = '// settings\n{\n  /* a\n comment */ "a": [1, 2,], // more\n  "b": {"c": "//no comment",},\n}\n// end';

  test("allows comments and commas after the last entry, and keeps places", () => {
    const { tree: read, locate } = parse_text(text, "jsonc");
    expect(read).toStrictEqual({ a: [1, 2], b: { c: "//no comment" } });
    expect(locate(["b", "c"])).toStrictEqual({ line: 5, column: 9 });
    expect(locate(["a", "1"])).toStrictEqual({ line: 4, column: 22 });
  });

  test("is the format of a .jsonc file, while JSON stays strict", () => {
    expect(new FileSource("settings.jsonc").format).toBe("jsonc");
    expect(fault("json", text)).toMatchObject({ message: "comments are not allowed in JSON", position: { line: 1 } });
    expect(fault("json", '{"a": [1,]}')).toMatchObject({ message: "a value is missing", position: { column: 10 } });
    expect(fault("jsonc", '{"a": 1,,}')).toMatchObject({ message: "a key in double quotes is missing" });
    expect(fault("jsonc", "{,}").message).toBe("a key in double quotes is missing");
    expect(fault("jsonc", '{"a": 1} /* x')).toMatchObject({ message: "a comment has no end" });
  });

  test("reads every JSON text like the strict reader", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, space) => {
        const written = JSON.stringify(value, undefined, space);
        fc.pre(!written.includes("__proto__"));
        expect(readJson(written, { relaxed: true, places: true })).toStrictEqual(readJson(written, { places: true }));
      }),
    );
  });
});

describe(".env", () => {
  test("is read as Node reads it, with the line of each name", () => {
    const text = "# all\nPORT=8080\n\nexport HOST = 'a # b' # c\nKEY=\"one\ntwo=2\"\nEMPTY=\nPORT=9090\n";
    const { tree: read, locate } = parse_text(text, "env");
    expect(read).toStrictEqual({ PORT: "9090", HOST: "a # b", KEY: "one\ntwo=2", EMPTY: "" });
    expect(["PORT", "HOST", "KEY", "EMPTY"].map((name) => locate([name])?.line)).toStrictEqual([8, 4, 5, 7]);
  });

  test("has no line that is skipped silently", () => {
    expect(fault("env", "A=1\nnonsense\n")).toMatchObject({ code: "syntax", position: { line: 2, column: 1 } });
    expect(fault("env", "A=1\n=2\n")).toMatchObject({ code: "syntax", position: { line: 2, column: 1 } });
  });

  test.each<[what: string, text: string, line: number, column: number]>([
    ["text after a closing quote", 'A=1\nB="x" y\n', 2, 7],
    ["text after a quote that was meant to be escaped", 'A="x\\"y"\n', 1, 7],
    ["the other half of a text with an apostrophe", "A='it''s'\n", 1, 7],
    ["text after the end of several lines", 'A="x\ny"z\nB=1\n', 2, 3],
    ["a quote without an end", 'A="x\nB=1\n', 1, 3],
    ["a NUL", "A=1\nB=x\0\n", 2, 4],
    ["a # that may belong to the value", "PASSWORD=abc#def\n", 1, 13],
    ["a comment of another dialect", "A=1\n;B=2\n", 2, 1],
    ["what a shell adds to a value", "A=1\nA+=2\n", 2, 1],
    ["a carriage return that ends no line", "A=1\rB=2\r", 1, 4],
  ])("refuses %s, which Node silently reads as something else", (_, text, line, column) => {
    expect(fault("env", text)).toMatchObject({ code: "syntax", position: { line, column } });
  });

  test("allows comments after values, and # inside quotes", () => {
    const text = "A=1 # c\nB='1 # c' # d\nC=\"#\"#c\nD=# c\nE= #c\r\nF=1\r\n";
    expect(parse_text(text, "env").tree).toEqual({ A: "1", B: "1 # c", C: "#", D: "", E: "", F: "1" });
  });

  test("refuses a name that would reach a prototype", () => {
    expect(fault("env", "A=1\n__proto__=2\n")).toMatchObject({ code: "unsafe_key", position: { line: 2, column: 1 } });
  });

  test("reads tabs around names and values, and line ends of both kinds, the same on every engine", () => {
    const text = "A\t=\tx\t# c\nB=\ty z\t\r\n\tC=1\nD='x'\t\nexport\tE=\"a\r\nb\\nc\"\r\n\t# F=1\nÄ.b-c=2";
    expect(parse_text(text, "env").tree).toStrictEqual({
      A: "x",
      B: "y z",
      C: "1",
      D: "x",
      E: "a\nb\nc",
      "Ä.b-c": "2",
    });
  });

  test.each([".env", ".env.local", "prod.env", "/etc/app/.ENV"])("is the format of %s", (path) => {
    expect(new FileSource(path).format).toBe("env");
  });
});

test.each(["a.ini", "a.properties", "a.xml", "a.toml.bak", "a.json5", "a.txt"])(
  "%s is refused: an unknown extension",
  (path) => {
    expect(() => new FileSource(path)).toThrow(
      /^Cannot make a FileSource of ".*": its extension is unknown, say \{ format \}/u,
    );
    expect(new FileSource(path, { format: "toml" }).format).toBe("toml");
  },
);

describe("YAML's <<", () => {
  test("merges a table below the table's own keys, wherever it is written", () => {
    const text = "base: &base\n  host: a\n  port: 1\n  tls: {on: true}\ndev:\n  port: 2\n  <<: *base\n  name: dev\n";
    const { tree: read, locate } = parse_text(text, "yaml");
    expect(read["dev"]).toStrictEqual({ port: 2, name: "dev", host: "a", tls: { on: true } });
    expect(locate(["dev", "port"])).toStrictEqual({ line: 6, column: 3 });
    expect(locate(["dev", "host"])).toStrictEqual({ line: 7, column: 3 });
    expect(locate(["dev", "tls", "on"])).toStrictEqual({ line: 7, column: 3 });
  });

  test("merges lists of tables, nested merges, and several merges as the yaml library does", () => {
    const text = `
a: &a {x: 1, y: 1}
b: &b {y: 2, z: 2}
c: &c {<<: *a, w: 3}
list: {<<: [*b, *a], v: 0}
chain: {<<: [*c, {q: 1}], y: 9}
inline: {<<: {n: 1}}
`;
    expect(tree("yaml", text)).toStrictEqual(parseYaml(text, { merge: true }));
  });

  test("is a key like any other in quotes", () => {
    expect(tree("yaml", 'a: {"<<": 1}')).toStrictEqual({ a: { "<<": 1 } });
  });

  test.each(["a: {<<: 1}", "b: &b [1]\na: {<<: *b}", "a: {<<: }", "b: &b 1\na: {<<: [*b]}"])("refuses %j", (text) => {
    expect(fault("yaml", text).message).toBe('what "<<" merges must be a table or a list of tables');
  });

  test("does not multiply without limit", () => {
    const lines = ["a0: &a0 {k0: 0}"];
    for (let i = 1; i < 200; i++) lines.push(`a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}], k${i}: 0}`);
    expect(fault("yaml", lines.join("\n"))).toMatchObject({ code: "too_large" });
    expect(fault("yaml", "a: &a {<<: *a}")).toBeInstanceOf(SyntaxFault);
  });
});

// Seconds of work on a busy machine.
describe("content of any size is read, or refused with file and reason", { timeout: 180_000 }, () => {
  const many = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));

  test.each<[string, FormatName, string]>([
    ["YAML of 50,000 keys", "yaml", many(50_000, (i) => `k${i}: 1`).join("\n")],
    ["YAML of 10,000 aliases", "yaml", `b: &b 1\n${many(9_999, (i) => `k${i}: *b`).join("\n")}`],
    ["TOML of blanks", "toml", `a = 1\n${" ".repeat(15_000_000)}`],
    ["TOML of blank lines", "toml", `a = 1\n${"\n".repeat(5_000_000)}b = 2`],
    ["TOML with a long key", "toml", `${"k".repeat(5_000_000)} = 1`],
    ["JSON of blanks", "json", `{"a":${" ".repeat(15_000_000)}1}`],
    ["JSON with a long text", "json", `{"a":"${"x".repeat(15_000_000)}"}`],
  ])("%s is read", (_, format, text) => {
    const { locate, tree: read } = parse_text(text, format);
    expect(locate([Object.keys(read)[0]!])?.line).toBe(1);
  });

  test.each<[string, FormatName, string, string]>([
    ["a JSON integer of 15 MB", "json", `{"a":${"1".repeat(15_000_000)}}`, "number"],
    ["a YAML integer of 5 MB", "yaml", `a: ${"1".repeat(5_000_000)}`, "number"],
    ["JSON lists in each other", "json", `{"a":${"[".repeat(1_000_000)}`, "too_deep"],
    ["TOML lists in each other", "toml", `a = ${"[".repeat(1_000_000)}`, "too_deep"],
    ["YAML lists in each other", "yaml", `a: ${"[".repeat(20_000)}`, "too_deep"],
  ])("%s is refused", (_, format, text, code) => {
    const found = fault(format, text);
    expect(found.code).toBe(code);
    expect(found.message).not.toMatch(/stack/u);
  });

  test("the parser's thread reports the place of a number, too", async () => {
    const text = `{${many(40_000, (i) => `"k${i}": 1`).join(",\n")},\n"gitsha": 61e9540}`;
    const parsed = parse_bytes(Buffer.from(text), "json", new AbortController().signal);
    await expect(parsed).rejects.toMatchObject({ code: "number", position: { line: 40_001, column: 11 } });
  });
});

test("a file's refusal names file, line and column, and shows nothing of it", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "otpts-content-")), "app.yaml");
  writeFileSync(path, "password: hunter2\ngitsha: 61e9540\n");
  const source = new FileSource(path, { settle: 0 });
  const loading = source.load({ signal: new AbortController().signal, env: {}, first: true });
  const error = (await loading.catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ name: "ConfigSourceError", line: 2, column: 1, file: path });
  expect(error.message).not.toMatch(/hunter2|61e9540/u);
});
