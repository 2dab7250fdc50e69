import { getEventListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { knownPaths } from "../../src/core/known_paths.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { type Entry, EntryReader } from "../../src/sources/consul/entries.ts";
import { failed_status } from "../../src/sources/consul/failure.ts";
import { consul_endpoint, consul_settings, endpoint_name } from "../../src/sources/consul/options.ts";
import { table_with, write_plan } from "../../src/sources/consul/write_plan.ts";
import { retry_after } from "../../src/sources/remote/connection.ts";
import { text_of_value, value_of_text } from "../../src/sources/remote/key_text.ts";
import { KeyTree } from "../../src/sources/remote/key_tree.ts";
import { pause } from "../../src/sources/remote/waiting.ts";

const untyped = () => undefined;
const base64 = (text: string) => Buffer.from(text).toString("base64");

function entry(key: string, text: string, modify_index = 1): Entry {
  return { key, raw: base64(text), modify_index };
}

function treeOf(entries: Iterable<Entry>, prefix = ""): KeyTree {
  const edit = new KeyTree(prefix, "consul").edit();
  for (const one of entries) edit.set(one);
  return edit.done();
}

const segment = fc.constantFrom("a", "b", "c", "a.b", "ä", "%", "constructor", "toString");
const path = fc.array(segment, { minLength: 1, maxLength: 4 });
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("10", "true", "null", '"x"', "{", "[1]", '{"a":1}', "007", " ", "1e3"),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.constant(null),
);
const { table } = fc.letrec<{ table: Table; value: Value }>((tie) => ({
  table: fc.dictionary(segment, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(leaf, { maxLength: 3 }), tie("table")),
}));

test("EntryReader reads the same entries however the body is divided", () => {
  const keys = fc.string({ unit: "grapheme" }).map((text) => `k${text}`);
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, leaf)), fc.array(fc.nat()), fc.boolean(), (pairs, cuts, pretty) => {
      const entries = pairs.map(([key, value], n) => ({
        LockIndex: 0,
        Key: key,
        Value: value === null ? null : base64(JSON.stringify(value)),
        ModifyIndex: n,
      }));
      const body = Buffer.from(JSON.stringify(entries, undefined, pretty ? 4 : 0));
      const seen: Entry[] = [];
      const reader = new EntryReader((one) => seen.push(one));
      const at = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
      for (const [n, to] of [...at, body.length].entries()) reader.write(body.subarray(n === 0 ? 0 : at[n - 1], to));
      reader.end();
      expect(seen).toEqual(
        entries.map(({ Key, Value: raw, ModifyIndex }) => ({ key: Key, raw: raw ?? "", modify_index: ModifyIndex })),
      );
    }),
  );
});

test.each([
  "",
  "[",
  "{}",
  "[1]",
  '["a"]',
  "[{]",
  "[{}}",
  "[[]]",
  "[]]",
  "[{}]x",
  "null",
  '"[]"',
  "<html>",
  '[{"Key":"a"}]',
  "[null]",
])("EntryReader refuses %s", (text) => {
  const reader = new EntryReader(() => undefined);
  expect(() => {
    reader.write(Buffer.from(text));
    reader.end();
  }).toThrow(expect.objectContaining({ code: "not_json" }) as Error);
});

test("a KeyTree edited key by key equals the tree that is built at once, and earlier trees stay unchanged", () => {
  const change = fc.record({ path, text: fc.option(fc.constantFrom("1", "x", "")) });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 6 }), (rounds) => {
      const now = new Map<string, string>();
      let tree = new KeyTree("p/", "consul");
      const earlier: { tree: KeyTree; table: string }[] = [];
      for (const changes of rounds) {
        const edit = tree.edit();
        for (const { path: segments, text } of changes) {
          const key = `p/${segments.join("/")}`;
          if (text === null) {
            now.delete(key);
            edit.remove(key);
          } else {
            now.set(key, text);
            edit.set(entry(key, text));
          }
        }
        tree = edit.done();
        const fresh = treeOf(
          [...now].map(([key, text]) => entry(key, text)),
          "p/",
        );
        expect(tree.table(untyped)).toEqual(fresh.table(untyped));
        expect(tree.diagnostics.map(({ message }) => message).sort()).toEqual(
          fresh.diagnostics.map(({ message }) => message).sort(),
        );
        for (const { tree: old, table: text } of earlier) expect(JSON.stringify(old.table(untyped))).toBe(text);
        earlier.push({ tree, table: JSON.stringify(tree.table(untyped)) });
      }
    }),
  );
});

