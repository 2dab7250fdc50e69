import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { knownPaths } from "../../src/core/known_paths.ts";
import { secretsOf, shapeOf } from "../../src/core/schema_shape.ts";

const zod = z.object({
  database: z.object({ max_connections: z.number().int(), url: z.string(), key: z.string().meta({ secret: true }) }),
  interfaces: z.array(z.string()).optional(),
  limits: z.record(z.string(), z.object({ rate: z.number().default(1), pin: z.string().meta({ format: "password" }) })),
  tls: z.boolean().nullable(),
});
const valibot = v.object({
  database: v.object({
    max_connections: v.pipe(v.number(), v.integer()),
    url: v.string(),
    key: v.pipe(v.string(), v.metadata({ secret: true })),
  }),
  interfaces: v.optional(v.array(v.string())),
  limits: v.record(
    v.string(),
    v.object({ rate: v.optional(v.number(), 1), pin: v.pipe(v.string(), v.metadata({ secret: true })) }),
  ),
  tls: v.nullable(v.boolean()),
});

describe.each([
  ["zod", zod],
  ["valibot", valibot],
])("shapeOf a %s schema", (_, schema) => {
  const shape = shapeOf(schema)!;
  const known = knownPaths([], shape);

  test("reports types, also below records and through optional and nullable", () => {
    expect(known.expected(["database", "max_connections"])?.type).toBe("integer");
    expect(known.expected(["database", "url"])?.type).toBe("string");
    expect(known.expected(["database"])?.type).toBe("object");
    expect(known.expected(["interfaces"])?.type).toBe("array");
    expect(known.expected(["limits", "anything", "rate"])?.type).toBe("number");
    expect(known.expected(["tls"])?.type).toBe("boolean");
    expect(known.expected(["nothing", "here"])?.type).toBeUndefined();
  });

  test("reports paths that read the same", () => {
    expect(known.paths("database_max_connections")).toEqual([["database", "max_connections"]]);
    expect(known.paths("database_nothing")).toEqual([]);
  });

  test("reports secrets", () => {
    expect(secretsOf(shape)).toEqual([
      ["database", "key"],
      ["limits", "*", "pin"],
    ]);
  });
});

describe("shapeOf", () => {
  test("follows a schema that refers to itself to a limited depth", () => {
    const node: z.ZodType = z.object({ next: z.lazy(() => node).optional(), size: z.number() });
    expect(knownPaths([], shapeOf(node)!).expected(["next", "next", "size"])?.type).toBe("number");
  });

  test("is empty for a schema without information", () => {
    const opaque = { "~standard": { version: 1 as const, vendor: "x", validate: (value: unknown) => ({ value }) } };
    expect(shapeOf(opaque)?.children.size).toBe(0);
    expect(shapeOf(undefined)).toBeUndefined();
  });
});
