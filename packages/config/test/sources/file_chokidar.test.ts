import { linkSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { supervisor } from "@otpts/runtime";
import { expect, test, vi } from "vitest";

import { Config, ConfigManager, ConfigSpec, FileSource } from "../../src/index.ts";
import { eventually } from "../manager/kit.ts";

/** An installation that has lost chokidar. */
vi.mock("chokidar", () => {
  throw Object.assign(new Error("Cannot find package 'chokidar'"), { code: "ERR_MODULE_NOT_FOUND" });
});

test("a file without chokidar is watched by its directory and by polling, and that is reported once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "otpts-chokidar-"));
  const path = join(directory, "app.toml");
  writeFileSync(path, "a = 1\n");
  const lines: string[] = [];
  const source = new FileSource(path, { settle: 0, poll_interval: 25 });
  const log = (line: string) => void lines.push(line);
  const spec = new ConfigSpec({ name: "lost", sources: [source], reload_interval: 0, log });
  const top = await supervisor.start([ConfigManager.child_spec(spec)]);
  const config = Config.for(spec);
  const told = async () => (await config.status()).diagnostics.filter(({ code }) => code === "unwatched");
  await eventually(async () => (await told()).length > 0);
  expect((await told()).map(({ message }) => message)).toStrictEqual([
    `"${path}" is watched by its directory only (chokidar: unknown): writes under another name of it, such as a bind mount or a hard link, are noticed every 25 ms`,
  ]);
  for (const a of [2, 3, 4]) {
    writeFileSync(path, `a = ${a}\n`);
    await eventually(() => config.peek("a") === a);
  }
  const other = join(mkdtempSync(join(tmpdir(), "otpts-chokidar-")), "other.toml");
  linkSync(path, other);
  writeFileSync(other, "a = 5\n");
  await eventually(() => config.peek("a") === 5);
  expect(lines.filter((line) => line.includes("watched by its directory only"))).toHaveLength(1);
  expect((await told()).length).toBe(1);
  expect((await config.status()).sources[0]).toMatchObject({ state: "ok", details: { watched: "events" } });
  await supervisor.stop(top);
  expect(readdirSync(directory)).toStrictEqual(["app.toml"]);
});
