import { describe, expect, test } from "vitest";

import type { Knowledge } from "../../src/core/layer.ts";
import { EnvironmentSource } from "../../src/sources/env.ts";
import { context, layer_of, nothing_below } from "./loading.ts";

describe("EnvironmentSource", () => {
  test("takes the variables of its prefix, parsed, with their origin", async () => {
    const env = { MYAPP_DATABASE_URL: "pg://db", MYAPP_WORKERS: "4", OTHER: "x" };
    const layer = layer_of(await new EnvironmentSource({ prefix: "MYAPP_" }).load(context({ env })));
    expect(layer.tree).toEqual({ database: { url: "pg://db" }, workers: 4 });
    expect(layer.origin(["workers"])).toEqual({
      source: "env:MYAPP_",
      variable: "MYAPP_WORKERS",
      rule: "single_underscore",
    });
  });

  test("takes a prefix and a mapping in order, as the note writes them", async () => {
    const env = { MYAPP_A: "1", PGURL: "pg://db" };
    const layer = layer_of(await new EnvironmentSource("MYAPP_", { PGURL: "database.url" }).load(context({ env })));
    expect(layer.tree).toEqual({ a: 1, database: { url: "pg://db" } });
  });

  test("takes its own variables where they are given", async () => {
    const source = new EnvironmentSource({ env: { A_B: "1" } });
    expect(layer_of(await source.load(context({ env: { C: "2" } }))).tree).toEqual({ a: { b: 1 } });
  });

  test("asks the layers below which path a name means", async () => {
    const lower: Knowledge = {
      ...nothing_below,
      paths: (folded) => (folded === "database_max_connections" ? [["database", "max_connections"]] : []),
      named: (parts) => parts.map((part) => [part]),
      expected: () => undefined,
    };
    const env = { MYAPP_DATABASE_MAX_CONNECTIONS: "9" };
    const smart = await new EnvironmentSource("MYAPP_").load(context({ env }));
    expect(layer_of(smart, lower).tree).toEqual({ database: { max_connections: 9 } });
    const naive = await new EnvironmentSource({ prefix: "MYAPP_", mode: "naive" }).load(context({ env }));
    expect(layer_of(naive, lower).tree).toEqual({ database: { max: { connections: 9 } } });
  });

  test("answers unchanged while its own variables are the same, and data at the first load", async () => {
    const source = new EnvironmentSource({ prefix: "MYAPP_" });
    await source.load(context({ env: { MYAPP_A: "1", X: "1" } }));
    const later = { first: false };
    expect(await source.load(context({ ...later, env: { X: "2", MYAPP_A: "1" } }))).toEqual({ outcome: "unchanged" });
    expect((await source.load(context({ ...later, env: { MYAPP_A: "2" } }))).outcome).toBe("data");
    expect((await source.load(context({ ...later, env: {} }))).outcome).toBe("data");
    expect((await source.load(context({ env: {} }))).outcome).toBe("data");
  });

  test("refuses options that mean nothing", () => {
    expect(() => new EnvironmentSource({ prefx: "A_" } as never)).toThrow('there is no option "prefx"');
    expect(() => new EnvironmentSource({ prefix: 1 as never })).toThrow("prefix must be a string, got number");
    expect(() => new EnvironmentSource({ mode: "clever" as never })).toThrow(
      'mode must be "smart" or "naive", got "clever"',
    );
  });
});
