import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPath, isWithin, joinPath, parsePath } from "../../src/core/path.ts";

describe("parsePath", () => {
  test.each([
    ["database.url", ["database", "url"]],
    ["a", ["a"]],
    ["queuemizer.tc_rules.enp4s0\\.100", ["queuemizer", "tc_rules", "enp4s0.100"]],
    ["a\\\\b", ["a\\b"]],
    ["a\\\\.b", ["a\\", "b"]],
    ["constructor.__proto__", ["constructor", "__proto__"]],
    ["with space.ünïcode.🙂", ["with space", "ünïcode", "🙂"]],
  ])("reads %j as %j", (path, segments) => {
    expect(parsePath(path)).toEqual(segments);
  });

  test("takes segments literally", () => {
    expect(parsePath(["a.b", "c\\"])).toEqual(["a.b", "c\\"]);
    expect(parsePath([])).toEqual([]);
  });

  test.each([
    ["", "segment 1 of 1 is empty"],
    ["a..b", "segment 2 of 3 is empty"],
    [".a", "segment 1 of 2 is empty"],
    ["a.", "segment 2 of 2 is empty"],
    [["a", ""], "segment 2 of 2 is empty"],
    [["a", 1], "segment 2 of 2 must be a string, got number"],
    [[undefined, "a"], "segment 1 of 2 must be a string, got undefined"],
    ["a\\b", 'must be followed by "." or'],
    ["a\\", "got the end of the path"],
    ["a.\ud800", "is not well-formed Unicode"],
    [undefined, "got undefined"],
    [null, "got null"],
    [42, "got number"],
    [{}, "got object"],
    [Array.from({ length: 501 }, () => "a"), "at most 500 segments, got 501"],
  ])("refuses %j: %s", (path, message) => {
    expect(() => parsePath(path)).toThrow(TypeError);
    expect(() => parsePath(path)).toThrow(message);
  });

  test("reads back every output of formatPath", () => {
    const segment = fc.oneof(
      fc.string({ minLength: 1, unit: "grapheme" }),
      fc.constantFrom(".", "\\", "a.b", "\\.", "a\\.b"),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments);
        expect(formatPath(segments)).toBe(segments.reduce(joinPath, ""));
      }),
    );
  });
});

describe("isWithin", () => {
  test("is true for the path itself and for every path below it", () => {
    expect(isWithin(["a", "b"], ["a", "b"])).toBe(true);
    expect(isWithin(["a", "b", "c"], ["a", "b"])).toBe(true);
    expect(isWithin(["a", "b"], [])).toBe(true);
    expect(isWithin(["a"], ["a", "b"])).toBe(false);
    expect(isWithin(["ab"], ["a"])).toBe(false);
  });
});
