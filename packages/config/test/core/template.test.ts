import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { ShapeType } from "../../src/core/shape.ts";
import { type Filled, type Lookup, type Masked, type Substitution, mask_template } from "../../src/core/template.ts";
import { UNLIMITED } from "../../src/core/sliced.ts";
import type { Value } from "../../src/core/value.ts";
import { parse_text } from "../../src/formats/parse.ts";
import { load_format } from "../../src/formats/by_extension.ts";
import { read_toml_value } from "../../src/sources/template.ts";

await load_format("toml");

type Values = Readonly<Record<string, Substitution>>;

/** @param expected the type of all values, if known */
function fill(text: string, values: Values = {}, expected?: ShapeType): Filled {
  const masked = mask_template(text);
  expect(masked.problems).toEqual([]);
  return masked.fill(
    parse_text(masked.text, "toml").tree,
    (name) => (Object.hasOwn(values, name) ? { value: values[name]!, from: "substitutions" } : undefined),
    read_toml_value,
    expected === undefined ? undefined : () => ({ type: expected, children: new Map() }),
    UNLIMITED,
  ) as Filled;
}

function filled(text: string, values: Values = {}): unknown {
  const { tree, problems } = fill(text, values);
  expect(problems).toEqual([]);
  return tree;
}

const problems = (text: string, values: Values = {}) =>
  [
    ...mask_template(text).problems,
    ...(mask_template(text).problems.length > 0 ? [] : fill(text, values).problems),
  ].map(({ message, offset }) => `${offset}: ${message}`);

const NOT_ONE = "the value of A must be one TOML value without tables (a string needs quotes)";

