import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CanonicalText } from "../../src/core/canonical.ts";
import { isTable } from "../../src/core/draft.ts";
import { Secrets } from "../../src/core/secrets.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, plain } from "./trees.ts";

const secrets = new Secrets(["hidden.*", "servers.*.1"]);
const textOf = (tree: Table, by = secrets): string => piecesOf(tree, by).join("");

function piecesOf(tree: Table, by: Secrets): string[] {
  const text = new CanonicalText(tree, by);
  const pieces: string[] = [];
  for (let piece = text.next(); piece !== undefined; piece = text.next()) pieces.push(piece);
  return pieces;
}

/** The same value with the keys of its tables the other way round. */
function turned(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (!isTable(value)) return value.map(turned);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, below]) => [key, turned(below)]),
  );
}

describe("the canonical text", () => {
  test("is equal for any order of keys, but not of list elements", () => {
    fc.assert(fc.property(anyTree, (tree) => textOf(plain(turned(tree))) === textOf(tree)));
    expect(textOf(plain({ l: [1, 2] }))).not.toBe(textOf(plain({ l: [2, 1] })));
  });

  test("is the JSON of the redacted tree", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const shown = secrets.redact([], tree);
        expect(JSON.parse(textOf(tree))).toEqual(JSON.parse(JSON.stringify(shown)));
      }),
    );
  });

  // The example of RFC 8785, section 3.2.2, without the literals that are no configuration.
  test("writes numbers, texts and keys as RFC 8785 does", () => {
    const tree = {
      numbers: [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 0.000_000_000_000_000_000_000_000_001, -0],
      string: '\u20ac$\u000f\u000aA\'B"\\"/',
      literals: [null, true, false],
    };
    expect(textOf(plain(tree))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\u000f\nA'B\"\\\"/"}`,
    );
    // UTF-16 code units, and not code points.
    const keys = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 };
    expect(Object.keys(JSON.parse(textOf(plain(keys))) as object)).toEqual([
      "1",
      "\r",
      "\u0080",
      "\u00f6",
      "\u20ac",
      "\u{1f600}",
      "\ufb33",
    ]);
  });

  test("distinguishes values that JSON cannot", () => {
    const texts = [
      1,
      1n,
      "1",
      9_007_199_254_740_993n,
      9_007_199_254_740_992,
      "9007199254740993",
      null,
      "null",
      "nan",
    ].map((value) => textOf(plain({ value })));
    // Equal numbers are equal, whatever their representation.
    expect(texts[0]).toBe(texts[1]);
    expect(new Set(texts).size).toBe(texts.length - 1);
    const wild = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => textOf({ value }));
    expect(wild).toEqual(['{"value":nan}', '{"value":inf}', '{"value":-inf}']);
  });

  test("is equal if only secrets differ, and shows none", () => {
    const tree = (secret: string) =>
      plain({
        db: { password: secret, url: `postgres://app:${secret}@db/shop` },
        hidden: { a: secret, b: { c: secret } },
        servers: [["a", secret]],
        tokens: [secret],
      });
    expect(textOf(tree("hunter2"))).toBe(textOf(tree("correct-horse")));
    expect(textOf(tree("hunter2"))).not.toContain("hunter2");
    expect(textOf(plain({ db: {} }))).not.toBe(textOf(plain({ db: { password: "hunter2" } })));
  });

  test("of large tables and lists is made in small pieces with the same result", () => {
    const keys = Array.from({ length: 9_000 }, (_, i) => `k${(i * 7_919) % 9_001}`);
    const flat = Object.fromEntries(keys.map((key, i) => [key, i]));
    const tree = plain({
      wide: flat,
      deep: { list: keys.map((key, i) => ({ key, i, password: "x" })), last: [flat] },
      servers: [keys],
    });
    const pieces = piecesOf(tree, secrets);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(20_000);
    const shown = secrets.redact([], tree)!;
    const sorted = JSON.stringify(shown, (_key, value: Value) =>
      isTable(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
    );
    expect(pieces.join("")).toBe(sorted);
  });
});
