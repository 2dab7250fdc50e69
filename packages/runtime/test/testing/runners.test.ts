import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../dist-test/runners", import.meta.url));

test("the kit works in node:test, and fails a test that causes a crash", async () => {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, "kit.test.mjs");
  writeFileSync(
    file,
    `
import { afterEach, beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { gen_server, OK, REPLY } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";
const kit = testing.setup({ beforeEach, afterEach });
const server = { init: () => [OK, 0], handle_call: (request) => { if (request === "crash") throw new Error("boom"); return [REPLY, request, 0]; } };
test("passes", async () => {
  const pid = await kit.start_supervised(() => gen_server.start_link(server));
  assert.equal(await gen_server.call(pid, "x"), "x");
});
test("crashes", async () => {
  const pid = await gen_server.start(server);
  await gen_server.call(pid, "crash").catch(() => {});
});
`,
  );
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap", file], {
    env,
  }).catch((error: { stdout: string }) => error);
  expect(stdout).toMatch(/# pass 1\n# fail 1/);
  expect(stdout).toContain("did not expect");
  expect(stdout).toContain("boom");
});