test("KeyTree.table shares unedited parts", () => {
  const before = treeOf([entry("a/x", "1"), entry("b/x", "1")]);
  const edit = before.edit();
  edit.set(entry("b/y", "2"));
  const [one, two] = [before.table(untyped), edit.done().table(untyped)];
  expect(two["a"]).toBe(one["a"]);
  expect(two["b"]).not.toBe(one["b"]);
  expect(before.table(untyped)).toBe(one);
});

test("KeyTree.table reads many keys in slices with the same result, and few keys at once", async () => {
  let turns = 0;
  const budget = { spent: () => true, turn: async () => void turns++ };
  const entries = (count: number) => Array.from({ length: count }, (_, i) => entry(`f${i % 9}/k${i}`, `text ${i}`));
  const [many, again] = [treeOf(entries(3_000)), treeOf(entries(3_000))];
  const table = await many.table(untyped, budget);
  expect(turns).toBeGreaterThan(2_900);
  expect(table).toEqual(again.table(untyped));
  expect(await many.table(untyped, budget)).toBe(table);
  expect(treeOf(entries(500)).table(untyped, budget)).not.toBeInstanceOf(Promise);
});

test("KeyTree.key names the key that holds a value, also inside a key with JSON", () => {
  const tree = treeOf([entry("p/a/b", '{"c": {"d": 1}}')], "p/");
  expect(tree.key(["a", "b", "c", "d"])).toBe("p/a/b");
  expect(tree.key(["a", "b"])).toBe("p/a/b");
  expect(tree.key(["a"])).toBe("p/a");
  expect(tree.key(["z"])).toBeUndefined();
});

test.each<[string, Value]>([
  ["10", 10],
  ["-2.5", -2.5],
  ["007", "007"],
  ["12345678901234567890", "12345678901234567890"],
  ["1e3", "1e3"],
  ["true", true],
  ["False", false],
  ["null", null],
  ['"10"', "10"],
  ['"a\\nb"', "a\nb"],
  ['"open', '"open'],
  ['"a" and "b"', '"a" and "b"'],
  ["[1, 2]", [1, 2]],
  ['{"a": 1}', { a: 1 }],
  ["{broken", "{broken"],
  ["", ""],
])("value_of_text reads %s", (text, value) => {
  expect(value_of_text(text, undefined)).toEqual(value);
});

test("text_of_value returns a text that reads back as the same value", () => {
  fc.assert(
    fc.property(fc.oneof(leaf, table), (value) => {
      const text = text_of_value(value);
      expect(text).toBeDefined();
      expect(value_of_text(text!, undefined)).toEqual(value);
    }),
  );
});

