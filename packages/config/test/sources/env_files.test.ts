/** NAME_FILE names a file with the text of NAME: which variables count, refusals, and the watch of the file. */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";

import { knownPaths } from "../../src/core/known_paths.ts";
import type { Layer } from "../../src/core/layer.ts";
import { placeOf } from "../../src/core/layers.ts";
import { EnvironmentSource } from "../../src/index.ts";
import type { EnvironmentOptions } from "../../src/sources/env.ts";
import { eventually, setup, source_contract, type TemporaryDirectory } from "../../src/testing.ts";
import { context, layer_of, rejection, schemaShape } from "./loading.ts";

const kit = setup({ beforeEach, afterEach });
const files = { debounce: 0, settle: 0 };

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await kit.temporary_directory({ pw: "s3cret-1\n", port: "80\n", large: "x".repeat(9), binary: "\0" });
});

async function layer(
  env: Readonly<Record<string, string>>,
  options: EnvironmentOptions = {},
  below: object = {},
  schema?: z.ZodType,
): Promise<Layer> {
  const source = new EnvironmentSource({ prefix: "A_", files, ...options, env });
  return layer_of(await source.load(context()), knownPaths([below as never], schemaShape(schema)));
}

describe("EnvironmentSource with files", () => {
  test("reads NAME from the file that NAME_FILE names, at the path and with the type of NAME", async () => {
    const env = {
      A_DB_PASSWORD_FILE: folder.file("pw"),
      A_PORT_FILE: folder.file("port"),
      A_DB__HOST: "h",
      A_FILE: "x",
    };
    const made = await layer(env, {}, { db: { password: "old" } });
    expect(made.tree).toEqual({ db: { password: "s3cret-1", host: "h" }, port: 80, file: "x" });
    expect(placeOf(made.origin(["db", "password"]))).toBe("env:A_DB_PASSWORD_FILE");
    expect(made.origin(["db", "password"])).toMatchObject({ file: folder.file("pw"), rule: "known_path" });
    expect(made.diagnostics).toEqual([]);
  });

  test("treats variables that end in _FILE as ordinary without the option", async () => {
    const source = new EnvironmentSource({ prefix: "A_", env: { A_PW_FILE: folder.file("pw") } });
    expect(source.watch).toBeUndefined();
    expect(layer_of(await source.load(context())).tree).toEqual({ pw: { file: folder.file("pw") } });
  });

  test("treats a variable as ordinary if a mapping, a lower layer or the schema has its path, except below a record", async () => {
    const env = { A_LOG_FILE: "/var/log/x", A_KEY_FILE: "k" };
    const known = z.object({ logFile: z.string(), key: z.object({ file: z.string() }) });
    expect((await layer(env, {}, {}, known)).tree).toEqual({ logFile: "/var/log/x", key: { file: "k" } });
    const mapping = { A_LOG_FILE: "log", KEY_FILE: "key" };
    expect((await layer(env, { mapping })).tree).toEqual({ log: "/var/log/x", key: "k" });
    const double = { A_LOG__FILE: "f" };
    expect((await layer(double, {}, { log: { file: "old" } })).tree).toEqual({ log: { file: "f" } });
    const record = z.object({ db: z.record(z.string(), z.string()) });
    expect((await layer({ A_DB__PW_FILE: folder.file("pw") }, {}, {}, record)).tree).toEqual({
      db: { pw: "s3cret-1" },
    });
  });

  test("applies a mapping of NAME, also outside the prefix, and the globs of ignore", async () => {
    const env = { PGPASSWORD_FILE: folder.file("pw"), A_SKIP_FILE: "/none" };
    const made = await layer(env, { mapping: { PGPASSWORD: "pg.password" }, ignore: ["A_SKIP*"] });
    expect(made.tree).toEqual({ pg: { password: "s3cret-1" } });
  });

  test.each<[name: string, env: Readonly<Record<string, string>>, message: string]>([
    [
      "NAME and NAME_FILE",
      { A_PW: "x", A_PW_FILE: "pw" },
      '"A_PW" and "A_PW_FILE" are both set, only one of them is allowed',
    ],
    ["a missing file", { A_PW_FILE: "none" }, "cannot be read: there is no such file"],
    ["a directory", { A_PW_FILE: "." }, "cannot be read: it is a directory"],
    ["a file that is too large", { A_PW_FILE: "large" }, "cannot be read: it is larger than max_bytes (8)"],
    ["a binary file", { A_PW_FILE: "binary" }, "cannot be read: it is not a text"],
  ])("refuses %s if there is a prefix, and reports a diagnostic otherwise", async (_, env, message) => {
    const given = Object.fromEntries(
      Object.entries(env).map(([name, text]) => [name, name.endsWith("_FILE") ? join(folder.path, text) : text]),
    );
    const options = { files: { ...files, max_bytes: 8 } };
    const error = await rejection(layer(given, options));
    expect(error.message).toContain('Cannot load "env:A_": ');
    expect(error.message).toContain(message);
    if (message.includes("read"))
      expect(error.message).toContain(`"${given["A_PW_FILE"]!}", the file that "A_PW_FILE" names`);
    const made = await layer(given, { ...options, prefix: "" });
    expect(made.diagnostics.map((one) => one.message)).toMatchObject([expect.stringContaining(message)]);
    expect(made.tree).toEqual("A_PW" in given ? { a: { pw: "x" } } : {});
  });

  test("treats an empty NAME_FILE as not set, with a diagnostic, unless it is an ordinary variable", async () => {
    const env = { A_PW_FILE: "", A_LOG_FILE: "", A_KEY: "k", A_KEY_FILE: "", A_X: "", A_X_FILE: "" };
    const made = await layer(env, {}, { pw: "old", log: { file: "old" } });
    expect(made.tree).toEqual({ log: { file: "" }, key: "k", x: "" });
    expect(made.diagnostics).toEqual(
      ["A_KEY_FILE", "A_PW_FILE", "A_X_FILE"].map((name) => ({
        source: "env:A_",
        code: "empty",
        message: `"${name}" is empty, and names no file: it counts as not set`,
      })),
    );
  });

  test("treats an empty NAME as not set", async () => {
    expect((await layer({ A_PW: "", A_PW_FILE: folder.file("pw") }, {}, { pw: "old" })).tree).toEqual({
      pw: "s3cret-1",
    });
  });

  test("reads a changed file again, keeps its last value while it is missing, and shows the value nowhere", async () => {
    const env: Record<string, string> = { A_CODE_FILE: folder.file("pw") };
    const source = new EnvironmentSource({ prefix: "A_", files, env });
    const lines: string[] = [];
    const config = await kit.start_manager({ sources: [source], log: (line) => void lines.push(line) });
    expect(config.peek("code")).toBe("s3cret-1");
    await folder.write("pw", "s3cret-2");
    await eventually(() => expect(config.peek("code")).toBe("s3cret-2"));
    await rm(folder.file("pw"));
    await eventually(async () =>
      expect(inspect(await config.status(), { depth: 20 })).toContain("there is no such file"),
    );
    expect(config.peek("code")).toBe("s3cret-2");
    await folder.write("pw", "s3cret-3");
    await eventually(() => expect(config.peek("code")).toBe("s3cret-3"));
    const shown = inspect(
      [config.snapshot(), await config.status(), await config.explain("code"), await config.diff(1)],
      {
        depth: 20,
      },
    );
    expect(shown + lines.join()).not.toContain("s3cret");
    env["A_CODE_FILE"] = folder.file("port");
    await config.reload();
    expect(config.peek("code")).toBe(80);
  });

  test("notices when a file becomes unreadable, and readable again", async () => {
    const env = { A_PW_FILE: folder.file("pw") };
    const source = new EnvironmentSource({ prefix: "A_", files: { ...files, max_bytes: 10 }, env });
    await source.load(context());
    const again = () => source.load(context({ first: false }));
    expect(await again()).toEqual({ outcome: "unchanged" });
    await folder.write("pw", "more than ten bytes");
    expect((await rejection(again().then((loaded) => layer_of(loaded)))).message).toContain(
      "larger than max_bytes (10)",
    );
    await folder.write("pw", "s3cret-1\n");
    expect(layer_of(await again()).tree).toEqual({ pw: "s3cret-1" });
  });

  test("refuses an invalid option", () => {
    expect(() => new EnvironmentSource({ files: 1 } as never)).toThrow(
      "files must be a boolean or options of watching",
    );
    expect(() => new EnvironmentSource({ files: { x: 1 } } as never)).toThrow('there is no option "x"');
  });

  test("works in a real program", async () => {
    const program = `
      import { Config, ConfigManager, ConfigSpec, EnvironmentSource } from "@otpts/config";
      import { supervisor } from "@otpts/runtime";
      const top = await ConfigManager.start(new ConfigSpec({ sources: [new EnvironmentSource({ prefix: "A", files: true })] }));
      console.log(JSON.stringify([Config.peek("database.password"), Config.snapshot()]));
      await supervisor.stop(top);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const env = { ...process.env, A_DATABASE_PASSWORD_FILE: folder.file("pw") };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      cwd,
      env,
    });
    const [password, shown] = JSON.parse(stdout) as [string, unknown];
    expect(password).toBe("s3cret-1");
    expect(shown).toEqual({ version: 1, tree: { database: { password: "[redacted]" } } });
  });
});

source_contract({ describe, test }, "EnvironmentSource with files", async () => {
  const directory = await kit.temporary_directory({ x: "1" });
  const env: Record<string, string> = { P_X_FILE: directory.file("x"), P_Y: "1" };
  return {
    source: new EnvironmentSource({ prefix: "P_", files, env }),
    change: () => directory.write("x", String(Math.random())),
    dispose: async () => undefined,
  };
});
