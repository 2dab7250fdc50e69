import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

import type { Knowledge } from "../../src/core/layer.ts";
import { EnvironmentSource } from "../../src/sources/env.ts";
import { context, layer_of, nothing_below, rejection } from "./loading.ts";

describe("EnvironmentSource", () => {
  test("takes the variables with its prefix, parsed, with their origin", async () => {
    const env = { MYAPP_DATABASE_URL: "pg://db", MYAPP_WORKERS: "4", OTHER: "x" };
    const layer = layer_of(await new EnvironmentSource({ prefix: "MYAPP_" }).load(context({ env })));
    expect(layer.tree).toEqual({ database: { url: "pg://db" }, workers: 4 });
    expect(layer.origin(["workers"])).toEqual({
      source: "env:MYAPP_",
      variable: "MYAPP_WORKERS",
      rule: "single_underscore",
    });
  });

  test("takes a prefix and a mapping in the order of the specification", async () => {
    const env = { MYAPP_A: "1", PGURL: "pg://db" };
    const layer = layer_of(await new EnvironmentSource("MYAPP_", { PGURL: "database.url" }).load(context({ env })));
    expect(layer.tree).toEqual({ a: 1, database: { url: "pg://db" } });
  });

  test("takes its variables from the option env", async () => {
    const source = new EnvironmentSource({ env: { A_B: "1" } });
    expect(layer_of(await source.load(context({ env: { C: "2" } }))).tree).toEqual({ a: { b: 1 } });
  });

  test("reads no variable but its own, since each is searched for among all others", async () => {
    const read: unknown[] = [];
    const env = new Proxy(
      { PATH: "/bin", APP_PORT: "1", OTHER_FILE: "x" },
      { get: (target, name) => (read.push(name), Reflect.get(target, name) as unknown) },
    );
    const source = new EnvironmentSource({ prefix: "APP_", env });
    expect(layer_of(await source.load(context())).tree).toEqual({ port: 1 });
    expect(read).toEqual(["APP_PORT"]);
  });

  test("refuses a value that is not a text, naming the variable", async () => {
    const env = { A_PORT: 5, A_UNSET: undefined, OTHER: null } as never;
    const error = await rejection(new EnvironmentSource({ prefix: "A", env }).load(context()));
    expect(error).toMatchObject({ code: "not_a_text", message: expect.stringContaining('"A_PORT" is a number') });
    const fine = new EnvironmentSource({ prefix: "A", env: { OTHER: null } as never });
    expect(layer_of(await fine.load(context())).tree).toEqual({});
  });

  test("reports bytes that are not UTF-8, which the engine has replaced", async () => {
    const program = `
      const { Config, ConfigManager, ConfigSpec, EnvironmentSource } = await import(process.argv[1]);
      const spec = new ConfigSpec({ sources: [new EnvironmentSource("A")] });
      await ConfigManager.start(spec);
      console.log(JSON.stringify((await Config.for(spec).status()).diagnostics));
      process.exit();`;
    const main = fileURLToPath(new URL("../../lib/index.js", import.meta.url));
    const shell = `A_CITY="$(printf 'caf\\351')" exec "$@"`;
    const node = [process.execPath, "--input-type=module", "-e", program, main];
    const { stdout } = await promisify(execFile)("sh", ["-c", shell, "sh", ...node]);
    expect(JSON.parse(stdout)).toMatchObject([{ code: "not_utf8", path: "city" }]);
  });

  test("finds the path of a name in the layers below", async () => {
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

  test("answers unchanged while its own variables are equal, and data at the first load", async () => {
    const source = new EnvironmentSource({ prefix: "MYAPP_" });
    await source.load(context({ env: { MYAPP_A: "1", X: "1" } }));
    const later = { first: false };
    expect(await source.load(context({ ...later, env: { X: "2", MYAPP_A: "1" } }))).toEqual({ outcome: "unchanged" });
    expect((await source.load(context({ ...later, env: { MYAPP_A: "2" } }))).outcome).toBe("data");
    expect((await source.load(context({ ...later, env: {} }))).outcome).toBe("data");
    expect((await source.load(context({ env: {} }))).outcome).toBe("data");
  });

  test("refuses invalid options", () => {
    expect(() => new EnvironmentSource({ prefx: "A_" } as never)).toThrow('there is no option "prefx"');
    expect(() => new EnvironmentSource({ prefix: 1 as never })).toThrow("prefix must be a string, got number");
    expect(() => new EnvironmentSource({ mode: "clever" as never })).toThrow(
      'mode must be "smart" or "naive", got "clever"',
    );
  });
});
