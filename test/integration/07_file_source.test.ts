/** The specification's block "File Source". */
import { rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { Config, ConfigSourceError, FileSource, type SourceContext } from "@otpts/config";
import { describe, expect, test } from "vitest";
import { eachAlone, eventually, folder, started } from "./kit.ts";

eachAlone();

const outcomes = async () => (await Config.reload()).sources.map(({ outcome }) => outcome);

/** Like the block's `load`, of the source alone: its tree, `undefined` for "no changes", `{}` where there is no file. */
async function load(source: FileSource, first = false): Promise<unknown> {
  const context: SourceContext = { signal: new AbortController().signal, env: {}, first };
  const loaded = await source.load(context);
  if (loaded.outcome === "unchanged") return undefined;
  if (loaded.outcome === "absent") return {};
  if (typeof loaded.contribution === "function") throw new Error("a file's layer depends on no other");
  return loaded.contribution.tree;
}

describe("File Source: load", () => {
  test("of a missing file is empty", async () => {
    const file = await folder();
    expect(await load(new FileSource(file("config.toml")), true)).toEqual({});
  });

  test("of TOML returns its tree", async () => {
    const file = await folder({ "config.toml": `top = 1\n[database]\nurl = "x"\nports = [1, 2]\n` });
    expect(await load(new FileSource(file("config.toml")), true)).toEqual({
      top: 1,
      database: { url: "x", ports: [1, 2] },
    });
  });

  test('with format "json" returns the tree of JSON, whatever the extension', async () => {
    const file = await folder({ "a.json": `{ "database": { "url": "x" } }`, "b.conf": `{ "b": null }` });
    expect(await load(new FileSource(file("a.json"), "json"), true)).toEqual({ database: { url: "x" } });
    expect(await load(new FileSource(file("b.conf"), "json"), true)).toEqual({ b: null });
    expect(await load(new FileSource(file("a.json")), true)).toEqual({ database: { url: "x" } });
  });

  test("a second time without a change reports no changes", async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    const source = new FileSource(file("config.toml"));
    expect(await load(source, true)).toEqual({ a: 1 });
    expect(await load(source)).toBeUndefined();
    await writeFile(file("config.toml"), "a = 2\nb = 3\n");
    expect(await load(source)).toEqual({ a: 2, b: 3 });
  });

  test("of broken TOML fails with file, line and column, and quotes none of the text", async () => {
    const file = await folder({ "config.toml": `password = "hunter2\n` });
    const error = await load(new FileSource(file("config.toml")), true).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigSourceError);
    expect(error).toMatchObject({ file: file("config.toml"), line: 1, column: expect.any(Number) });
    expect((error as Error).message).not.toContain("hunter2");
  });
});

describe("File Source: under the manager", () => {
  test("reload reports data, unchanged and absent, file by file", async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    const sources = [new FileSource(file("config.toml")), new FileSource(file("absent.toml"))];
    await started({ sources, reload_interval: 0 });
    expect(await outcomes()).toEqual(["unchanged", "absent"]);
    expect((await Config.status()).sources.map(({ state }) => state)).toEqual(["ok", "absent"]);
  });

  test("a newer modification time alone is no change, and new content with an older time is one", async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    await started({ sources: [new FileSource(file("config.toml"))], reload_interval: 0 });
    const told: unknown[] = [];
    await Config.subscribe("a", (_path, _old_value, new_value) => void told.push(new_value));
    const { version } = await Config.status();

    const { mtimeMs } = await stat(file("config.toml"));
    await utimes(file("config.toml"), new Date(), new Date(mtimeMs + 60_000));
    expect(await outcomes()).toEqual(["unchanged"]);
    expect((await Config.status()).version).toBe(version);

    await writeFile(file("new.toml"), "a = 2\n");
    await utimes(file("new.toml"), new Date(0), new Date(0));
    await rename(file("new.toml"), file("config.toml"));
    await Config.reload();
    expect(told).toEqual([2]);
  });

  test("watch: a changed file is loaded without a reload", async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    await started({ sources: [new FileSource(file("config.toml"))], reload_interval: 0 });
    await writeFile(file("config.toml"), "a = 2\n");
    await eventually(async () => (await Config.get("a")) === 2);
  });

  test("watch: a file that appears later is loaded, and a deleted one keeps its last values", async () => {
    const file = await folder();
    await started({ sources: [new FileSource(file("config.toml"))], reload_interval: 0 });
    expect(await Config.get("a")).toBeUndefined();
    await writeFile(file("config.toml"), "a = 1\n");
    await eventually(async () => (await Config.get("a")) === 1);
    await rm(file("config.toml"));
    await eventually(async () => (await outcomes())[0] === "absent");
    expect(await Config.get("a")).toBe(1);
  });

  test('with on_missing "clear" a deleted file loses its values', async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    const sources = [new FileSource(file("config.toml"), { on_missing: "clear" })];
    await started({ sources, reload_interval: 0 });
    await rm(file("config.toml"));
    await eventually(async () => (await Config.reload()) && (await Config.get("a")) === undefined);
  });

  test("a broken file fails the start with the place", async () => {
    const file = await folder({ "config.toml": "a = = 1\n" });
    await expect(started({ sources: [new FileSource(file("config.toml"))] })).rejects.toThrow(
      /config\.toml.*line 1, column 5/,
    );
  });

  test("a file that breaks later keeps its last good values, and status has the place", async () => {
    const file = await folder({ "config.toml": "a = 1\n" });
    await started({ sources: [new FileSource(file("config.toml"), { settle: 0 })], reload_interval: 0 });
    await writeFile(file("config.toml"), "a = = 2\n");
    await eventually(async () => (await outcomes())[0] === "error");
    expect(await Config.get("a")).toBe(1);
    const { sources } = await Config.status();
    expect(sources[0]).toMatchObject({ state: "error", last_error: { line: 1, column: 5 } });
    await writeFile(file("config.toml"), "a = 3\n");
    await eventually(async () => (await Config.get("a")) === 3);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0 });
  });
});
