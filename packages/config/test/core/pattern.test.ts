import fc from "fast-check";
import { minimatch } from "minimatch";
import { describe, expect, test } from "vitest";
import { matches, parsePattern } from "../../src/core/pattern.ts";

const match = (pattern: unknown, ...path: string[]): boolean => matches(parsePattern(pattern), path);

describe("parsePattern", () => {
  test.each<[string, string[], boolean]>([
    ["a.b", ["a", "b"], true],
    ["a.b", ["a", "b", "c"], false],
    ["a.*", ["a", "b"], true],
    ["a.*", ["a"], false],
    ["a.*", ["a", "b", "c"], false],
    ["a.*", ["a", ".hidden"], true],
    ["*.b", ["a.x", "b"], true],
    ["**", ["a"], true],
    ["**", ["a", "b"], true],
    ["a.**", ["a"], true],
    ["a.**", ["a", "b", "c"], true],
    ["a.**", ["b", "a"], false],
    ["**.password", ["password"], true],
    ["**.password", ["a", "b", "password"], true],
    ["**.password", ["a", "password", "b"], false],
    ["a.**.z", ["a", "z"], true],
    ["a.**.z", ["a", "b", "c", "z"], true],
    ["a.**.b.**.z", ["a", "x", "b", "b", "z"], true],
    ["a.**.**.z", ["a", "b", "z"], true],
    ["rate_limits.{api,web}", ["rate_limits", "web"], true],
    ["rate_limits.{api,web}", ["rate_limits", "ftp"], false],
    ["{db.host,cache.ttl}", ["cache", "ttl"], true],
    ["if{1..3}", ["if2"], true],
    ["if{1..3}", ["if4"], false],
    ["enp[0-9]s*", ["enp4s0"], true],
    ["enp[!0-9]s*", ["enp4s0"], false],
    ["enp?s0", ["enp4s0"], true],
    ["a*z", ["a.b/z"], true],
    ["a.b[.x]c", ["a", "b.c"], true],
    ["enp4s0\\.100.rate", ["enp4s0.100", "rate"], true],
    ["enp4s0\\.{100,200}.rate", ["enp4s0.200", "rate"], true],
    ["a.\\*", ["a", "*"], true],
    ["a.\\*", ["a", "b"], false],
    ["a\\*b*", ["a*bc"], true],
    ["a\\*b*", ["axbc"], false],
    ["a\\\\b", ["a\\b"], true],
    ["A.b", ["a", "b"], false],
    ["!a", ["b"], false],
    ["!a", ["!a"], true],
    ["#a", ["#a"], true],
    ["constructor.*", ["constructor", "toString"], true],
    ["a\ue000*", ["a\ue000b"], true],
  ])("%j against %j is %s", (pattern, path, expected) => {
    expect(match(pattern, ...path)).toBe(expected);
  });

  test("takes an array with one element for each segment", () => {
    expect(match(["a.b", "*"], "a.b", "c")).toBe(true);
    expect(match(["a.b", "*"], "a", "b")).toBe(false);
  });

  test.each<[unknown, string]>([
    ["", "has an empty segment"],
    ["a..b", "has an empty segment"],
    ["a.{b,}", "has an empty segment"],
    ["a\\", "escapes nothing"],
    [7, "got number"],
    [null, "got null"],
    ["{1..9}".repeat(5), "expand to more than 10000 patterns"],
    ["{1..100000000}", "expand to more than 10000 patterns"],
    ["\ud800", "not well-formed Unicode"],
  ])("refuses %j: %s", (pattern, message) => {
    expect(() => parsePattern(pattern)).toThrow(TypeError);
    expect(() => parsePattern(pattern)).toThrow(message);
  });

  test("agrees with minimatch if dots become slashes", () => {
    const part = fc.constantFrom("a", "b", "ab", "*", "a*", "?", "[ab]", "[!a]", "{a,b}", "x{a,b}*");
    const segment = fc.constantFrom("a", "b", "ab", "xa", "xab", "c");
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: part }, fc.constant("**")), { minLength: 1, maxLength: 4 }),
        fc.array(segment, { minLength: 1, maxLength: 5 }),
        (pattern, path) => {
          // minimatch wants something below a final `**`; here it may be nothing.
          fc.pre(pattern[pattern.length - 1] !== "**");
          expect(match(pattern.join("."), ...path)).toBe(minimatch(path.join("/"), pattern.join("/"), { dot: true }));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("stays fast with many stars", () => {
    expect(match(`${"**.a.".repeat(30)}b`, ...Array.from({ length: 400 }, () => "a"))).toBe(false);
  });
});
