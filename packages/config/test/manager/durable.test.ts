import * as node_fs from "node:fs/promises";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { erlang, KILL, type Pid, supervisor } from "@otpts/runtime";
import { expect, onTestFinished, test } from "vitest";
import { Config, ConfigManager, ConfigSourceError, ConfigSpec, RuntimeSource } from "../../src/index.ts";
import { eachAlone, eventually, gate, managerOf, ScriptedSource, started, stopped } from "./kit.ts";

eachAlone();

async function place(): Promise<{ readonly directory: string; readonly file: string }> {
  const directory = await mkdtemp(join(tmpdir(), "durable-"));
  onTestFinished(async () => {
    await chmod(directory, 0o700);
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, file: join(directory, "overrides") };
}

const spec = (file: string, tree: object = { a: { b: 1 } }): ConfigSpec =>
  new ConfigSpec({ sources: [new ScriptedSource("base", tree), new RuntimeSource({ file })] });

test("an acknowledged put is on disk, and visible to the next manager", async () => {
  const { file } = await place();
  await started(spec(file));
  await Config.put("a.b", 2);
  await Config.put("x", { y: [1, null, "z"] });
  await Config.put("gone", 1);
  await Config.unset("gone");
  expect(await readFile(file, "utf8")).toContain("z");
  await stopped();
  await started(spec(file));
  expect(await Config.get([])).toEqual({ a: { b: 2 }, x: { y: [1, null, "z"] } });
  await Config.unset("a.b");
  expect(await Config.get("a.b")).toBe(1);
});

test("overrides are effective even if no source has data", async () => {
  const { file } = await place();
  const alone = (): ConfigSpec => new ConfigSpec({ sources: [new RuntimeSource({ file })] });
  await started(alone());
  await Config.put("a.b", 1);
  await stopped();
  await started(alone());
  expect(await Config.get([])).toEqual({ a: { b: 1 } });
});

test("a put that cannot be saved is refused, and the manager goes on", async () => {
  const { directory, file } = await place();
  let full = false;
  const source = new RuntimeSource({ file, file_system: filling(() => full) });
  await started(new ConfigSpec({ sources: [new ScriptedSource("base", { a: 1 }), source] }));
  await Config.put("x", 1);
  full = true;
  const error = await Config.put("x", 2).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigSourceError);
  expect((error as ConfigSourceError).code).toBe("disk_full");
  expect(await Config.get("x")).toBe(1);
  full = false;
  await Config.put("x", 3);
  expect(await Config.get([])).toEqual({ a: 1, x: 3 });
  expect(await readdir(directory)).toEqual([".overrides.lock", "overrides"]);
});

test("a damaged file is set aside and reported", async () => {
  const { directory, file } = await place();
  await writeFile(file, "damaged");
  await started(spec(file));
  expect(await Config.get([])).toEqual({ a: { b: 1 } });
  expect((await Config.status()).diagnostics).toMatchObject([{ code: "damaged" }]);
  expect((await readdir(directory)).some((name) => name.startsWith("overrides.damaged-"))).toBe(true);
  await Config.put("x", 1);
  await stopped();
  await started(spec(file));
  expect(await Config.get("x")).toBe(1);
});

test("gets continue while a put is being saved, and puts keep their order", async () => {
  const { file } = await place();
  await started(spec(file));
  const puts = Array.from({ length: 50 }, (_, i) => Config.put("n", i));
  expect(await Config.get("a.b")).toBe(1);
  await Promise.all(puts);
  expect(await Config.get("n")).toBe(49);
  await stopped();
  await started(spec(file));
  expect(await Config.get("n")).toBe(49);
});

test("no acknowledged put is lost when the manager is killed while it saves", async () => {
  const { file } = await place();
  const { sup } = await started(spec(file));
  let acknowledged = -1;
  for (let i = 0; i < 40; i++) {
    const put = Config.put("n", i).then(
      () => true,
      () => false,
    );
    if (i % 3 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const pid = erlang.whereis("config_manager");
      if (pid !== undefined) erlang.exit(pid, KILL);
    }
    if (await put) acknowledged = i;
    await eventually(() => erlang.whereis("config_manager") !== undefined);
    expect((await Config.get("n", -1)) as number).toBeGreaterThanOrEqual(acknowledged);
  }
  expect(erlang.is_process_alive(sup)).toBe(true);
  await Config.put("n", 100);
  expect(managerOf()).toBeDefined();
  await stopped();
  await started(spec(file));
  expect(await Config.get("n")).toBe(100);
});

test("a tree that is killed from above while it saves is restarted at the first attempt", async () => {
  const { file } = await place();
  const hold = gate();
  let held = false;
  const file_system = {
    ...node_fs,
    open: async (...given: Parameters<typeof node_fs.open>) => {
      if (held) await hold.opened;
      return node_fs.open(...given);
    },
  };
  const config = new ConfigSpec({ sources: [new RuntimeSource({ file, file_system })] });
  // The default: one restart in five seconds.
  const sup = await supervisor.start([ConfigManager.child_spec(config)]);
  await Config.put("a", 1);
  held = true;
  const put = Config.put("a", 2).catch(() => undefined);
  const [child] = await supervisor.which_children(sup);
  erlang.exit(child![1] as Pid, KILL);
  await new Promise((resolve) => setTimeout(resolve, 20));
  held = false;
  hold.open();
  await put;
  await eventually(async () => (await Config.get("a").catch(() => undefined)) === 1);
  expect(erlang.is_process_alive(sup)).toBe(true);
  await supervisor.stop(sup);
});

test("a start with unreadable overrides fails", async () => {
  const { directory } = await place();
  const error = await ConfigManager.start(spec(directory)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigSourceError);
  expect(erlang.processes()).toEqual([]);
});

test("a stop in the middle of a put leaves no unfinished file", async () => {
  const { directory, file } = await place();
  const { sup } = await started(spec(file));
  void Config.put("n", 1).catch(() => undefined);
  await supervisor.stop(sup);
  expect((await readdir(directory)).filter((name) => name !== "overrides")).toEqual([]);
});

/** The real file system, which is full at will. */
function filling(isFull: () => boolean): typeof node_fs {
  return {
    ...node_fs,
    open: async (...given: Parameters<typeof node_fs.open>) => {
      if (isFull()) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return node_fs.open(...given);
    },
  };
}