describe("a written value reads back with the same value and type, whatever is expected there", () => {
  const words = [
    "5",
    "yes",
    "off",
    "Y",
    "disabled",
    "",
    " ",
    "1e3",
    "0x10",
    "-0",
    "null",
    "a,b",
    "[1]",
    "{}",
    '"x"',
    "a\n",
  ];
  const any = fc.oneof(leaf, table, fc.constantFrom(...words, -0, 2n ** 70n, [2n ** 70n], { a: -0 }));
  const of = (value: Value) => knownPaths([{ x: value }]).expected(["x"]);

  test("over any value of the layers below", () => {
    const below = fc.oneof(leaf, table, fc.constantFrom(true, 5, 2n ** 70n, ["a"], [1], [true], [1, "a"], {}));
    fc.assert(
      fc.property(any, below, (value, lower) => {
        const text = text_of_value(value, of(lower));
        // What would be read as the type below, and is of another one, has no text; a text has one always.
        if (text === undefined) {
          expect(typeof value).not.toBe("string");
          if (typeof value === "number" && !Object.is(value, -0)) expect(typeof lower).not.toBe("number");
          expect(typeof value === "boolean" && typeof lower === "boolean").toBe(false);
        } else expect(value_of_text(text, of(lower))).toEqual(value);
      }),
    );
  });

  test.each<[string, z.ZodType, readonly Value[]]>([
    ["texts", z.string(), [...words]],
    ["numbers", z.number(), [5, -2.5, 1e21, -0]],
    ["booleans", z.boolean(), [true, false]],
    ["bigints", z.bigint(), [5n, 2n ** 70n]],
    ["a union", z.union([z.number(), z.string(), z.boolean()]), [5, "5", true, "true", "yes", ""]],
    ["literals", z.literal([1, "1", true, "true"]), ["1", "true"]],
    ["nullable numbers", z.number().nullable(), [5, null]],
    ["lists", z.array(z.string()), [["a"], [], ["1", ""], ["a,b"]]],
    ["lists of bigints", z.array(z.bigint()), [[2n ** 70n]]],
    ["tables", z.record(z.string(), z.union([z.string(), z.number()])), [{ a: "5", b: 5 }, {}]],
  ])("under a schema of %s", (_, schema, values) => {
    const expected = knownPaths([], shapeOf(z.object({ x: schema }))).expected(["x"]);
    for (const value of values) expect(value_of_text(text_of_value(value, expected)!, expected)).toStrictEqual(value);
  });

  test("or the write is refused", () => {
    const expected = knownPaths([], shapeOf(z.object({ x: z.string().nullable() }))).expected;
    expect(() => write_plan("p/", ["x"], null, new Map(), expected)).toThrow(
      'the value of "x" has no text that reads as the same value where the schema or a lower layer has a text',
    );
    const over = (lower: Value) => knownPaths([{ x: lower }]).expected;
    for (const [value, lower] of [
      [5, "a"],
      [[1], "a"],
      [1, true],
      [5, [1]],
      [[5], ["a"]],
    ] as const) {
      expect(() => write_plan("p/", ["x"], value, new Map(), over(lower))).toThrow(/^the value of "x" has no text/u);
    }
  });

  test("a text that every expectation reads alike is written unchanged", () => {
    for (const text of ["abc", "postgres://u@h/x", "a b", "über"]) expect(text_of_value(text, of(5))).toBe(text);
    for (const text of ["5", "yes", "", "1e3", "null"]) expect(text_of_value(text)).toBe(JSON.stringify(text));
  });
});

test("write_plan makes exactly the wanted value appear at the path, and touches nothing else", () => {
  const key = path.map((segments) => segments.join("/"));
  const change = fc.oneof(leaf, table, fc.constant(undefined));
  fc.assert(
    fc.property(fc.dictionary(key, leaf, { maxKeys: 6 }), path, change, (texts, at, value) => {
      // A key that a table hides is not there for its readers, and may stay.
      const all = Object.entries(texts).filter(
        ([one]) => !Object.keys(texts).some((other) => other.startsWith(`${one}/`)),
      );
      const records = new Map(
        all.map(([one, text], n) => [`p/${one}`, entry(`p/${one}`, text_of_value(text)!, n + 1)]),
      );
      const before = treeOf(records.values(), "p/").table(untyped);
      const plan = write_plan("p/", at, value, records, untyped);
      for (const { verb, key: changed, value: bytes, index } of plan) {
        expect(index).toBe(records.get(changed)?.modify_index ?? 0);
        if (verb === "delete") records.delete(changed);
        else records.set(changed, { key: changed, raw: bytes!.toString("base64"), modify_index: 99 });
      }
      expect(treeOf(records.values(), "p/").table(untyped)).toEqual(withoutEmpty(table_with(before, at, value), at));
      expect(write_plan("p/", at, value, records, untyped)).toEqual([]);
    }),
  );
});

/** Consul has no empty folder: a table on the way that lost its last key is gone. */
function withoutEmpty(before: Table, at: readonly string[]): Table {
  const [first, ...rest] = at;
  if (first === undefined || rest.length === 0 || !Object.hasOwn(before, first)) return before;
  const below = before[first]!;
  if (typeof below !== "object" || below === null || Array.isArray(below)) return before;
  const next = withoutEmpty(below as Table, rest);
  if (Object.keys(next).length > 0) return { ...before, [first]: next };
  const { [first]: _gone, ...others } = before;
  return others;
}

