/** Patterns come from users, keys from files: neither may stall the program, and what looks wrong is refused. */
import fc from "fast-check";
import { braceExpand, minimatch } from "minimatch";
import { describe, expect, test } from "vitest";
import { expandBraces } from "../../src/core/braces.ts";
import { matches, parsePattern } from "../../src/core/pattern.ts";
import { PatternIndex } from "../../src/core/subscriptions.ts";

const match = (pattern: string, ...path: string[]): boolean => matches(parsePattern(pattern), path);

const letter = fc.constantFrom("a", "b", "c", "-", "_", "1", "7", "é", "]", "!", "^");
const piece = fc.oneof(
  { weight: 4, arbitrary: letter },
  fc.constantFrom("*", "**", "?", "???"),
  fc.constantFrom(
    "[ab]",
    "[!ab]",
    "[^a]",
    "[a-c]",
    "[!0-9]",
    "[]a]",
    "[!]a]",
    "[a-]",
    "[-a]",
    "[c-a]",
    "[c-ab]",
    "[a\\]b]",
  ),
  fc.constantFrom(
    "[[:alpha:]]",
    "[![:digit:]_]",
    "[[:upper:][:space:]a]",
    "[[:xdigit:]]",
    "[[:punct:]-]",
    "[[:nope:]]",
  ),
  fc.constantFrom("{a,b}", "{a,{b,c*}}", "{1..3}", "{a..c}", "{,x}", "{a*,[bc]}", "\\*", "\\?", "\\{", "\\["),
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => `x${pieces.join("")}`);
const key = fc.array(letter, { minLength: 1, maxLength: 8 }).map((letters) => `x${letters.join("")}`);

function inMinimatch(glob: string, name: string): boolean {
  try {
    return minimatch(name, glob, { dot: true, noext: true, nonegate: true, nocomment: true });
  } catch {
    // It escapes a dash that stands beside a Unicode class, which no regular expression with that flag allows.
    fc.pre(false);
    throw new Error("unreachable");
  }
}

describe("a segment", () => {
  test("matches as in minimatch, for braces, classes, stars and escapes", () => {
    fc.assert(
      fc.property(pattern, key, (glob, name) => {
        expect(match(glob, name)).toBe(inMinimatch(glob, name));
      }),
      { numRuns: 5_000 },
    );
  });

  test("expands braces as minimatch does", () => {
    const part = fc.constantFrom(
      "a",
      ",",
      "b{",
      "{x,",
      "},",
      ",y}",
      "{a,b}",
      "{1..3}",
      "{01..03}",
      "{3..-3..2}",
      "{a..e..2}",
      "$",
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 9 }).map((parts) => parts.join("")),
        (text) => {
          let spelt: readonly string[] | undefined;
          try {
            spelt = expandBraces(text, () => false);
          } catch {
            // Braces that do not match are refused here, and literal there.
          }
          // Braces with nothing to choose from are literal in both, but there the rest of the text is then literal too.
          fc.pre(spelt !== undefined && !spelt.some((one) => one.includes("{")));
          const full = (list: readonly string[]) => [...new Set(list)].filter((one) => one !== "").sort();
          expect(full(spelt!)).toStrictEqual(full(braceExpand(text)));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test("counts a code point as one character", () => {
    expect(match("?", "😀")).toBe(true);
    expect(match("[😀-😂]x", "😁x")).toBe(true);
    expect(match("[!a]", "😀")).toBe(true);
  });
});

describe("matching", () => {
  const [letters, dashes] = ["a".repeat(100_000), "-".repeat(100_000)];

  test.each([
    ["many stars", "a*".repeat(12), "b", letters],
    ["more stars than a word has bits", "a*".repeat(200), "b", letters],
    ["dashes", "*-*-*", "z", dashes],
    ["single characters after a star", `*${"?".repeat(1_000)}`, "b", letters],
    ["classes", "[a-z]*".repeat(40), "[0-9]", letters],
    ["stars side by side", "*".repeat(5_000), "b", letters],
  ])("ends at once: %s", (_, glob, end, name) => {
    expect(match(glob + end, name)).toBe(false);
    expect(match(`${glob}*`, name)).toBe(true);
    expect(match(glob + end, `${name}${end[0] === "[" ? "7" : end}`)).toBe(true);
  });

  test("ends at once in the index of subscriptions, too", () => {
    const index = new PatternIndex<string>();
    for (let i = 0; i < 100; i++) index.add(parsePattern(`x.${"a*".repeat(i + 12)}b`), "told");
    index.add(parsePattern(`x.*{${Array.from({ length: 1_000 }, (_, i) => `k${i}`).join(",")}}`), "told");
    expect(index.covers(["x", "a".repeat(2_000)])).toBe(false);
    expect(index.covers(["x", `${"a".repeat(2_000)}k999`])).toBe(true);
  });
});

describe("a pattern is refused", () => {
  test.each([
    ["x.{a,b", 'a "{" is not closed'],
    ["x.{a,{b,c}", 'a "{" is not closed'],
    ["x.a}", 'a "}" has no "{"'],
    ["x.[ab", 'a "[" is not closed'],
    ["x.[]", 'a "[" is not closed'],
    ["x.[!]", 'a "[" is not closed'],
    ["x.[[:alpha:]", 'a "[" is not closed'],
    ["{a,b}".repeat(1_000), "expand to more than 10000 patterns"],
    ["{a,b}".repeat(30), "expand to more than 10000 patterns"],
    [`${"{a,".repeat(500)}${"}".repeat(500)}`, "nest deeper than 100 levels"],
    ["{1..99999999999999999999}", "expand to more than 10000 patterns"],
    [`{1..9000}${"x".repeat(5_000)}`, "expand to more than 1000000 characters"],
    ["{".repeat(9_000), "nest deeper than 100 levels"],
    ["[".repeat(9_000), 'a "[" is not closed'],
    ["a".repeat(20_000), "at most 10000 characters, got 20000"],
  ])("%.40s: %s", (bad, message) => {
    expect(() => parsePattern(bad, "subscribe to")).toThrow(TypeError);
    expect(() => parsePattern(bad, "subscribe to")).toThrow(message);
    expect(() => parsePattern(bad, "subscribe to")).toThrow("Cannot subscribe to ");
  });

  test("but not if a class or a backslash holds the character", () => {
    expect(match("x.[{]", "x", "{")).toBe(true);
    expect(match("x.[}]{a,b}", "x", "}b")).toBe(true);
    expect(match("x.\\{a", "x", "{a")).toBe(true);
    expect(match("x.\\[a", "x", "[a")).toBe(true);
    expect(match("x.[[:alpha:].].y", "x", ".", "y")).toBe(true);
  });
});
