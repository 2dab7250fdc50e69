/** Texts as shells, platforms and people write them, against what schemas and the layers below expect. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { environmentLayer } from "../../src/core/environment.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { TextFault, valueOfText } from "../../src/core/text_value.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { value_of_text } from "../../src/sources/remote/key_text.ts";

type Schema = NonNullable<Parameters<typeof shapeOf>[0]>;

const read = (schema: Schema, text: string): Value | undefined => {
  const whole =
    schema["~standard"].vendor === "zod" ? z.object({ x: schema as z.ZodType }) : v.object({ x: schema as never });
  return valueOfText(text, knownPaths([], shapeOf(whole)).expected(["x"]));
};

describe("the schema's type decides at every depth", () => {
  const digits = 12345678901234567890n;

  test.each<[string, Schema, Schema, string, unknown]>([
    ["array of strings", z.array(z.string()), v.array(v.string()), "01234,12345", ["01234", "12345"]],
    ["array of strings, one", z.array(z.string()), v.array(v.string()), "true", ["true"]],
    ["array of strings, JSON of numbers", z.array(z.string()), v.array(v.string()), "[123, 1.0]", ["123", "1.0"]],
    ["array of numbers", z.array(z.number()), v.array(v.number()), "007, 1e2", [7, 100]],
    ["array of numbers, JSON of texts", z.array(z.number()), v.array(v.number()), '["7"]', [7]],
    ["array of booleans", z.array(z.boolean()), v.array(v.boolean()), "yes,0", [true, false]],
    ["array of arrays", z.array(z.array(z.string())), v.array(v.array(v.string())), "[[1],[2,3]]", [["1"], ["2", "3"]]],
    [
      "array of objects",
      z.array(z.object({ zip: z.string() })),
      v.array(v.object({ zip: v.string() })),
      '[{"zip":12345}]',
      [{ zip: "12345" }],
    ],
    ["array of bigints", z.array(z.bigint()), v.array(v.bigint()), `${digits},1`, [digits, 1n]],
    ["tuple", z.tuple([z.string(), z.number()]), v.tuple([v.string(), v.number()]), "80,80", ["80", 80]],
    [
      "tuple with rest",
      z.tuple([z.string()], z.boolean()),
      v.tupleWithRest([v.string()], v.boolean()),
      "1,1,no",
      ["1", true, false],
    ],
    ["union of number and text", z.union([z.number(), z.string()]), v.union([v.number(), v.string()]), "8080", 8080],
    [
      "union of number and text, text",
      z.union([z.number(), z.string()]),
      v.union([v.number(), v.string()]),
      "007",
      "007",
    ],
    [
      "union of number and boolean",
      z.union([z.number(), z.boolean()]),
      v.union([v.number(), v.boolean()]),
      "yes",
      true,
    ],
    ["union of boolean and text", z.union([z.boolean(), z.string()]), v.union([v.boolean(), v.string()]), "5", "5"],
    [
      "union of list and text",
      z.union([z.string(), z.array(z.string())]),
      v.union([v.string(), v.array(v.string())]),
      '["1"]',
      ["1"],
    ],
    ["literal number", z.literal(8080), v.literal(8080), "8080", 8080],
    ["literal boolean", z.literal(true), v.literal(true), "on", true],
    ["literal text", z.literal("1"), v.literal("1"), "1", "1"],
    [
      "literals of several kinds",
      z.literal([1, "a", true]),
      v.union([v.literal(1), v.literal("a"), v.literal(true)]),
      "1",
      1,
    ],
    [
      "union of literals",
      z.union([z.literal("auto"), z.number()]),
      v.union([v.literal("auto"), v.number()]),
      "auto",
      "auto",
    ],
    [
      "union of literals, the other",
      z.union([z.literal("auto"), z.number()]),
      v.union([v.literal("auto"), v.number()]),
      "7",
      7,
    ],
    ["enum", z.enum(["1", "2"]), v.picklist(["1", "2"]), "1", "1"],
    ["enum of numbers", z.literal([1, 2]), v.picklist([1, 2]), "2", 2],
    ["bigint", z.bigint(), v.bigint(), String(digits), digits],
    ["bigint literal", z.literal(5n), v.literal(5n), "5", 5n],
    ["nullable", z.number().nullable(), v.nullable(v.number()), "null", null],
    ["nullable text", z.string().nullable(), v.nullable(v.string()), "null", "null"],
    ["optional with default", z.string().optional().default("x"), v.optional(v.string(), "x"), "007", "007"],
    ["default of a number", z.number().default(3), v.optional(v.number(), 3), "007", 7],
    ["transform", z.string().transform(Number), v.pipe(v.string(), v.transform(Number)), "007", "007"],
    ["record", z.record(z.string(), z.string()), v.record(v.string(), v.string()), '{"a":1}', { a: "1" }],
    [
      "nested object",
      z.object({ a: z.object({ b: z.string() }) }),
      v.object({ a: v.object({ b: v.string() }) }),
      '{"a":{"b":12345678901234567890}}',
      { a: { b: "12345678901234567890" } },
    ],
    ["lazy", z.lazy(() => z.array(z.string())), v.lazy(() => v.array(v.string())), "1,2", ["1", "2"]],
    ["brand and checks", z.string().min(1).brand("id"), v.pipe(v.string(), v.minLength(1), v.brand("id")), "42", "42"],
    [
      "discriminated union",
      z.discriminatedUnion("k", [z.object({ k: z.literal("a"), id: z.string() })]),
      v.variant("k", [v.object({ k: v.literal("a"), id: v.string() })]),
      '{"k":"a","id":7}',
      { k: "a", id: "7" },
    ],
  ])("%s", (_, zod, valibot, text, value) => {
    for (const schema of [zod, valibot]) {
      const made = read(schema, text);
      expect(made).toStrictEqual(value);
      expect((schema["~standard"].validate(made) as { issues?: unknown }).issues).toBeUndefined();
    }
  });

  test("and a text that cannot be read as it stays a text, which the schema refuses", () => {
    expect(read(z.number(), "8o80")).toBe("8o80");
    expect(read(z.array(z.number()), "[1, 2")).toStrictEqual(["[1", 2]);
    expect(read(z.array(z.string()), "[a, b]")).toBe("[a, b]");
    expect(read(z.number(), `${"1".repeat(100_000)}x`)).toBe(`${"1".repeat(100_000)}x`);
  });
});

describe("the end of the text", () => {
  test.each(["\n", "\r\n"])("one line break is dropped: %j", (end) => {
    expect(valueOfText(`10${end}`)).toBe(10);
    expect(valueOfText(`s3cret${end}`)).toBe("s3cret");
    expect(read(z.string(), `s3cret${end}`)).toBe("s3cret");
    expect(read(z.array(z.number()), `[1]${end}`)).toStrictEqual([1]);
    expect(value_of_text(`null${end}`, undefined)).toBe(null);
    expect(valueOfText(`two${end}${end}`)).toBe(`two${end}`);
  });
});

describe("an empty text counts as not set if the value is not a text", () => {
  test.each<[string, Schema]>([
    ["number", z.number()],
    ["boolean", z.boolean()],
    ["bigint", z.bigint()],
    ["list", z.array(z.string())],
    ["object", z.object({ a: z.string() })],
    ["enum", z.enum(["a", "b"])],
    ["number or null", z.number().nullable()],
    ["number or boolean", z.union([z.number(), z.boolean()])],
  ])("%s", (_, schema) => {
    for (const text of ["", "\n", " "]) expect(read(schema, text)).toBeUndefined();
  });

  test("and is kept if a text is allowed, or no type is known", () => {
    expect(read(z.string(), "")).toBe("");
    expect(read(z.string().optional(), "")).toBe("");
    expect(read(z.union([z.number(), z.string()]), "")).toBe("");
    expect(read(z.enum(["", "a"]), "")).toBe("");
    expect(valueOfText("")).toBe("");
  });
});

describe("the type of the value below decides without a schema", () => {
  const below: Table = {
    debug: true,
    zip: "01234",
    port: 5432,
    hosts: ["a"],
    ids: [1],
    big: 2n ** 70n,
    table: { a: 1 },
    mixed: [1, "a"],
    nothing: null,
  };

  test.each<[keyof typeof below, string, unknown]>([
    ["debug", "no", false],
    ["debug", "0", false],
    ["debug", "maybe", "maybe"],
    ["debug", "", undefined],
    ["zip", "12345678", "12345678"],
    ["zip", "true", "true"],
    ["zip", '{"a":1}', '{"a":1}'],
    ["zip", "", ""],
    ["port", "5433", 5433],
    ["port", "007", 7],
    ["port", "unix:/run/x", "unix:/run/x"],
    ["port", "\n", undefined],
    ["hosts", "1,2", ["1", "2"]],
    ["hosts", "[1]", ["1"]],
    ["ids", "1,2", [1, 2]],
    ["mixed", "1,b", [1, "b"]],
    ["big", "12345678901234567890", 12345678901234567890n],
    ["big", "5", 5],
    ["table", '{"b":2}', { b: 2 }],
    ["table", "5", 5],
    ["nothing", "5", 5],
  ])("%s: %j", (key, text, value) => {
    const { expected } = knownPaths([{ [key]: "lower" }, below]);
    expect(valueOfText(text, expected([String(key)]))).toStrictEqual(value);
    if (value !== undefined) expect(value_of_text(text, expected([String(key)]))).toStrictEqual(value);
  });
});

describe("JSON in a text", () => {
  test("loses no digits", () => {
    expect(valueOfText("[12345678901234567890, 9007199254740993]")).toStrictEqual([
      12345678901234567890n,
      9007199254740993n,
    ]);
    expect(value_of_text('{"id": 12345678901234567890}', undefined)).toStrictEqual({ id: 12345678901234567890n });
  });

  test.each([
    ['{"a":1,"b":{"c":1,"c":2}}', "the same key is written twice", ["b", "c"]],
    ['[{"a":{"__proto__":1}}]', 'the key "__proto__" is not allowed', ["0", "a", "__proto__"]],
    ["[1e999]", "a number beyond the range of doubles (a text needs quotes)", []],
    [`[${"1".repeat(400)}]`, "a number beyond the range of doubles (a text needs quotes)", []],
    [`${"[".repeat(600)}${"]".repeat(600)}`, "tables and lists nested deeper than 500 levels", []],
  ])("is refused if it is well-formed but invalid: %.30s", (text, message, path) => {
    expect(() => valueOfText(text)).toThrow(TextFault);
    expect(() => valueOfText(text)).toThrow(expect.objectContaining({ message, path }) as Error);
    expect(() =>
      environmentLayer("env", { P_J: text }, { prefix: "P", mapping: {}, mode: "smart" }, knownPaths([])),
    ).toThrow(`Cannot load "env": "${["j", ...path].join(".")}" cannot be read: ${message} (from env:P_J)`);
  });

  test.each(["[1,]", "[/**/]", "{a}", "[eth0, eth1]", "{", '{"a" 1}', "[NaN]"])(
    "stays a text if it is not JSON: %s",
    (text) => {
      expect(valueOfText(text)).toBe(text);
    },
  );
});

test("a text of any size is read at once", () => {
  const million = "1".repeat(1_000_000);
  for (const schema of [z.number(), z.boolean(), z.bigint(), z.literal([1, "a"]), z.union([z.number(), z.boolean()])]) {
    expect(read(schema, million)).toBe(million);
  }
  expect(valueOfText(million)).toBe(million);
  expect((read(z.array(z.number()), Array(200_000).fill("1").join(",")) as number[]).length).toBe(200_000);
});
