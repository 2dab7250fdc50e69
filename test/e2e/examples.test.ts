import { readdir, readFile, stat } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eachEnded, Program } from "./program.ts";

eachEnded();

const sources = new URL("../../examples/src/", import.meta.url);
const expectations = new URL("expected/", import.meta.url);

const names = async (folder: URL, ending: string) =>
  (await readdir(folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();

const programs = await names(sources, ".ts");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-examples-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.each(programs)("examples/%s", (name) => {
  test("prints exactly the expected output, ends by itself with code 0, and leaves no file behind", async () => {
    const { code, signal, stdout, stderr } = await new Program(`${name}.js`, { TMPDIR: folder }).ended();
    expect(stdout).toBe(await readFile(new URL(`${name}.txt`, expectations), "utf8"));
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(await readdir(folder)).toEqual([]);
  });
});

test("every example has an expected output, and every expected output an example", async () => {
  expect(await names(expectations, ".txt")).toEqual(programs);
});

test("every other folder of examples has a separate test", async () => {
  const folders: string[] = [];
  for (const name of await readdir(sources)) {
    if ((await stat(new URL(name, sources))).isDirectory()) folders.push(name);
  }
  expect(folders.sort()).toEqual(["etcd", "fleet", "queuemizer", "web"]);
});
