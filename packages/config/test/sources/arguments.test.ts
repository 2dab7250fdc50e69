/** Options of the command line become paths and values. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { type ArgumentsOptions, ArgumentsSource } from "../../src/arguments.ts";
import { knownPaths } from "../../src/core/known_paths.ts";
import type { Layer } from "../../src/core/layer.ts";
import { placeOf } from "../../src/core/layers.ts";
import { schemaShape } from "./loading.ts";
import { ConfigSpec, EnvironmentSource } from "../../src/index.ts";
import { setup, source_contract } from "../../src/testing.ts";
import { afterEach, beforeEach } from "vitest";
import { context, layer_of, rejection } from "./loading.ts";

const kit = setup({ beforeEach, afterEach });

interface Below {
  readonly tree?: object;
  readonly schema?: z.ZodType;
}

async function layer(argv: readonly string[], below: Below = {}, options: ArgumentsOptions = {}): Promise<Layer> {
  const source = new ArgumentsSource({ argv, ...options });
  const lower = knownPaths([(below.tree ?? {}) as never], schemaShape(below.schema));
  return layer_of(await source.load(context()), lower);
}

const file = { database: { url: "x", max_connections: 5 }, log_level: "info", cache: true, hosts: ["a"], port: 80 };

describe("ArgumentsSource", () => {
  test.each<[argv: string, tree: object]>([
    ["--database.url y", { database: { url: "y" } }],
    ["--database.url=y", { database: { url: "y" } }],
    ["--database.url=", { database: { url: "" } }],
    ["--database.url=a=b", { database: { url: "a=b" } }],
    ["--database.max-connections 7", { database: { max_connections: 7 } }],
    ["--database.maxConnections=7", { database: { max_connections: 7 } }],
    ["--database-max-connections 7", { database: { max_connections: 7 } }],
    ["--LOG_LEVEL debug", { log_level: "debug" }],
    ["--port -5", { port: -5 }],
    ["--port=-5 --other -0.5", { port: -5, other: -0.5 }],
    ["--cache", { cache: true }],
    ["--cache out.txt", { cache: true }],
    ["--cache false out.txt", { cache: false }],
    ["--no-cache out.txt", { cache: false }],
    ["--no-color", { color: false }],
    ["--newKey.someThing 1", { newKey: { someThing: 1 } }],
    ["--set database.url=y", { database: { url: "y" } }],
    ["--set=database.url=y", { database: { url: "y" } }],
    ["--set a\\.b.c=1", { "a.b": { c: 1 } }],
    ['--set database={"url":"z"}', { database: { url: "z" } }],
    ["--hosts b --hosts c", { hosts: ["b", "c"] }],
    ["--hosts b,c", { hosts: ["b", "c"] }],
    ['--hosts ["b"] --hosts c,d', { hosts: ["b", "c", "d"] }],
    ["--hosts b", { hosts: ["b"] }],
    ["--tag 1 --tag x", { tag: [1, "x"] }],
    ["--new 1 -- --port 7", { new: 1 }],
    ["run --port 7 fast -", { port: 7 }],
  ])("reads %s", async (argv, tree) => {
    const made = await layer(argv.split(" "), { tree: file });
    expect(made.tree).toStrictEqual(tree);
    expect(made.diagnostics).toStrictEqual([]);
  });

  test("reads values as the schema's types, at every depth", async () => {
    const schema = z.object({
      id: z.string(),
      on: z.boolean(),
      big: z.bigint(),
      "no-op": z.string(),
      at: z.array(z.number()),
    });
    const argv = [
      "--id",
      "007",
      "--on",
      "no.txt",
      "--big",
      "9007199254740993",
      "--no-op=x",
      "--at",
      "1",
      "--at",
      "2,3",
    ];
    expect((await layer(argv, { schema })).tree).toStrictEqual({
      id: "007",
      on: true,
      big: 9007199254740993n,
      "no-op": "x",
      at: [1, 2, 3],
    });
  });

  test("uses the paths of a mapping, also for short options", async () => {
    const mapping = { p: "port", "--db": "database.url", v: ["log", "verbose"] };
    const made = await layer(["-p", "81", "-p=82", "--db", "y", "-v"], { tree: file }, { mapping });
    expect(made.tree).toStrictEqual({ port: 82, database: { url: "y" }, log: { verbose: true } });
    expect(made.diagnostics.map(({ code }) => code)).toStrictEqual(["repeated"]);
  });

  test("ignores the program's own options", async () => {
    const made = await layer(["--help", "--inspect-brk=1", "--port", "1"], {}, { ignore: ["help", "inspect*"] });
    expect(made.tree).toStrictEqual({ port: 1 });
  });

  test("records which option a value came from", async () => {
    const made = await layer(["--database.url", "y", "--set", "port=1"], { tree: file });
    expect(placeOf(made.origin(["database", "url"]))).toBe("argv:--database.url");
    expect(placeOf(made.origin(["port"]))).toBe("argv:--set port");
  });

  test.each<[argv: string, code: string, message: string]>([
    [
      "--databse.url y",
      "unknown_path",
      '"--databse.url" sets "databse.url", which nothing else knows; the nearest known path is "database.url"',
    ],
    [
      "--database.ulr y",
      "unknown_path",
      '"--database.ulr" sets "database.ulr", which nothing else knows; the nearest known path is "database.url"',
    ],
    ["-psecret", "unknown_argument", '"-p…" has one dash, and no mapping names a path for it; it is not used'],
    ["--port 1 --port 2", "repeated", '"--port" is given 2 times and "port" is not a list: the last one counts'],
    ["--port 1 --set port=2", "duplicate", '"--set port" and "--port" both name "port"; "--set port" is used'],
    ["--port=", "empty", '"--port" is empty and "port" is not a text: it counts as not set'],
  ])("reports %s as %s", async (argv, code, message) => {
    const made = await layer(argv.split(" "), { tree: file });
    expect(made.diagnostics).toMatchObject([{ code, message }]);
  });

  test("compares a limited number of unknown options with the known paths, and reports how many there are", async () => {
    const misspelt = Array.from({ length: 500 }, (_, i) => `--log_levl_name_${i}=1`);
    const { diagnostics } = await layer(["--port=1", ...misspelt], { tree: { port: 1, log_level_name: 2 } });
    expect(diagnostics).toHaveLength(101);
    expect(diagnostics[0]!.message).toContain('the nearest known path is "log_level_name"');
    expect(diagnostics.at(-1)).toStrictEqual({
      source: "argv",
      code: "unknown_path",
      message: "500 options set paths that nothing else knows; only the first 100 were compared with the known ones",
    });
    const others = Array.from({ length: 500 }, (_, i) => `--nothing-like-it-${i}=1`);
    expect((await layer(others, { tree: { port: 1 } })).diagnostics).toStrictEqual([]);
  });

  test.each<[argv: string, message: string]>([
    ["--set", '"--set" must be followed by PATH=VALUE'],
    ["--set --port", '"--set" must be followed by PATH=VALUE'],
    ["--set =1", '"--set" must be followed by PATH=VALUE'],
    ["--set a..b=1", 'Cannot read path of "--set" "a..b": segment 2 of 3 is empty'],
    ["--=1", 'argument 1 has no name before "="'],
    ["--a..b 1", '"--a..b" has an empty part in its name'],
    ["--__proto__.x 1", '"--__proto__.x": no table may have the key "__proto__"'],
    ["--set __proto__.x=1", '"__proto__.x": no table may have the key "__proto__"'],
    ["--no-cache=1", '"--no-cache" is false by itself, and takes no value'],
    [
      "--hosts.0 b",
      '"--hosts.0" leads into the list "hosts", and a list is set as a whole: give it as a JSON list, or once for each element',
    ],
  ])("refuses %s", async (argv, message) => {
    const error = await rejection(layer(argv.split(" "), { tree: file }));
    expect(error.message).toBe(`Cannot load "argv": ${message}`);
  });

  test("reports an option without a value if a text is expected", async () => {
    const { tree, diagnostics } = await layer(["--log_level", "--port", "5"], { tree: file });
    expect(tree).toEqual({ log_level: "true", port: 5 });
    expect(diagnostics).toMatchObject([
      { code: "no_value", path: "log_level", message: expect.stringContaining("--log_level") },
    ]);
    expect((await layer(["--log_level=", "--cache"], { tree: file })).diagnostics).toEqual([]);
  });

  test("reports bytes that are not UTF-8", async () => {
    const { diagnostics } = await layer(["--log_level", "caf\uFFFD"], { tree: file });
    expect(diagnostics).toMatchObject([{ code: "not_utf8", path: "log_level" }]);
  });

  test("refuses invalid options", () => {
    expect(() => new ArgumentsSource({ args: [] } as never)).toThrow('there is no option "args"');
    expect(() => new ArgumentsSource({ argv: "x" } as never)).toThrow("argv must be an array of strings");
    expect(() => new ArgumentsSource({ mapping: { p: "" } })).toThrow('map option "p" to path');
  });

  test("takes its place in the list, and reports keys that the schema does not know", async () => {
    const schema = z.object({ port: z.number(), verbose: z.boolean().default(false) });
    const argv = new ArgumentsSource({ argv: ["--port", "1", "--verbos"] });
    const config = await kit.start_manager({
      sources: [argv, new EnvironmentSource({ prefix: "T", env: { T_PORT: "2" } })],
      schema,
    });
    expect(config.peek("port")).toBe(2);
    const { shadowed } = await config.explain("port");
    expect(shadowed.map(({ place, value }) => [place, value])).toStrictEqual([["argv:--port", 1]]);
    const { diagnostics } = await config.status();
    const said = diagnostics.map(({ message }) => message);
    expect(said).toContain(
      '"verbos" has no effect, as the schema does not know it; the nearest known key is "verbose" (argv:--verbos)',
    );
    const wrong = new ConfigSpec({
      sources: [new ArgumentsSource({ argv: ["--port", "many"] })],
      schema,
      name: "wrong",
    });
    kit.processes.allow_reports();
    const error = await rejection(kit.start_manager(wrong));
    expect(String(error.cause ?? error)).toContain("argv:--port");
  });

  test("reads the arguments of a real program", async () => {
    const program = `
      import { Config, ConfigManager, ConfigSpec } from "@otpts/config";
      import { ArgumentsSource } from "@otpts/config/arguments";
      import { supervisor } from "@otpts/runtime";
      const top = await ConfigManager.start(new ConfigSpec({ sources: [new ArgumentsSource()] }));
      console.log(JSON.stringify(Config.snapshot().tree));
      await supervisor.stop(top);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const args = [
      "--input-type=module",
      "-e",
      program,
      "--",
      "app",
      "--database.url",
      "x",
      "--no-cache",
      "--set",
      "a.b=1",
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
    expect(JSON.parse(stdout)).toStrictEqual({ database: { url: "x" }, cache: false, a: { b: 1 } });
  });
});

source_contract({ describe, test }, "ArgumentsSource", async () => ({
  source: new ArgumentsSource({ argv: ["--a.b", "1", "--c"] }),
  dispose: async () => undefined,
}));
