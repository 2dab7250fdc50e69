import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { share } from "../../src/core/draft.ts";
import { PUT } from "../../src/core/explain.ts";
import { Validation } from "../../src/core/validate.ts";
import type { Validator } from "../../src/core/validator.ts";
import type { Table } from "../../src/core/value.ts";
import { ConfigValidationError } from "../../src/errors.ts";
import { plain } from "./trees.ts";

const context = {
  action: 'Cannot put "a"',
  origin: () => PUT,
  shown: () => (path: readonly string[], message: string) => (path.includes("password") ? "is not valid" : message),
};

const EMPTY = plain({});
const run = (validation: Validation, raw: object, before: Table = EMPTY): Table =>
  validation.run(plain(raw), before, context) as Table;

function refusal(validation: Validation, raw: object, before?: Table): ConfigValidationError {
  try {
    run(validation, raw, before);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigValidationError);
    return error as ConfigValidationError;
  }
  throw new Error("The tree was accepted");
}

const zod = z.object({
  port: z.coerce.number().int(),
  host: z.string().default("localhost"),
  tls: z.boolean().optional(),
});
const valibot = v.object({ port: v.pipe(v.number(), v.integer()), host: v.optional(v.string(), "localhost") });

describe("Validation", () => {
  test.each([
    ["zod", zod],
    ["valibot", valibot],
  ])("applies the defaults of a %s schema, frozen", (_, schema) => {
    const tree = run(new Validation(schema), { port: 80 });
    expect(tree).toEqual({ port: 80, host: "localhost" });
    expect(Object.isFrozen(tree)).toBe(true);
  });

  test("applies coercions", () => {
    expect(run(new Validation(zod), { port: "80" }).port).toBe(80);
  });

  test("shares equal parts with the tree before, though the schema makes new objects", () => {
    const validation = new Validation(z.object({ a: z.object({ x: z.number() }), b: z.number() }));
    const before = run(validation, { a: { x: 1 }, b: 1 });
    expect(run(validation, { a: { x: 1 }, b: 1 }, before)).toBe(before);
    expect(run(validation, { a: { x: 1 }, b: 2 }, before).a).toBe(before.a);
  });

  test("reports all problems at once, with path and origin", () => {
    const error = refusal(new Validation(zod, { host: () => "is not reachable" }), { port: "x", host: 1 });
    expect(error.problems.map(({ path }) => path).sort()).toEqual(["host", "host", "port"]);
    expect(error.problems.every(({ origin }) => origin === "put")).toBe(true);
    expect(error.message).toMatch(/^Cannot put "a": /);
  });

  test("shows messages only as far as the context allows", () => {
    const schema = v.object({ password: v.number() });
    expect(refusal(new Validation(schema), { password: "hunter2" }).message).not.toContain("hunter2");
  });

  test("awaits an asynchronous schema and an asynchronous validator", async () => {
    const schema = z
      .object({ a: z.number() })
      .refine(async (tree) => (await Promise.resolve(tree.a)) > 0, "must be positive");
    const validation = new Validation(schema, {
      a: async (value) => (await Promise.resolve(value)) !== 13 || "brings bad luck",
    });
    expect(await validation.run(plain({ a: 1 }), EMPTY, context)).toEqual({ a: 1 });
    await expect(validation.run(plain({ a: -1 }), EMPTY, context)).rejects.toThrow("must be positive");
    await expect(validation.run(plain({ a: 13 }), EMPTY, context)).rejects.toThrow("brings bad luck");
    const rejecting = new Validation(undefined, { a: () => Promise.reject(new Error("no database")) });
    await expect(rejecting.run(plain({ a: 1 }), EMPTY, context)).rejects.toThrow("no database");
  });

  const verdicts: readonly (readonly [string, Validator, string | undefined])[] = [
    ["true", () => true, undefined],
    ["undefined", () => undefined, undefined],
    ["an object that it made", () => ({ message: "a rule" }), undefined],
    ["false", () => false, "is not valid"],
    ["a message", () => "is too large", "is too large"],
    ["an Error", () => new RangeError("is out of range"), "is out of range"],
    ["a list of messages", () => ["one", "two"], "one"],
    ["an empty list", () => [], undefined],
    ["a problem", () => [{ path: "rate", message: "is missing" }], "is missing"],
  ];
  test.each(verdicts)("accepts the documented meaning of a function that returns %s", (_, validator, message) => {
    const validation = new Validation(undefined, { "a.*": validator });
    if (message === undefined) expect(run(validation, { a: { b: 1 } })).toEqual({ a: { b: 1 } });
    else expect(refusal(validation, { a: { b: 1 } }).message).toContain(message);
  });

  test("passes on a ConfigValidationError thrown by a validator", () => {
    const own = new ConfigValidationError("Invalid TC rule config: no rate");
    const validation = new Validation(undefined, {
      "rules.*": () => {
        throw own;
      },
    });
    for (const name of ["eth0", "eth1"]) {
      const error = refusal(validation, { rules: { [name]: {} } });
      expect(error).toBe(own);
      expect(error.message).toBe("Invalid TC rule config: no rate");
      expect(error.problems).toEqual([
        { path: `rules.${name}`, message: "Invalid TC rule config: no rate", origin: "put" },
      ]);
    }
    const both = refusal(validation, { rules: { eth0: {}, eth1: {} } });
    expect(both.problems.map(({ path }) => path)).toEqual(["rules.eth0", "rules.eth1"]);
  });

  test("does not pass on one that shows a secret", () => {
    const validation = new Validation(undefined, {
      password: (value) => {
        throw new ConfigValidationError(`${value as string} is weak`);
      },
    });
    expect(refusal(validation, { password: "hunter2" }).message).not.toContain("hunter2");
  });

  test("runs a validator only on the changed nodes at its depth, with their whole value", () => {
    const seen: unknown[] = [];
    const validation = new Validation(undefined, { "rules.*": (value, path) => void seen.push([path, value]) });
    const before = run(validation, { rules: { a: { x: 1, y: 1 }, b: { x: 1 } }, other: 1 });
    seen.length = 0;
    const raw = share(before, plain({ rules: { a: { x: 2, y: 1 }, b: { x: 1 } } })) as Table;
    expect(validation.run(raw, before, context)).toBe(raw);
    expect(seen).toEqual([["rules.a", { x: 2, y: 1 }]]);
  });

  test("replaces a node with the output of its schema", () => {
    const validation = new Validation(undefined, {
      "limits.*": z.object({ requests: z.number(), window: z.number().default(60) }),
    });
    const tree = run(validation, { limits: { api: { requests: 1 } } });
    expect(tree).toEqual({ limits: { api: { requests: 1, window: 60 } } });
    expect(refusal(validation, { limits: { api: {} } }).problems[0]!.path).toBe("limits.api.requests");
  });

  test("refuses a schema's output that is not plain data", () => {
    const error = refusal(new Validation(z.object({ at: z.coerce.date() })), { at: "2026-01-01" });
    expect(error.problems).toEqual([
      { path: "at", message: "the schema's output is an instance of Date, must be plain data", origin: "put" },
    ]);
  });

  test.each([{ value: undefined }, {}, { issues: undefined }])(
    "refuses a schema's result without a value: %j",
    (result) => {
      const schema = {
        "~standard": { version: 1 as const, vendor: "x", validate: () => result as { value: unknown } },
      };
      const message = "the schema returned neither a value nor issues";
      expect(refusal(new Validation(schema), { a: 1 }).problems).toEqual([{ path: "", message, origin: "put" }]);
      expect(refusal(new Validation(undefined, { a: schema }), { a: 1 }).problems).toMatchObject([
        { path: "a", message },
      ]);
    },
  );

  test("treats a schema that throws as a refusal", () => {
    const throwing = {
      "~standard": {
        version: 1 as const,
        vendor: "x",
        validate: () => {
          throw new Error("broken");
        },
      },
    };
    expect(refusal(new Validation(throwing), {}).message).toContain("the schema threw: broken");
  });

  test("refuses a value that is no schema, no validator or no pattern", () => {
    expect(() => new Validation({} as never)).toThrow(TypeError);
    expect(() => new Validation(undefined, { a: 1 as never })).toThrow('Cannot validate "a"');
    expect(() => new Validation(undefined, { "a..b": () => true })).toThrow(TypeError);
  });
});
