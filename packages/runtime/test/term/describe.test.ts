import { NOPROC, OK, atom, erlang } from "@otpts/runtime";
import { registry } from "@otpts/runtime/registry";
import { inspect } from "node:util";
import { describe as group, expect, test, vi } from "vitest";

import { describe, detail } from "../../src/term/describe.ts";

group("describe", () => {
  test.each<[unknown, string]>([
    ["text", '"text"'],
    [42, "42"],
    [undefined, "undefined"],
    [OK, "ok"],
    [atom.ensure("Elixir.Name"), "'Elixir.Name'"],
    [[NOPROC, ["x", 1]], "[ noproc, [ 'x', 1 ] ]"],
    [{ a: { b: [1] } }, "{ a: { b: [ 1 ] } }"],
    [{ via: [registry, ["users", 7]] }, "{ via: [ [Registry], [ 'users', 7 ] ] }"],
    [new Error("boom"), "Error: boom"],
    [[new TypeError("boom"), 1], "[ TypeError: boom, 1 ]"],
  ])("describes %o in one line", (term, text) => {
    expect(describe(term)).toBe(text);
  });

  test("shows pids and references as Erlang does", () => {
    expect(describe([erlang.make_ref()])).toMatch(/^\[ #Ref<0\.\d+> \]$/);
    expect(describe(erlang.spawn(() => {}))).toMatch(/^<0\.\d+\.0>$/);
  });

  test("shortens long terms, and uses one line for terms with many parts", () => {
    expect(describe("x".repeat(100_000)).length).toBeLessThan(450);
    expect(describe(Array.from({ length: 10_000 }, (_, n) => n)).length).toBeLessThan(450);
    expect(describe({ text: "a\nb", nested: { deep: { deeper: { deepest: { no: 1 } } } } })).not.toContain("\n");
  });

  test("reads the keys of large objects once for all descriptions, and looks into no second one in one term", () => {
    const large = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key_${n}`, n]));
    const [table, other] = [large(30_000), large(30_000)];
    const keys = vi.spyOn(Object, "keys");
    const looks = () => keys.mock.calls.filter(([term]) => term === table || term === other).length;
    try {
      const text = describe(table);
      expect(text).toMatch(/^\{ key_0: 0, key_1: 1, .*, \.\.\. 29980 more keys \}$/);
      expect(describe(["put", table])).toContain(text.slice(0, 100));
      expect(detail(table)).toContain("... 29950 more keys");
      expect(looks()).toBe(1);
      expect(describe([table, other, other, { small: 1 }])).toMatch(
        /29980 more keys \}, \{ … \}, \{ … \}, \{ … \} \]$/,
      );
      expect(looks()).toBe(1);
      delete table["key_3"];
      expect(describe(table)).toContain("key_2: 2, key_4: 4");
      expect(looks()).toBe(2);
    } finally {
      keys.mockRestore();
    }
  });

  test("reads the keys of a large proxy once, and asks only about those that it shows", () => {
    const asked: string[] = [];
    const target = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key_${n}`, n]));
    const proxy = new Proxy(target, {
      ownKeys: (object) => (asked.push("keys"), Reflect.ownKeys(object)),
      getOwnPropertyDescriptor: (object, key) => (asked.push("one"), Reflect.getOwnPropertyDescriptor(object, key)),
    });
    expect(describe(proxy)).toContain("... 9980 more keys");
    expect(asked.filter((each) => each === "keys")).toHaveLength(1);
    expect(asked.length).toBeLessThan(100);
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
