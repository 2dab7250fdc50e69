/** Schemas and validators are foreign code: whatever they throw, return or resolve with becomes a clear refusal, or agreement. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { PUT } from "../../src/core/explain.ts";
import { Validation } from "../../src/core/validate.ts";
import { wordsOf } from "../../src/core/words.ts";
import { ConfigValidationError } from "../../src/errors.ts";
import { plain } from "../core/trees.ts";
import type { Table, Value } from "../../src/core/value.ts";

const context = { action: 'Cannot put "a"', origin: () => PUT, shown: () => (_: unknown, message: string) => message };

function revoked<T extends object>(of: T): T {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy;
}

const barbed = (name: string): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get: () => {
      throw new Error(`barb in ${name}`);
    },
  });

class Unreadable extends Error {
  override get message(): string {
    throw new Error("barb");
  }
}

const anything: readonly (readonly [string, unknown, RegExp])[] = [
  ["an Error", new Error("no database"), /no database/],
  ["a text", "no database", /no database/],
  ["an object", { code: 42 }, /\{ code: 42 \}/],
  ["an object with a message", { message: "no database" }, /no database/],
  ["an object whose message is an object", { message: { code: 42 } }, /code: 42/],
  ["an Error without a message", new RangeError(), /RangeError without a message/],
  [
    "an Error whose message is an object",
    Object.assign(new Error("x"), { message: { code: 42 } }),
    /without a message/,
  ],
  ["an Error whose message throws", new Unreadable("x"), /\w/],
  ["undefined", undefined, /undefined/],
  ["null", null, /null/],
  ["a symbol", Symbol("s"), /Symbol\(s\)/],
  ["a function", () => 1, /a function/],
  ["an object without prototype", Object.assign(Object.create(null) as object, { code: 42 }), /code: 42/],
  ["a revoked proxy", revoked({}), /\w/],
  ["a revoked function", revoked(() => 1), /\w/],
  ["an object with a barb for a message", barbed("message"), /\w/],
  ["a very long text", "x".repeat(1_000_000), /^.{0,1500}$/s],
];

async function problems(validation: Validation): Promise<readonly string[]> {
  try {
    await validation.run(plain({ a: { b: 1 } }), plain({}), context);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigValidationError);
    const found = (error as ConfigValidationError).problems.map(({ message }) => message);
    expect(found.join()).not.toContain("[object ");
    for (const { path } of (error as ConfigValidationError).problems) expect(path).toBeTypeOf("string");
    return found;
  }
}

const raise = (thrown: unknown): never => {
  throw thrown;
};
const schemaOf = (validate: () => unknown) =>
  ({ "~standard": { version: 1, vendor: "x", validate } }) as unknown as ConstructorParameters<typeof Validation>[0];

describe.each(anything)("%s", (_, value, words) => {
  test.each<[string, () => Validation]>([
    ["a validator", () => new Validation(undefined, { a: () => raise(value) })],
    ["an asynchronous validator", () => new Validation(undefined, { a: () => Promise.reject(value as Error) })],
    // oxlint-disable-next-line unicorn/no-thenable
    ["a thenable of a validator", () => new Validation(undefined, { a: () => ({ then: () => raise(value) }) })],
    ["a schema", () => new Validation(schemaOf(() => raise(value)))],
    ["an asynchronous schema", () => new Validation(schemaOf(() => Promise.reject(value as Error)))],
  ])("thrown by %s is a refusal in clear words", async (_by, validation) => {
    const [message, ...others] = await problems(validation());
    expect(message).toMatch(words);
    expect(others).toEqual([]);
  });

  test("as an answer of a validator, alone or in a list, never breaks anything", async () => {
    for (const answer of [value, [value], [[value]]]) {
      for (const given of [() => answer, async () => answer]) {
        for (const message of await problems(new Validation(undefined, { a: given }))) expect(message).toMatch(/\w/);
      }
    }
  });

  test("as an answer of a schema, or in it, never breaks anything", async () => {
    const answers = [value, { issues: value }, { issues: [value] }, { issues: [{ message: value, path: value }] }];
    for (const answer of [
      ...answers,
      { issues: [{ message: "m", path: [value] }] },
      { value },
      { value: { x: value } },
    ]) {
      for (const given of [() => answer, async () => answer]) {
        for (const message of await problems(new Validation(schemaOf(given)))) expect(message).toMatch(/\w/);
      }
    }
  });
});

test("a schema that refuses without an issue still refuses", async () => {
  expect(await problems(new Validation(schemaOf(() => ({ issues: [] }))))).toEqual(["is not valid"]);
});

test("a refusal has at most a thousand problems, and reports that there are more", async () => {
  const issues = Array.from({ length: 100_000 }, (_, i) => ({ message: `is wrong ${i}`, path: [i] }));
  const messages = await problems(new Validation(schemaOf(() => ({ issues }))));
  expect(messages).toHaveLength(1_001);
  expect(messages.at(-1)).toBe("there are more problems than the 1000 that are named");
});

test("a validator that resolves later is awaited, and validators run one after another", async () => {
  const order: string[] = [];
  const validation = new Validation(undefined, {
    "a.*": async (_, path) => {
      order.push(`begin ${path}`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`end ${path}`);
      return path !== "a.y" || "is not wanted";
    },
  });
  const done = validation.run(plain({ a: { x: 1, y: 2, z: 3 } }), plain({}), context);
  await expect(done).rejects.toThrow('Cannot put "a": "a.y" is not wanted (from put)');
  expect(order).toEqual(["begin a.x", "end a.x", "begin a.y", "end a.y", "begin a.z", "end a.z"]);
});

test("a validation without promises ends synchronously", () => {
  const tree = plain({ a: 1 });
  expect(new Validation(undefined, { a: () => true }).run(tree, plain({}), context)).toBe(tree);
});

test("a description of a value runs none of its accessors, and is short", () => {
  let ran = 0;
  const value = Object.defineProperty({}, "x", { enumerable: true, get: () => ++ran });
  wordsOf(value);
  wordsOf(Object.assign(value, { [Symbol.for("nodejs.util.inspect.custom")]: () => ++ran }));
  expect(ran).toBe(0);
  expect(wordsOf(Array.from({ length: 100_000 }, (_, i) => ({ i })))).toBe(
    "[{ i: 0 }, { i: 1 }, { i: 2 }, { i: 3 }, { i: 4 }, …]",
  );
});

describe("a result that a schema library returns instead of throwing", () => {
  const zod = z.object({ b: z.string() });
  const vali = v.object({ b: v.string() });
  const refusing: readonly (readonly [string, (value: unknown) => unknown, RegExp])[] = [
    ["zod's safeParse", (value) => zod.safeParse(value), /"a\.b" .*expected string/],
    ["zod's safeParseAsync", (value) => zod.safeParseAsync(value), /"a\.b" .*expected string/],
    ["a Standard Schema's validate", (value) => zod["~standard"].validate(value), /"a\.b" .*expected string/],
    ["valibot's safeParse", (value) => v.safeParse(vali, value), /"a\.b" .*[Ee]xpected string/],
    ["an object with an error", () => ({ error: new Error("no database") }), /"a" no database/],
    ["no success, and no more", () => ({ success: false }), /"a" is not valid/],
    ["an issue that is a revoked proxy", () => ({ issues: [revoked({})] }), /"a" \w/],
    ["issues that throw", () => barbed("issues"), /barb in issues/],
  ];

  test.each(refusing)("refuses: %s", async (_, validator, words) => {
    const validation = new Validation(undefined, { a: validator });
    const run = async (): Promise<unknown> => validation.run(plain({ a: { b: 1 } }), plain({}), context);
    await expect(run()).rejects.toThrow(words);
    await expect(run()).rejects.toBeInstanceOf(ConfigValidationError);
  });

  const agreeing: readonly (readonly [string, (value: unknown) => unknown])[] = [
    ["zod's safeParse", (value) => z.object({}).safeParse(value)],
    ["a Standard Schema's validate", (value) => z.object({})["~standard"].validate(value)],
    ["valibot's safeParse", (value) => v.safeParse(v.object({}), value)],
    ["no issue", () => ({ issues: [] })],
    ["the value itself, whatever its keys", (value) => value],
  ];

  test.each(agreeing)("accepts: %s", async (_, validator) => {
    const tree = plain({ a: { b: 1, success: false, error: "e", issues: ["i"] } });
    expect(await new Validation(undefined, { a: validator }).run(tree, plain({}), context)).toBe(tree);
  });
});

/** The problems that a validator reports for a value, each with its path. */
const answersOf = async (value: Table | Value, validator: unknown): Promise<readonly string[]> => {
  const validation = new Validation(undefined, { a: validator as never });
  try {
    await validation.run(plain({ a: value }), plain({}), context);
    return [];
  } catch (error) {
    return (error as ConfigValidationError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
};

describe("problems that a validation library returns instead of throwing", () => {
  const compiled = Object.assign((value: { port: number }) => value.port < 100, {
    errors: [{ instancePath: "/port", keyword: "maximum", message: "must be <= 100", params: {} }],
  });
  const problems = [{ type: 1, path: "/port", value: 500, message: "Expected less" }];
  const iterator = () => ({ [Symbol.iterator]: () => problems[Symbol.iterator]() });
  const zod = z.object({ port: z.int().max(100) });
  const valibot = v.object({ port: v.pipe(v.number(), v.maxValue(100)) });
  const effect = { "~effect/Effect": {} };

  test.each<[string, unknown, string]>([
    ["ajv: a compiled function", compiled, "a.port: must be <= 100"],
    ["ajv: errors", () => compiled.errors, "a.port: must be <= 100"],
    [
      "ajv: an asynchronous one",
      () => Promise.reject(Object.assign(new Error("validation failed"), { errors: compiled.errors })),
      "a.port: must be <= 100",
    ],
    ["typebox: a list of problems", () => problems, "a.port: Expected less"],
    ["typebox: an iterator", iterator, "a.port: Expected less"],
    ["typebox: the first problem", () => problems[0], "a.port: Expected less"],
    ["one problem", () => ({ path: "port", message: "too big" }), "a.port: too big"],
    ["zod: parse", (value: unknown) => zod.parse(value), "a.port: Too big: expected number to be <=100"],
    ["zod: safeParse", (value: unknown) => zod.safeParse(value), "a.port: Too big: expected number to be <=100"],
    [
      "valibot: parse",
      (value: unknown) => v.parse(valibot, value),
      "a.port: Invalid value: Expected <=100 but received 500",
    ],
    [
      "valibot: safeParse",
      (value: unknown) => v.safeParse(valibot, value),
      "a.port: Invalid value: Expected <=100 but received 500",
    ],
    ["effect 3: Either", () => ({ _tag: "Left", left: new Error("too big") }), "a: too big"],
    ["effect 4: Result", () => ({ _tag: "Failure", failure: { message: "too big" } }), "a: too big"],
    [
      "effect: Exit",
      () => ({ ...effect, _tag: "Failure", cause: { reasons: [{ error: new Error("too big") }] } }),
      "a: too big",
    ],
    ["effect: Option", () => ({ _tag: "None" }), "a: is not valid"],
    [
      "effect: an Effect that is not run",
      () => effect,
      "a: cannot be checked: its validator returned an Effect, which is never run",
    ],
    [
      "a function that is not called",
      () => () => true,
      "a: cannot be checked: its validator returned a function, which is never called",
    ],
    [
      "joi",
      () => ({
        value: {},
        error: Object.assign(new Error("x"), { details: [{ message: "too big", path: ["port"] }] }),
      }),
      "a.port: too big",
    ],
    [
      "yup",
      () => Promise.reject(Object.assign(new Error("2 errors"), { inner: [{ message: "too big", path: "port" }] })),
      "a.port: too big",
    ],
    ["jsonschema", () => ({ valid: false, errors: [{ path: ["port"], message: "too big" }] }), "a.port: too big"],
    ["runtypes", () => ({ success: false, message: "too big" }), "a: too big"],
    ["superstruct", () => [new Error("too big"), undefined], "a: too big"],
  ])("is a refusal: %s", async (_, validator, said) => {
    expect(await answersOf({ port: 500 }, validator)).toStrictEqual([said]);
  });

  test.each<[string, Value, (value: never) => unknown]>([
    ["zod: parse", { port: 5 }, (value) => zod.parse(value)],
    ["zod: safeParse", { port: 5 }, (value) => zod.safeParse(value)],
    ["zod: parse of a text", "info", (value) => z.string().parse(value)],
    ["zod: parse of a list of texts", ["a", "b"], (value) => z.array(z.string()).parse(value)],
    [
      "zod: parse of a list of tables",
      [{ message: "m" }],
      (value) => z.array(z.object({ message: z.string() })).parse(value),
    ],
    ["superstruct", { port: 5 }, (value) => [undefined, value]],
    ["effect: Either", { port: 5 }, (value) => ({ ...effect, _tag: "Right", right: value })],
    ["effect: Option", { port: 5 }, (value) => ({ _tag: "Some", value })],
    ["effect: Exit", { port: 5 }, (value) => ({ ...effect, _tag: "Success", value })],
    ["typebox: no problems", { port: 5 }, () => ({ [Symbol.iterator]: () => [][Symbol.iterator]() })],
    ["ajv: a compiled function with old errors", { port: 5 }, compiled as never],
    ["jsonschema", { port: 5 }, () => ({ valid: true, errors: [] })],
    [
      "a table that has such keys itself",
      { success: false, message: "m", errors: ["e"], _tag: "Left" },
      (value) => value,
    ],
  ])("is agreement: %s", async (_, value, validator) => {
    expect(await answersOf(value, validator)).toStrictEqual([]);
  });

  test("of effect, a schema in place of a validator is refused with a hint", () => {
    const schema = Object.assign(() => undefined, { ast: {}, fields: {} });
    for (const make of [() => new Validation(undefined, { a: schema }), () => new Validation(schema as never)]) {
      expect(make).toThrow(/got a schema of effect \(Schema\.toStandardSchemaV1 makes a Standard Schema of it/u);
    }
  });
});
