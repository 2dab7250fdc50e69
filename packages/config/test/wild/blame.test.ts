/** Blame and places: a problem names the one source whose value is wrong, by identity, and where the value stands. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  Config,
  ConfigSpec,
  type ConfigSpecOptions,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
  type Problem,
} from "../../src/index.ts";
import { eachAlone, eventually, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-blame-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const file = (name: string): FileSource => new FileSource(at(name), { name: `file:${name}`, settle: 0 });

async function refused(promise: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigValidationError);
  return (error as ConfigValidationError).problems;
}

/** Starts, breaks what there is, and loads it: the problems, and whom the status blames. */
async function blame(
  options: ConfigSpecOptions,
  breaking: () => Promise<unknown>,
): Promise<{ problems: readonly Problem[]; blamed: readonly string[] }> {
  await started(new ConfigSpec({ reload_interval: 0, ...options }));
  await breaking();
  // A watch may have been faster: then the reload finds nothing new.
  await Config.reload().catch((error: unknown) => expect(error).toBeInstanceOf(ConfigValidationError));
  await eventually(async () => (await Config.status()).refused !== undefined);
  const { refused: refusal } = await Config.status();
  return { problems: refusal?.problems ?? [], blamed: refusal?.sources ?? [] };
}

const schema = z.looseObject({
  port: z.number().optional(),
  servers: z.array(z.object({ host: z.string(), weight: z.number() })).optional(),
});

describe("of two files whose names begin alike", () => {
  test.each([
    ["app.toml", "app.toml.local.toml"],
    ["app.toml.local.toml", "app.toml"],
  ])("%s is blamed for its value, and %s is not", async (wrong, innocent) => {
    await writeFile(at(wrong), "port = 1\n");
    await writeFile(at(innocent), "other = 1\n");
    const { problems, blamed } = await blame(
      { schema, sources: [file("app.toml"), file("app.toml.local.toml")] },
      async () => {
        await writeFile(at(innocent), "other = 2\n");
        await writeFile(at(wrong), '# broken\nport = "x"\n');
      },
    );
    expect(problems).toMatchObject([
      { path: "port", origin: `file:${wrong}:2`, source: `file:${wrong}`, file: at(wrong), line: 2, column: 1 },
    ]);
    expect(blamed).toEqual([`file:${wrong}`]);
  });
});

test("of two sources with one name the right one is blamed", async () => {
  const first = new ScriptedSource("same", { a: 1 });
  const second = new ScriptedSource("same", { b: 1 });
  const validators = { "{a,b}": (value: unknown) => typeof value === "number" || "must be a number" };
  const { problems, blamed } = await blame({ sources: [first, second], validators }, async () => {
    first.next = { a: 2 };
    second.next = { b: "x" };
  });
  expect(problems).toMatchObject([{ path: "b", source: "same#2" }]);
  expect(blamed).toEqual(["same#2"]);
});

test("a problem inside a list has the file and line of the element, and its source is blamed", async () => {
  await writeFile(at("base.toml"), '[[servers]]\nhost = "a"\nweight = 1\n');
  await writeFile(at("over.toml"), "");
  const { problems, blamed } = await blame({ schema, sources: [file("base.toml"), file("over.toml")] }, async () => {
    await writeFile(at("over.toml"), "other = 1\n");
    await writeFile(at("base.toml"), '[[servers]]\nhost = "a"\nweight = 1\n\n[[servers]]\nhost = "b"\nweight = "x"\n');
  });
  expect(problems).toMatchObject([
    { path: "servers.1.weight", origin: "file:base.toml:7", source: "file:base.toml", line: 7 },
  ]);
  expect(blamed).toEqual(["file:base.toml"]);
});

test("a problem with a variable names the variable and blames the environment", async () => {
  await writeFile(at("app.toml"), "port = 1\n");
  const env: Record<string, string> = { MYAPP_OTHER: "1" };
  const environment = new EnvironmentSource({ prefix: "MYAPP_", env });
  const validators = { port: (value: unknown) => Number(value) < 10 || "must be below 10" };
  const { problems, blamed } = await blame({ sources: [file("app.toml"), environment], validators }, async () => {
    await writeFile(at("app.toml"), "port = 2\nmore = 1\n");
    env.MYAPP_PORT = "99";
  });
  expect(problems).toMatchObject([
    { path: "port", origin: "env:MYAPP_PORT", variable: "MYAPP_PORT", source: environment.name },
  ]);
  expect(blamed).toEqual([environment.name]);
});

test("a problem with a put blames no source, even if a source has the path or the name", async () => {
  const validators = { port: (value: unknown) => Number(value) < 10 || "must be below 10" };
  const source = new ScriptedSource("runtime", { port: 1 });
  await started(new ConfigSpec({ sources: [source], validators, reload_interval: 0 }));
  expect(await refused(Config.put("port", 99))).toEqual([{ path: "port", message: "must be below 10", origin: "put" }]);
  expect((await Config.status()).sources).toMatchObject([{ state: "ok" }]);
});

