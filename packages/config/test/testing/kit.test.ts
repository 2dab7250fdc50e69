import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { EnvironmentSource, FileSource } from "../../src/index.ts";
import { eventually, MemorySource, setup, source_contract } from "../../src/testing.ts";

const kit = setup({ beforeEach, afterEach });

for (const writable of [false, true]) {
  source_contract({ describe, test }, `MemorySource${writable ? " that is writable" : ""}`, async () => {
    const source = new MemorySource({ a: { b: 1 } }, { writable });
    return {
      source,
      change: async () => source.put("a.b", 2),
      break: async () => source.fail(new Error("no memory")),
      mend: async () => source.set({ a: { b: 3 } }),
      ...(writable ? { writable: { path: ["a", "c"], value: 7 } } : {}),
      dispose: async () => undefined,
    };
  });
}

describe("a manager for a test", () => {
  const seen: string[] = [];

  test("is configured from memory, typed by its schema, and follows the test's changes", async () => {
    const source = new MemorySource({ port: 80 });
    const config = await kit.start_manager({ sources: [source], schema: z.object({ port: z.number() }) });
    const port: number = await config.get("port");
    expect(port).toBe(80);
    source.put("port", 81);
    await eventually(async () => (await config.get("port")) === 81);
    source.set({ port: "no number" });
    await kit.processes.expect_report("port");
    expect(await config.get("port")).toBe(81);
    seen.push(config.name);
  });

  test("is gone after the test, and its name is free", async () => {
    const config = await kit.start_manager({ sources: [new MemorySource({ other: true })] });
    expect(config.name).toBe(seen[0]);
    expect(await config.get("port")).toBeUndefined();
    await kit.stop_manager(config);
    await kit.processes.no_process_left();
  });

  test("keeps its last values when the source fails, and reports that; a cleared source is absent", async () => {
    const source = new MemorySource({ a: 1 }, { on_missing: "clear" });
    const config = await kit.start_manager({ sources: [source] });
    source.fail(new Error("out of order"));
    await kit.processes.expect_report("out of order");
    kit.processes.allow_reports();
    expect(await config.get("a")).toBe(1);
    source.clear();
    await eventually(async () => (await config.get("a")) === undefined);
  });

  test("writes puts through to a source that is writable", async () => {
    const source = new MemorySource({ a: 1 }, { writable: true });
    const config = await kit.start_manager({ sources: [source] });
    const tree = source.tree as { a: number };
    tree.a = 5;
    expect(source.tree).toStrictEqual({ a: 1 });
    expect(await config.get("a")).toBe(1);
  });
});

describe("a temporary directory", () => {
  const paths: string[] = [];

  test("holds files that a manager follows", async () => {
    const directory = await kit.temporary_directory({ "app.toml": "port = 80", "deep/er.json": "{}" });
    paths.push(directory.path);
    const config = await kit.start_manager({ sources: [new FileSource(directory.file("app.toml"))] });
    expect(await config.get("port")).toBe(80);
    await directory.write("app.toml", "port = 81");
    await eventually(async () => (await config.get("port")) === 81, { timeout: 20_000 });
    expect(await readFile(directory.file("deep/er.json"), "utf8")).toBe("{}");
    await directory.remove("deep");
    expect(existsSync(directory.file("deep/er.json"))).toBe(false);
    expect(() => directory.file("../elsewhere")).toThrow("is not in the directory");
  });

  test("is gone after the test", () => {
    expect(paths.filter((path) => existsSync(path))).toStrictEqual([]);
    expect(paths).toHaveLength(1);
  });
});

describe("a temporary environment", () => {
  test("is visible to sources", async () => {
    process.env["KIT_OTHER"] = "before";
    kit.temporary_env({ KIT_PORT: "80", KIT_OTHER: undefined });
    const config = await kit.start_manager({ sources: [new EnvironmentSource("KIT_")] });
    expect(await config.get("port")).toBe(80);
    expect(await config.get("other")).toBeUndefined();
    kit.temporary_env({ KIT_PORT: "81" });
  });

  test("is restored after the test", () => {
    expect([process.env["KIT_PORT"], process.env["KIT_OTHER"]]).toStrictEqual([undefined, "before"]);
    delete process.env["KIT_OTHER"];
  });
});
