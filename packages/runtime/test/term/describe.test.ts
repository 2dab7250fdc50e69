import { NOPROC, OK, atom, erlang } from "@otpts/runtime";
import { inspect } from "node:util";
import { describe as group, expect, test } from "vitest";

import { describe } from "../../src/term/describe.ts";

group("describe", () => {
  test.each<[unknown, string]>([
    ["text", '"text"'],
    [42, "42"],
    [undefined, "undefined"],
    [OK, "ok"],
    [atom.ensure("Elixir.Name"), "'Elixir.Name'"],
    [[NOPROC, ["x", 1]], "[ noproc, [ 'x', 1 ] ]"],
    [{ a: { b: [1] } }, "{ a: { b: [ 1 ] } }"],
    [new Error("boom"), "Error: boom"],
    [[new TypeError("boom"), 1], "[ TypeError: boom, 1 ]"],
  ])("tells %o in one line", (term, text) => {
    expect(describe(term)).toBe(text);
  });

  test("shows pids and references as Erlang does", () => {
    expect(describe([erlang.make_ref()])).toMatch(/^\[ #Ref<0\.\d+> \]$/);
    expect(describe(erlang.spawn(() => {}))).toMatch(/^<0\.\d+\.0>$/);
  });

  test("is short for what is long, and one line for what has many", () => {
    expect(describe("x".repeat(100_000)).length).toBeLessThan(450);
    expect(describe(Array.from({ length: 10_000 }, (_, n) => n)).length).toBeLessThan(450);
    expect(describe({ text: "a\nb", nested: { deep: { deeper: { deepest: { no: 1 } } } } })).not.toContain("\n");
  });

  test("never throws", () => {
    const hostile = {
      [inspect.custom]() {
        throw new Error("no");
      },
    };
    const getter = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    const looped: unknown[] = [];
    looped.push(looped);
    for (const term of [hostile, getter, looped, Object.create(null), Symbol("s"), () => {}, 1n]) {
      expect(typeof describe(term)).toBe("string");
    }
    expect(describe(hostile)).toBe("[cannot be shown: no]");
  });
});