test("a custom source reports the places of its values, and cannot name another source", async () => {
  const source = new ScriptedSource("db", { pool: { size: 1 } });
  const validators = { "pool.size": (size: unknown) => Number(size) > 0 || "must be above 0" };
  const origin = (path: readonly string[]) => ({
    source: "somebody else",
    key: `settings/${path.join("/")}`,
    line: Number.NaN,
  });
  const { problems } = await blame({ sources: [source], validators }, async () => {
    source.next = (_lower) => ({ source: "somebody else", tree: { pool: { size: -1 } }, origin, diagnostics: [] });
  });
  expect(problems).toMatchObject([{ path: "pool.size", source: "db", key: "settings/pool/size" }]);
});

describe("an origin function that", () => {
  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw Object.create(null) as Error;
      },
    ],
    ["returns nothing", () => undefined],
    ["returns a revoked proxy", () => revoked()],
    ["returns data of other types", () => ({ source: 1, file: {}, line: "x", placeholders: 5 })],
  ])("%s falls back to the source's name", async (_, origin) => {
    const source = new ScriptedSource("db", { a: 1 });
    const validators = { a: (value: unknown) => Number(value) < 10 || "must be below 10" };
    const { problems } = await blame({ sources: [source], validators }, async () => {
      source.next = (_lower) => ({ source: "db", tree: { a: 99 }, origin: origin as never, diagnostics: [] });
    });
    expect(problems).toEqual([{ path: "a", message: "must be below 10", origin: "db", source: "db" }]);
    expect(await Config.explain("a")).toMatchObject({ winner: { source: "db", origin: { source: "db" } } });
  });
});

describe("the path of a validator's own problem", () => {
  const thrownOften = new ConfigValidationError("Pool: is too small", [{ path: "pool.size", message: "is too small" }]);
  const own = (path: unknown) => [{ path, message: "is too small" }];
  test.each<[string, (value: unknown, path: string) => unknown, string]>([
    ["is below the node when dotted", () => own("pool.size"), "db.pool.size"],
    ["is below the node when it is segments", () => own(["pool", "size"]), "db.pool.size"],
    ["may be of a key that is not there", () => own("pool.max"), "db.pool.max"],
    ["may go into a list", () => own("pool.hosts.1"), "db.pool.hosts.1"],
    ["is the node's when there is none", () => own(undefined), "db"],
    ["is taken whole when it begins with the node's", (_, path) => own(`${path}.pool.size`), "db.pool.size"],
    [
      "is below the node in an error that is thrown again and again",
      () => {
        throw thrownOften;
      },
      "db.pool.size",
    ],
  ])("%s", async (_, validator, path) => {
    const db = { pool: { size: 1, hosts: ["a", "b"] } };
    await started(new ConfigSpec({ sources: [], validators: { db: validator }, reload_interval: 0 }));
    expect(await refused(Config.put("db", db))).toEqual([{ path, message: "is too small", origin: "put" }]);
    // The same error thrown again keeps its path; for another node it has that node's.
    expect(await refused(Config.put("db", db))).toMatchObject([{ path }]);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test("an error that names one source is not reported for another that has changed as well", async () => {
  await writeFile(at("a.toml"), "l = [1]\n");
  const lines: string[] = [];
  const env: Record<string, string> = {};
  const spec = new ConfigSpec({
    reload_interval: 0,
    sources: [file("a.toml"), new EnvironmentSource({ prefix: "A", env })],
    log: (line) => void lines.push(line),
  });
  await started(spec);
  await writeFile(at("a.toml"), "l = [1]\nb = 2\n");
  env["A_L_0"] = "3";
  await Config.reload().catch(() => undefined);
  await eventually(() => lines.length > 0);
  expect(lines.filter((line) => line.includes("file:a.toml"))).toEqual([]);
  expect(lines.filter((line) => line.includes('Cannot load "env:A"'))).toHaveLength(1);
  const { sources } = await Config.status();
  expect(sources.map(({ name, state, failures }) => [name, state, failures])).toEqual([
    ["file:a.toml", "ok", 0],
    ["env:A", "error", 1],
  ]);
});

test("an error at the start that names one source is not logged for the others", async () => {
  await writeFile(at("a.toml"), "l = [1]\n");
  const lines: string[] = [];
  const env = { A_L_0: "3" };
  const sources = [file("a.toml"), new EnvironmentSource({ prefix: "A", env })];
  await expect(
    started(new ConfigSpec({ reload_interval: 0, sources, log: (line) => void lines.push(line) })),
  ).rejects.toThrow("leads into the list");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(': Cannot load "env:A": "A_L_0" leads into the list');
});