test("pause ends at once when the signal fires, and leaves no listener", async () => {
  const stop = new AbortController();
  const waiting = pause(3_600_000, stop.signal);
  stop.abort();
  await waiting;
  await pause(3_600_000, stop.signal);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});

test.each([
  ["120", 120_000],
  ["0", undefined],
  ["-5", undefined],
  ["soon", undefined],
  ["", undefined],
  ["86400", 300_000],
  ["Thu, 01 Jan 1970 00:00:10 GMT", 9000],
])("retry_after reads %s", (header, wait) => {
  expect(retry_after(header, 1000)).toBe(wait);
});

test.each(["", "ACL not found ", "No cluster leader ", "Client sent an HTTP request to an HTTPS server. "])(
  "failed_status never repeats text of the server (%j)",
  (known) => {
    for (const status of [301, 400, 401, 403, 404, 413, 418, 429, 500, 503]) {
      expect(failed_status(status, `${known}token=hunter2`, "1").message).not.toContain("hunter2");
    }
  },
);

function address(options: object, env: Record<string, string> = {}): string {
  return endpoint_name(consul_endpoint(consul_settings("app", options), env));
}

test.each<[object, Record<string, string>, string]>([
  [{}, {}, "http://127.0.0.1:8500"],
  [{ host: "consul" }, {}, "http://consul:8500"],
  [{ host: "::1", port: 1 }, {}, "http://[::1]:1"],
  [{ port: 80 }, {}, "http://127.0.0.1:80"],
  [{ address: "consul:80" }, {}, "http://consul:80"],
  [{ address: "consul" }, {}, "http://consul:8500"],
  [{ address: "https://consul" }, {}, "https://consul:443"],
  [{ address: "https://consul:8501/edge/" }, {}, "https://consul:8501/edge"],
  [{ address: "http://user:pass@consul:8500" }, {}, "http://consul:8500"],
  [{ host: "consul", scheme: "https" }, {}, "https://consul:8500"],
  [{ socket: "/run/consul.sock" }, {}, "unix:///run/consul.sock"],
  [{}, { CONSUL_HTTP_ADDR: "consul:1" }, "http://consul:1"],
  [{}, { CONSUL_HTTP_ADDR: "unix:///run/c" }, "unix:///run/c"],
  [{}, { CONSUL_HTTP_ADDR: "consul:1", CONSUL_HTTP_SSL: "1" }, "https://consul:1"],
  [{ address: "http://mine:2" }, { CONSUL_HTTP_ADDR: "consul:1", CONSUL_HTTP_SSL: "true" }, "http://mine:2"],
])("consul_endpoint of %j and %j is %s", (options, env, name) => {
  expect(address(options, env)).toBe(name);
});

test.each<[unknown, object, RegExp]>([
  [1, {}, /key_prefix must be a string, got number/],
  ["app", { layout: "tree" }, /"layout" must be "keys" or "blob", got "tree"/],
  ["", { layout: "blob" }, /must name one key/],
  ["app/", { layout: "blob" }, /must name one key/],
  ["app", { token: "a", token_file: "b" }, /either "token" or "token_file"/],
  ["app", { address: "a", host: "b" }, /one of "address", "host" and "port", or "socket"/],
  ["app", { address: "ftp://a" }, /scheme must be http, https or unix, got "ftp"/],
  ["app", { address: "http://" }, /must be host:port, a URL or unix/],
  ["app", { wait: 0 }, /"wait" must be a number from 1 to 600000, got 0/],
  ["app", { wait: Number.NaN }, /"wait" must be a number/],
  ["app", { max_bytes: 0 }, /"max_bytes" must be a number/],
  ["app", { consistency: "eventual" }, /"consistency" must be/],
  ["app", { on_missing: "drop" }, /"on_missing" must be/],
])("consul_settings refuses %j with %j", (prefix, options, message) => {
  expect(() => consul_settings(prefix, options)).toThrow(message);
});
