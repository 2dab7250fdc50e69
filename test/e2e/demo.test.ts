import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { consulBinary, describeWithConsul } from "../integration/consul_agent.ts";
import { eachEnded, Program } from "./program.ts";

eachEnded();

const steps = [
  "A supervision tree boots, in order",
  "Values come from a file, the environment over it, runtime puts over both",
  "The file is edited: tc_manager hears of the interface that changed, and of nothing else",
  "Rate limits change over HTTP; an invalid change is refused and changes nothing",
  "The file is broken: the last good values stay, and the error says where; then it is mended",
  "config_manager is killed: its supervisor starts it again, puts and subscriptions are still there",
  "The tree is stopped: children end in reverse order, nothing is left",
];
const consulStep = "A key is written in Consul: it arrives by itself";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-demo-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The titles of the steps that were begun, with whether they were done. */
function stepsOf(stdout: string): (readonly [title: string, done: boolean])[] {
  const [, ...parts] = stdout.split(/^\d+\. /m);
  return parts.map((part) => [part.split("\n", 1)[0] ?? "", /^ {3}✔ \d+ ms$/m.test(part)]);
}

describe("examples/queuemizer/demo", () => {
  test("shows all its steps and ends with code 0; a note mentions the steps that need Consul", async () => {
    const { code, signal, stdout, stderr } = await new Program("queuemizer/demo.js", { TMPDIR: folder }).ended();
    expect(stderr).toBe("");
    expect(stepsOf(stdout)).toEqual(steps.map((title) => [title, true]));
    expect(stdout).toMatch(/No Consul binary is at hand/);
    expect(stdout).toMatch(/\nAll 7 steps as they should be, in \d+\.\d s\.\n$/);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(await readdir(folder)).toEqual([]);
  });

  test("with no place to write its files fails in the first step, names it, and ends with code 1", async () => {
    const demo = new Program("queuemizer/demo.js", { TMPDIR: join(folder, "absent") });
    const { code, stdout, stderr } = await demo.ended();
    expect(stepsOf(stdout)).toEqual([[steps[0], false]]);
    expect(stderr).toContain(`✘ failed in step 1. ${steps[0]}: `);
    expect(code).toBe(1);
  });

  test("with failing HTTP requests fails in that step, names it, stops everything, and ends with code 1", async () => {
    const preload = `const real = fetch;
      globalThis.fetch = async (url, options) =>
        options?.method === "PUT" ? new Response('{"status":"sabotaged"}', { status: 500 }) : real(url, options);`;
    const { code, stdout, stderr } = await new Program("queuemizer/demo.js", { TMPDIR: folder }, preload).ended();
    expect(stepsOf(stdout)).toEqual([
      [steps[0], true],
      [steps[1], true],
      [steps[2], true],
      [steps[3], false],
    ]);
    expect(stderr).toContain(`✘ failed in step 4. ${steps[3]}: PUT /rate_limits: wanted `);
    expect(stderr).toContain("sabotaged");
    expect(code).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test("with its file removed while it runs fails in a step, names it, and ends with code 1", async () => {
    // The first read of the program's own finds it gone; the manager keeps the last values.
    const preload = `import fs from "node:fs/promises";
      import { syncBuiltinESMExports } from "node:module";
      const { readFile, rm } = fs;
      fs.readFile = async (file, ...rest) => {
        if (String(file).endsWith("config.toml") && rest[0] === "utf8") await rm(file);
        return readFile(file, ...rest);
      };
      syncBuiltinESMExports();`;
    const { code, stdout, stderr } = await new Program("queuemizer/demo.js", { TMPDIR: folder }, preload).ended();
    expect(stepsOf(stdout).at(-1)).toEqual([steps[2], false]);
    expect(stderr).toMatch(/✘ failed in step 3\. .*ENOENT/);
    expect(code).toBe(1);
  });

  test("with an invalid Consul binary reports that, and ends with code 1", async () => {
    const demo = new Program("queuemizer/demo.js", { TMPDIR: folder, CONSUL_BIN: join(folder, "absent") });
    const { code, stderr } = await demo.ended();
    expect(stderr).toMatch(/✘ failed in step start: Cannot start a Consul agent: .*ENOENT/);
    expect(code).toBe(1);
  });
});

await describeWithConsul("examples/queuemizer/demo with Consul", () => {
  test("shows the step with Consul, too", async () => {
    const demo = new Program("queuemizer/demo.js", { TMPDIR: folder, CONSUL_BIN: (await consulBinary()) ?? "" });
    const { code, stdout, stderr } = await demo.ended();
    expect(stderr).toBe("");
    expect(stepsOf(stdout)).toEqual(
      [...steps.slice(0, -1), consulStep, ...steps.slice(-1)].map((title) => [title, true]),
    );
    expect(stdout).toMatch(/\nAll 8 steps as they should be, in \d+\.\d s\.\n$/);
    expect(code).toBe(0);
  });
});
