/** The kit in node:test, and with fake timers as jest and vitest install them. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../dist-test/runners", import.meta.url));

test("the kit works in node:test, with and without fake timers, and fails a test with an unexpected report", async () => {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, "kit.test.mjs");
  writeFileSync(
    file,
    `
import { afterEach, beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { eventually, MemorySource, setup } from "@otpts/config/testing";
const kit = setup({ beforeEach, afterEach });
test("follows a source", async () => {
  const source = new MemorySource({ port: 80 });
  const config = await kit.start_manager({ sources: [source] });
  source.put("port", 81);
  await eventually(async () => (await config.get("port")) === 81);
});
test("works with fake timers", async () => {
  const clock = FakeTimers.install({ toFake: ["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  try {
    const source = new MemorySource({ port: 80 });
    const starting = kit.start_manager({ sources: [source], reload_interval: 60 });
    let config;
    void starting.then((made) => (config = made));
    await eventually(async () => { await clock.tickAsync(10); return config; });
    source.put("port", 81);
    await eventually(async () => { await clock.tickAsync(10); return (await config.get("port")) === 81; });
    await clock.tickAsync(300_000);
    await kit.stop_manager(config);
  } finally {
    clock.uninstall();
  }
});
test("causes an unexpected report", async () => {
  const source = new MemorySource({ port: 80 });
  const config = await kit.start_manager({ sources: [source] });
  source.fail(new Error("out of order"));
  await config.reload().catch(() => undefined);
});
`,
  );
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap", file], {
    env,
  }).catch((error: { stdout: string }) => error);
  expect(stdout, stdout).toMatch(/# pass 2\n# fail 1/);
  expect(stdout).toContain("did not expect");
  expect(stdout).toContain("out of order");
}, 120_000);
