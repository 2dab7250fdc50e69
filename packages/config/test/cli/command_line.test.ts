/**
 * The page of the command line: its `console` blocks run in their order, in a folder with the files that its `toml`, `js` and
 * `json` blocks name in their first line, and print what they say. Times are compared as times.
 */
import { execFile, spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, ending, Folder } from "./command.ts";

const page = readFileSync(new URL("../../docs/command_line.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].map(([, language = "", code = ""]) => ({
  language,
  code,
}));
const TOKEN = "the-token-of-the-page";
/** The address that the page writes, and the program really has. */
const WRITTEN = "http://127.0.0.1:4000";
let address = WRITTEN;

const folder = new Folder();
let stop: () => Promise<void>;

beforeAll(async () => {
  for (const { language, code } of blocks) {
    const name = /^(?:#|\/\/) (\S+)\n/u.exec(code)?.[1];
    if (name === undefined || language === "console") continue;
    // JSON has no comments; the port may be taken.
    folder.write(name, (language === "json" ? code.slice(code.indexOf("\n")) : code).replace("port: 4000", "port: 0"));
  }
  folder.write("bin/otpts-config", `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(join(folder.path, "bin/otpts-config"), 0o755);
  const program = spawn(process.execPath, ["program.js"], { cwd: folder.path, env: { OTPTS_TOKEN: TOKEN } });
  const ended = ending(program);
  stop = async () => {
    program.kill();
    await ended;
  };
  address = await new Promise((resolve, reject) => {
    program.stdout.on("data", (chunk: string) => resolve(/http:\/\/[^/]+/u.exec(chunk)?.[0] ?? "nowhere"));
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });
});
afterAll(async () => {
  await stop();
  folder.remove();
});

const timeless = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/gu, "<time>");

const steps = blocks
  .filter(({ language }) => language === "console")
  .flatMap(({ code }) => [...code.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gmu)])
  .map(([, typed = "", printed = ""]) => ({ typed, printed }));

describe("docs/command_line.md", () => {
  test("shows an example of most commands", () => {
    const used = new Set(steps.map(({ typed }) => /otpts-config (\w+)/u.exec(typed)?.[1]));
    expect(used.size).toBeGreaterThan(9);
  });

  test.each(steps)("$typed", async ({ typed, printed }) => {
    const { PATH = "" } = process.env;
    const env = { PATH: `${join(folder.path, "bin")}:${PATH}`, OTPTS_TOKEN: TOKEN };
    const command = typed.replaceAll(WRITTEN, address);
    const { stdout } = await promisify(execFile)("sh", ["-c", `{ ${command}\n} 2>&1`], { cwd: folder.path, env }).catch(
      (error: { stdout: string }) => error,
    );
    expect(timeless(stdout)).toBe(timeless(printed));
  });
});

test("the page names every command", async () => {
  const { stdout } = await folder.run(["__complete", ""]);
  const commands = stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
  const table = page.slice(0, page.indexOf("## A specification"));
  expect(commands.filter((name) => !table.includes(`\`${name}`))).toStrictEqual([]);
});
