import { ErlangError, Exit, NORMAL, SHUTDOWN, Stack, Thrown, atom, atoms } from "@otpts/runtime";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import { isOrderly, reasonOf, same } from "../../src/term/reason.ts";

const { NOCATCH } = atoms;

describe("the exit reason of a failure", () => {
  test("by erlang.exit is the term itself", () => {
    expect(reasonOf(new Exit("bye"))).toBe("bye");
    expect(reasonOf(new Exit(NORMAL))).toBe(NORMAL);
  });

  test("by erlang.error is [term, stack]", () => {
    expect(reasonOf(new ErlangError("bad"))).toStrictEqual(["bad", expect.any(Stack)]);
  });

  test("by erlang.throw is [[nocatch, term], stack]", () => {
    expect(reasonOf(new Thrown("ball"))).toStrictEqual([[NOCATCH, "ball"], expect.any(Stack)]);
  });

  test.each([[new TypeError("x")], ["text"], [undefined], [null], [{ a: 1 }]])(
    "by JavaScript's throw of %o is [value, stack]",
    (thrown) => {
      expect(reasonOf(thrown)).toStrictEqual([thrown, expect.any(Stack)]);
    },
  );
});

describe("a stack", () => {
  test("has the frames of the error, and none if the value had none", () => {
    const [, stack] = reasonOf(new Error("x")) as [Error, Stack];
    expect(stack.frames[0]).toContain("reason.test.ts");
    expect(stack.toString().split("\n")).toStrictEqual([...stack.frames]);
    const [, none] = reasonOf("text") as [string, Stack];
    expect(none.frames).toStrictEqual([]);
    expect(inspect(stack)).toBe("STACK");
  });
});

describe("an orderly exit reason", () => {
  test.each([
    [NORMAL, true],
    [SHUTDOWN, true],
    [[SHUTDOWN, "why"], true],
    [[SHUTDOWN], false],
    [[SHUTDOWN, 1, 2], false],
    ["normal", false],
    ["shutdown", false],
    [[NORMAL, 1], false],
    [undefined, false],
  ])("%s: %s", (reason, orderly) => {
    expect(isOrderly(reason)).toBe(orderly);
  });
});

describe("same", () => {
  test("compares tuples by their elements, everything else by identity", () => {
    expect(same([NORMAL, [1, "a"]], [NORMAL, [1, "a"]])).toBe(true);
    expect(same([1], [1, 2])).toBe(false);
    expect(same({ a: 1 }, { a: 1 })).toBe(false);
    expect(same(Number.NaN, Number.NaN)).toBe(true);
    expect(same(atom.ensure("a"), "a")).toBe(false);
  });
});
