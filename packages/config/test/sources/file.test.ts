import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ConfigSourceError } from "../../src/errors.ts";
import { FileSource } from "../../src/sources/file.ts";
import { context, first_tree, layer_of, rejection } from "./loading.ts";

const run = promisify(execFile);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-file-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const file = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe("FileSource", () => {
  test("reads the format of its extension, and TOML if there is none", async () => {
    expect(await first_tree(new FileSource(await file("a.toml", "a.b = 1\n")))).toEqual({ a: { b: 1 } });
    expect(await first_tree(new FileSource(await file("a.json", '{"a":{"b":1}}')))).toEqual({ a: { b: 1 } });
    expect(await first_tree(new FileSource(await file("a.yaml", "a:\n  b: 1\n")))).toEqual({ a: { b: 1 } });
    expect(await first_tree(new FileSource(await file("a.yml", "a:\n  b: 1\n")))).toEqual({ a: { b: 1 } });
    expect(await first_tree(new FileSource(await file("a.conf", "a.b = 1\n")))).toEqual({ a: { b: 1 } });
  });

  test("reads the given format, as a word or as an option", async () => {
    const path = await file("settings", '{"a":1}');
    expect(await first_tree(new FileSource(path, "json"))).toEqual({ a: 1 });
    expect(await first_tree(new FileSource(path, { format: "json" }))).toEqual({ a: 1 });
    expect(await first_tree(new FileSource(pathToFileURL(path), "json"))).toEqual({ a: 1 });
  });

  test("answers absent for a missing file", async () => {
    expect(await new FileSource(join(folder, "no", "config.toml")).load(context())).toEqual({ outcome: "absent" });
  });

  test("answers unchanged for equal content, however new the file is, and data at the first load", async () => {
    const path = await file("config.toml", "a = 1\n");
    const source = new FileSource(path);
    await source.load(context());
    await writeFile(path, "a = 1\n");
    expect(await source.load(context({ first: false }))).toEqual({ outcome: "unchanged" });
    expect((await source.load(context())).outcome).toBe("data");
  });

  test("reports the file, line and column of each leaf", async () => {
    const path = await file("config.toml", "a = 1\n[b]\n  c = 2\n");
    const layer = layer_of(await new FileSource(path).load(context()));
    expect(layer.origin(["a"])).toEqual({ source: `file:${path}`, file: path, line: 1, column: 1 });
    expect(layer.origin(["b", "c"])).toEqual({ source: `file:${path}`, file: path, line: 3, column: 3 });
    expect(layer.origin([])).toEqual({ source: `file:${path}`, file: path });
    expect(layer.bytes).toBe(18);
  });

  test("fails with file, line and column, and quotes none of the text", async () => {
    for (const [name, content] of [
      ["config.toml", 'ok = 1\npassword = hunter2"\n'],
      ["config.json", '{\n"password": hunter2"}'],
      ["config.yaml", 'ok: 1\npassword: "hunter2\n'],
    ] as const) {
      const path = await file(name, content);
      const error = (await rejection(new FileSource(path, { settle: 0 }).load(context()))) as ConfigSourceError;
      expect(error).toBeInstanceOf(ConfigSourceError);
      expect(error).toMatchObject({ source: `file:${path}`, file: path, code: "syntax" });
      expect(error.line).toBeGreaterThanOrEqual(2);
      expect(error.message).toContain(`Cannot read "${path}": `);
      expect(error.message).toContain(`at line ${error.line}, column ${error.column}`);
      expect(`${error.message}${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain("hunter2");
    }
  });

  test("refuses a file larger than max_bytes", async () => {
    const path = await file("config.toml", `a = "${"x".repeat(100)}"\n`);
    const error = await rejection(new FileSource(path, { max_bytes: 50 }).load(context()));
    expect(error).toMatchObject({
      code: "too_large",
      message: `Cannot read "${path}": it is larger than max_bytes (50)`,
    });
  });

  test("refuses a path that is not a regular file", async () => {
    expect(await rejection(new FileSource(folder).load(context()))).toMatchObject({ code: "not_a_file" });
    expect(await rejection(new FileSource("/dev/null").load(context()))).toMatchObject({ code: "not_a_file" });
  });

  test("refuses invalid options", () => {
    expect(() => new FileSource("")).toThrow(TypeError);
    expect(() => new FileSource(7 as never)).toThrow("path must be a string or a file URL, got number");
    expect(() => new FileSource("a", "xml" as never)).toThrow(
      'format must be one of "toml", "json", "jsonc", "yaml", "env", got "xml"',
    );
    expect(() => new FileSource("settings.xml")).toThrow(
      "its extension is unknown, say { format } or use one of .toml",
    );
    expect(() => new FileSource("a", { debounse: 1 } as never)).toThrow('there is no option "debounse"');
    expect(() => new FileSource("a", { debounce: -1 })).toThrow(RangeError);
    expect(() => new FileSource("a", { poll_interval: 0 })).toThrow(
      "poll_interval must be a number of ms, at least 10",
    );
  });

  test("stops waiting for a file to settle when its process ends", async () => {
    const path = await file("config.toml", "");
    const abort = new AbortController();
    const load = rejection(new FileSource(path, { settle: 1e9 }).load(context({ signal: abort.signal })));
    abort.abort(new Error("The process ended"));
    expect((await load).message).toMatch(/abort|The process ended/);
  });

  test("refuses a file that keeps changing, and reads it once it is stable", async () => {
    const path = await file("config.toml", "a = 0\n");
    const source = new FileSource(path, { settle: 1000, debounce: 1000 });
    await source.load(context());
    let writing = true;
    const writer = (async () => {
      for (let n = 1; writing; n += 1) {
        await writeFile(path, `a = ${n}\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await writeFile(path, "a = 'last'\n");
    })();
    const error = await rejection(source.load(context({ first: false }))).finally(async () => {
      writing = false;
      await writer;
    });
    expect(error).toMatchObject({ code: "unsettled" });
    expect(error.message).toMatch(/: it has been changing for \d+ ms; write it in one step, or rename it into place$/);
    expect(layer_of(await source.load(context({ first: false }))).tree).toEqual({ a: "last" });
  });

  test.each([false, true])("keeps no process alive by its watch (use_polling: %s)", async (use_polling) => {
    const path = await file("config.toml", "a = 1\n");
    const script = `
      import { FileSource } from ${JSON.stringify(new URL("../../dist/sources/file.js", import.meta.url).href)};
      const source = new FileSource(process.argv[1], { use_polling: ${use_polling} });
      const context = { signal: new AbortController().signal, env: {}, first: true };
      await source.load(context);
      await source.watch(() => console.log("changed"), context);
      console.log("watching");
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script, path]);
    expect(stdout).toBe("watching\n");
  });
});
