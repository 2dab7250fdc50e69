/** Clocks that are set, or run apart from that of a file server, change nothing. */
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";

import { Config, ConfigSpec, FileSource } from "../../src/index.ts";
import { eachAlone, eventually, started } from "../manager/kit.ts";

eachAlone();

const text = (value: number, from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `k${from + i} = ${value}\n`).join("");

test.each([
  ["an hour ahead", 3_600_000],
  ["an hour behind", -3_600_000],
])("a clock that is set %s makes no half-written file acceptable", async (_, by) => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-clock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "app.toml");
  await writeFile(path, text(1, 0, 20));
  await started(new ConfigSpec({ sources: [new FileSource(path)], reload_interval: 0 }));
  const told: unknown[] = [];
  await Config.subscribe("*", (__, ___, value) => void told.push(value));
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + by);
  try {
    // A writer that truncates, and pauses for less than `settle`.
    await writeFile(path, text(2, 0, 5));
    await pause(300);
    await appendFile(path, text(2, 5, 20));
    await eventually(() => Config.peek("k19") === 2 && told.length >= 20);
    expect(told).toStrictEqual(Array.from({ length: 20 }, () => 2));
    expect(await Config.put("k0", 3)).toBe(true);
  } finally {
    clock.mockRestore();
  }
});