describe("a template", () => {
  test("reads the example of the specification", () => {
    const text = `# config.toml.template
[queuemizer]
interfaces = ["\${INTERFACES}"]
log_level = "\${LOG_LEVEL:INFO}"

[database]
url = "\${DATABASE_URL}"
max_connections = \${MAX_CONNECTIONS:10}
`;
    const values = { INTERFACES: "eth0,eth1", DATABASE_URL: "pg://db/app?a=1#b" };
    expect(filled(text, values)).toEqual({
      queuemizer: { interfaces: ["eth0", "eth1"], log_level: "INFO" },
      database: { url: "pg://db/app?a=1#b", max_connections: 10 },
    });
    expect(filled(text, { ...values, INTERFACES: "eth0", MAX_CONNECTIONS: "25", LOG_LEVEL: "DEBUG" })).toEqual({
      queuemizer: { interfaces: ["eth0"], log_level: "DEBUG" },
      database: { url: "pg://db/app?a=1#b", max_connections: 25 },
    });
  });

  test("accepts any text inside a quoted string, of each of the four kinds", () => {
    const hostile = `"'\\ """ ''' \n[evil]\nevil = 1 # $\{X} \${A} $$ \u0000 \ue0000\ue001 é😀`;
    for (const [open, close] of [
      ['"', '"'],
      ["'", "'"],
      ['"""', '"""'],
      ["'''", "'''"],
    ] as const) {
      expect(filled(`a = ${open}<\${A}|\${A}>${close}\nb = 1\n`, { A: hostile })).toEqual({
        a: `<${hostile}|${hostile}>`,
        b: 1,
      });
    }
  });

  test("reads a bare value as one TOML value", () => {
    const read = (value: Substitution) => (filled("a = ${A}\n", { A: value }) as { a: unknown }).a;
    expect(read("10")).toBe(10);
    expect(read(" true ")).toBe(true);
    expect(read('"x # y"')).toBe("x # y");
    expect(read('[1, "b", [2]]')).toEqual([1, "b", [2]]);
    expect(read("1979-05-27T07:32:00Z")).toBe("1979-05-27T07:32:00Z");
    expect(read("9007199254740993")).toBe(9007199254740993n);
    expect(read('"""\na\nb"""')).toBe("a\nb");
    expect(read(5)).toBe(5);
    expect(read(false)).toBe(false);
    expect(read(["a", 1])).toEqual(["a", 1]);
    expect(filled("a = -${A}.${B:5}e${C}\n", { A: "1", C: "2" })).toEqual({ a: -150 });
    expect(filled("a = { b = ${A}, c = [${A},${A}] }\n", { A: "1" })).toEqual({ a: { b: 1, c: [1, 1] } });
  });

  test.each([
    "info",
    "1, 2",
    "1\nevil = 2",
    "1 # comment",
    "1]",
    "1, 0] #",
    "[1]\n[evil]",
    "{ evil = 1 }",
    "[{ evil = 1 }]",
    '"a" "b"',
    "1\r\nevil = 2",
    "= 1",
  ])("refuses a bare value that is not one value without tables: %j", (value) => {
    expect(problems("b = 1\na = ${A}\n", { A: value })).toEqual([`10: ${NOT_ONE}`]);
  });

  test("counts an empty bare value as not set, and uses the default, unless a text is expected", () => {
    expect(filled("a = ${A:5}\nb = ${A:[1]}\n", { A: "" })).toEqual({ a: 5, b: [1] });
    expect(filled("a = ${A:5}\n", { A: " " })).toEqual({ a: 5 });
    expect(fill("a = ${A:'x'}\n", { A: "" }, "string").tree).toEqual({ a: "" });
    const { tree, problems: none, placeholders } = fill("a = ${A:5}\n", { A: "" }, "number");
    expect({ tree, none }).toEqual({ tree: { a: 5 }, none: [] });
    expect(placeholders(["a"])).toEqual([{ name: "A", from: "default" }]);
    for (const value of ["", " "]) {
      expect(problems("b = 1\na = ${A}\n", { A: value })).toEqual([
        "10: the value of A is empty, and must be one TOML value without tables (a string needs quotes)",
      ]);
    }
    expect(problems("a = ${A}h\n", { A: "" })).toEqual([`4: ${NOT_ONE}`]);
    expect(problems("a = ${A}${A}\n", { A: "" })).toEqual([
      "4: this text must be one TOML value without tables (a string needs quotes)",
    ]);
  });

  test("refuses a bare value that takes long to read, and lists of many elements in quotes only", () => {
    const many = Array.from({ length: 40_000 }, () => "1").join(",");
    expect(problems("a = ${A}\n", { A: `[${many}]` })).toEqual([
      "4: the value of A is very long, and must be one TOML value without tables (a string needs quotes)",
    ]);
    expect(filled('a = ["${A}"]\n', { A: many })).toEqual({ a: many.split(",") });
  });

  test.each([
    ["a string", `a = "${"$$".repeat(100_000)}"\n`],
    ["a string of several lines", `a = '''${"x\n".repeat(100_000)}'''\n`],
    ["text without quotes", `a = ${"x".repeat(200_000)}\n`],
    ["text of placeholders only", `a = ${"${A}".repeat(50_000)}\n`],
  ])("scans %s in slices, however long it is", async (_, text) => {
    let turns = 0;
    const budget = { spent: () => true, turn: async () => void (turns += 1) };
    const sliced = await mask_template(text, budget);
    expect(turns).toBeGreaterThan(15);
    expect(sliced.text).toBe(mask_template(text).text);
  });

  test("refuses a bare value that is nested too deep", () => {
    const deep = "[".repeat(10_000) + "]".repeat(10_000);
    expect(problems("a = ${A}\n", { A: deep })).toEqual([`4: ${NOT_ONE}`]);
  });

  test("reads everything up to the brace as the default, even if it is empty", () => {
    expect(
      filled('a = "${A:}"\nb = "${A:x:y-z}"\nc = ${A:[1, 2]}\nd = "${A:a\\"\\u00e9}"\ne = \'${A:\\q}\'\n'),
    ).toEqual({
      a: "",
      b: "x:y-z",
      c: [1, 2],
      d: 'a"é',
      e: "\\q",
    });
    expect(filled('a = "${A:x}"\n', { A: "" })).toEqual({ a: "" });
  });

  test("reads two dollar signs as one, and keeps a lone one", () => {
    expect(filled('a = "$$ $${A} $5 a$"\nb = "$$$${A}"\n"$$k$" = 1\n')).toEqual({
      a: "$ ${A} $5 a$",
      b: "$${A}",
      $k$: 1,
    });
  });

  test("ignores placeholders in comments", () => {
    expect(filled("# ${A}\na = 1 # ${B\n[t] # ${}\nb = [ # ${C}\n1 ]\n")).toEqual({ a: 1, t: { b: [1] } });
  });

  test.each([
    ["${A} = 1\n", 0],
    ['"x${A}" = 1\n', 2],
    ["a.${A} = 1\n", 2],
    ["[t.${A}]\n", 3],
    ['[["${A}"]]\n', 3],
    ["a = { ${A} = 1 }\n", 6],
    ["a = [{ b = 1, '${A}' = 1 }]\n", 15],
  ])("allows no placeholder in a key: %j", (text, offset) => {
    expect(problems(text, { A: "x" })).toEqual([`${offset}: a placeholder is not allowed in a key`]);
  });

  test.each(['a = "${}"', 'a = "${A"', 'a = "${1}"', 'a = "${A B}"', "a = ${A", 'a = "${A:\n}"'])(
    "refuses an incomplete placeholder: %j",
    (text) => {
      expect(problems(`${text}\n`)[0]).toMatch(/^\d+: \$\{ must be part of/);
    },
  );

  test("allows no placeholder in a default", () => {
    expect(problems('a = "${A:${B}}"\n')).toEqual(["5: a placeholder is not allowed in a default"]);
  });

  test("reports all names without a value in order, each with its place", () => {
    const text = 'a = "${A}${B}"\nb = [${C}, "${A}"]\nc = ${D:1}\n';
    const { problems: found } = fill(text);
    expect(found.map(({ offset, unresolved }) => [offset, unresolved])).toEqual([
      [5, "A"],
      [9, "B"],
      [20, "C"],
      [27, "A"],
    ]);
  });

  test("expands a list's element to as many elements as its value has", () => {
    const list = (element: string, value: Substitution) =>
      (filled(`a = [${element}]\n`, { A: value }) as { a: unknown }).a;
    expect(list('"${A}"', "x")).toEqual(["x"]);
    expect(list('"${A}"', "x, y ,z")).toEqual(["x", "y", "z"]);
    expect(list('"${A}"', " x ")).toEqual([" x "]);
    expect(list('"${A}"', "")).toEqual([]);
    expect(list('"${A}"', '["x,y", 2, true]')).toEqual(["x,y", "2", "true"]);
    expect(list('"${A}"', "[::1]:80")).toEqual(["[::1]:80"]);
    expect(list('"${A}"', ["x,y", "z"])).toEqual(["x,y", "z"]);
    expect(list("${A}", "80,443")).toEqual([80, 443]);
    expect(list("${A}", [80, "x"])).toEqual([80, "x"]);
    expect(list('"a", "${A}", "b"', "x,y")).toEqual(["a", "x", "y", "b"]);
    expect(list('"${A}!"', "x,y")).toEqual(["x,y!"]);
    expect(list('["${A}"], {b = "${A}"}', "x,y")).toEqual([["x", "y"], { b: "x,y" }]);
    expect(problems("a = [${A}]\n", { A: "80,info" })).toEqual([`5: ${NOT_ONE}`]);
    expect(problems('a = "${A}"\n', { A: ["x"] })).toEqual([
      "5: the value of A is a list, which cannot be part of a string",
    ]);
  });

  test("reports the placeholders of each leaf and the source of their values", () => {
    const { placeholders, masked_path } = fill(
      'a = "${A}${B:x}"\nb = ["1", "${L}", "2"]\nc = 1\nd = [["${L}", "${A}"]]\n',
      {
        A: "1",
        L: "x,y",
      },
    );
    const a = { name: "A", from: "substitutions" };
    const l = { name: "L", from: "substitutions" };
    expect(placeholders(["a"])).toEqual([a, { name: "B", from: "default" }]);
    expect(placeholders(["b", "0"])).toEqual([]);
    expect(placeholders(["b", "1"])).toEqual([l]);
    expect(placeholders(["b", "2"])).toEqual([l]);
    expect(placeholders(["b", "3"])).toEqual([]);
    expect(placeholders(["b"])).toEqual([l]);
    expect(placeholders(["d"])).toEqual([l, a]);
    expect(placeholders([])).toEqual([]);
    expect(placeholders(["c"])).toEqual([]);
    expect(placeholders(["d", "0", "2"])).toEqual([a]);
    expect(["0", "1", "2", "3"].map((index) => masked_path(["b", index])[1])).toEqual(["0", "1", "1", "2"]);
    expect(masked_path(["d", "0", "2"])).toEqual(["d", "0", "1"]);
  });

  test("keeps its keys whatever the values are", () => {
    const text = `top = "\${A}"
literal = '\${B}'
bare = \${A}
mixed = 1\${B}
list = ["\${A}", \${B}, 'x\${A}']
"quoted.key" = """
\${A} "\${B}" """
[table]
inline = { a = "\${A}", b = \${B}, c = ['''\${A}'''] }
[[tables]]
last = "\${B}" # \${C}
`;
    const syntax = fc.constantFrom(
      '"',
      "'",
      '"""',
      "'''",
      "\n",
      "\r\n",
      "=",
      "[",
      "]",
      "{",
      "}",
      ",",
      "#",
      "\\",
      "${A}",
      "$$",
      ".",
    );
    const word = fc.constantFrom("evil", "1", "true", "\ue000", "\ue0000\ue001", "0", " ");
    const hostile = fc.oneof(
      fc.array(fc.oneof(syntax, word), { maxLength: 8 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary" }),
      fc.constantFrom("1", "0", '"x"', "[1]", "{a=1}", '1\nevil = "', '"\nevil = "'),
    );
    const keysOf = (value: Value): unknown => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keysOf(inner as Value)]));
    };
    const keys = keysOf(filled(text, { A: "1", B: "2" }) as Value);
    let accepted = 0;
    fc.assert(
      fc.property(hostile, hostile, (A, B) => {
        const { tree, problems: found } = fill(text, { A, B });
        expect(keysOf(tree)).toEqual(keys);
        expect(JSON.stringify(found)).not.toContain("evil");
        const { top, literal } = tree as { top: string; literal: string };
        expect([top, literal]).toEqual([A, B]);
        if (found.length === 0) accepted += 1;
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  test("reproduces any text without losing a character", () => {
    const part = fc.constantFrom(
      '"',
      "'",
      '"""',
      "'''",
      "\n",
      "=",
      "[",
      "]",
      "{",
      "}",
      ",",
      "#",
      "\\",
      "${A}",
      "${B:x}",
      "$$",
      "${",
      "a",
      " ",
      "é",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const masked = mask_template(text);
        let last = 0;
        for (let at = 0; at <= masked.text.length; at += 1) {
          const offset = masked.offset(at);
          expect(offset).toBeGreaterThanOrEqual(last);
          expect(offset).toBeLessThanOrEqual(text.length);
          last = offset;
        }
        if (!text.includes("$")) expect(masked.text).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

test("a template with many placeholders is filled in slices with the same result", async () => {
  const lines = Array.from({ length: 2_000 }, (_, i) => `k${i} = ${i % 2 === 0 ? "${N:7}" : `"a \${M${i}:x}"`}\n`);
  const text = `${lines.join("")}list = ["\${L}", "z", "\${M1:x}"]\n[deep.er]\nkey = "\${N:1}"\n`;
  let turns = 0;
  const budget = { spent: () => true, turn: async () => void turns++ };
  const lookup: Lookup = (name) => (name === "L" ? { value: ["x", "y"], from: "substitutions" } : undefined);
  const masked = mask_template(text);
  const { tree } = parse_text(masked.text, "toml");
  const atOnce = masked.fill(tree, lookup, read_toml_value, undefined, UNLIMITED) as Filled;
  const sliced = await masked.fill(tree, lookup, read_toml_value, undefined, budget);
  expect(sliced.tree).toEqual(atOnce.tree);
  expect(sliced.tree).toMatchObject({ k0: 7, k1: "a x", list: ["x", "y", "z", "x"], deep: { er: { key: "1" } } });
  expect(sliced.masked_path(["list", "3"])).toEqual(["list", "2"]);
  expect(sliced.placeholders(["list"])).toEqual(atOnce.placeholders(["list"]));
  expect(turns).toBeGreaterThan(2_000);
});

test("a long template is scanned in slices with the same result", async () => {
  const value = (i: number): string => ["[1, ${A:2}, {b = ${B}}]", '"""a\n${C:d}"""', "'x' # ${D}", "${E F}"][i % 4]!;
  const text = Array.from({ length: 8_000 }, (_, i) => `key_${i} = ${value(i)}\n`).join("");
  let turns = 0;
  const budget = { spent: () => true, turn: async () => void turns++ };
  const seen = ({ text, problems, habits, names }: Masked) => ({ text, problems, habits, names });
  const sliced = await mask_template(text, budget);
  expect(seen(sliced)).toEqual(seen(mask_template(text)));
  expect(sliced.problems).toHaveLength(2_000);
  expect(turns).toBe(Math.ceil(text.length / 10_000) - 1);
});
