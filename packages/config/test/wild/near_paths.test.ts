/** A path without a value, near a known one: a request for it is reported. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { nearPath } from "../../src/core/near_path.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { MemorySource, setup } from "../../src/testing.ts";
import { plain } from "../core/trees.ts";

const kit = setup({ beforeEach, afterEach });

const schema = z.object({
  database: z.object({
    url: z.string(),
    max_connections: z.number().default(5),
    tls: z.object({ cert: z.string() }).optional(),
  }),
  limits: z.record(z.string(), z.object({ rate: z.number() })).default({}),
});
const tree = plain({ database: { url: "x", max_connections: 5 }, limits: { api: { rate: 1 } } });

describe("the near path", () => {
  test.each([
    [["database", "ulr"], "database.url"],
    [["databse", "url"], "database.url"],
    [["database", "maxConnection"], "database.max_connections"],
    [["database", "tls", "cret"], "database.tls.cert"],
    [["limits", "other", "rat"], "limits.other.rate"],
    [["database", "tls", "cert"], undefined],
    [["limits", "anything"], undefined],
    [["something", "else"], undefined],
    [["database", "url", "deeper"], undefined],
    [[], undefined],
  ] as const)("of %j is %s", (path, near) => {
    expect(nearPath(path, tree, shapeOf(schema))).toBe(near);
  });

  test("without a schema is an existing path, except for keys too short to compare", () => {
    expect(nearPath(["databse"], tree, undefined)).toBe("database");
    expect(nearPath(["a", "y"], plain({ a: { x: 1 } }), undefined)).toBeUndefined();
  });
});

test("is reported once by the log, by status and by explain, until the path has a value", async () => {
  const lines: string[] = [];
  const source = new MemorySource({ database: { url: "x" } });
  const config = await kit.start_manager({ sources: [source], log: (line) => lines.push(line) });
  const near = '"database.ulr" was requested and does not exist; the nearest known path is "database.url"';
  expect(await config.get("database.ulr")).toBeUndefined();
  expect(await config.get(["database", "ulr"])).toBeUndefined();
  expect(await config.get("database.other")).toBeUndefined();
  expect(await config.get("database.urls", "a fallback says that it may be absent")).toBeTypeOf("string");
  expect(lines).toStrictEqual([`config_manager: ${near}`]);
  expect((await config.status()).diagnostics).toStrictEqual([
    { source: "get", code: "near_path", message: near, path: "database.ulr" },
  ]);
  expect(await config.explain("database.ulr")).toMatchObject({ value: undefined, near: "database.url" });
  expect(await config.explain("database.url")).not.toHaveProperty("near");
  await config.put("database.ulr", 1);
  expect((await config.status()).diagnostics).toStrictEqual([]);
});

test("is in the refusal of a put that the schema would drop", async () => {
  const config = await kit.start_manager({ schema, sources: [new MemorySource(tree)] });
  const put = config.put(["database", "ulr"] as string[], "y");
  await expect(put).rejects.toThrow(
    '"database.ulr" is not known to the schema, which drops it; the nearest known path is "database.url"',
  );
});

test("is computed at most a thousand times", async () => {
  const config = await kit.start_manager({ sources: [new MemorySource({ database: 1 })], log: false });
  for (let i = 0; i < 1_200; i++) await config.get(`databas${i}`);
  expect((await config.status()).diagnostics.length).toBeLessThanOrEqual(1_000);
});
