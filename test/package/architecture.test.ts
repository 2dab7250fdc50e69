/** ARCHITECTURE.md is true where that can be checked: its files exist, and a changed file passes no others. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");

/** The names of source files in a text, such as `step/changes.ts`; `{tap,tracer}.ts` names two. */
function namesIn(part: string): string[] {
  const found = part.matchAll(/[\w/]*\{([\w,]+)\}\.ts\b|[\w./]*\w\.(?:test\.)?ts\b/gu);
  const names = [...found].flatMap(([name, list]) =>
    list === undefined ? [name] : list.split(",").map((one) => name.replace(/\{.*\}/u, one)),
  );
  return names.filter((name) => !name.endsWith(".d.ts"));
}

/** The part of the text below a heading. */
function section(heading: string): string {
  const [, part] = new RegExp(`^### ${heading}$(.*?)^##`, "msu").exec(text) ?? [];
  return part ?? "";
}

/** A name has as much of the file's path as a reader needs. */
const isNamed = (file: string, names: readonly string[]): boolean =>
  names.some((name) => file === name || file.endsWith(`/${name}`));

const files = ["packages/runtime/src", "packages/config/src", "test/package"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
);

test("every file that ARCHITECTURE names exists", () => {
  const names = [...new Set(namesIn(text))];
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !files.some((file) => isNamed(file, [name])))).toStrictEqual([]);
});

test("a changed file passes only files that ARCHITECTURE names", () => {
  const program = join(root, "test/dist/package/changed_file.js");
  const printed = execFileSync(process.execPath, [program], { encoding: "utf8", timeout: 60_000 });
  const passed = JSON.parse(printed) as string[];
  const part = section("The configuration manager");
  const names = namesIn(part);
  // Whether a file with few functions is passed may depend on the system, and on the moment.
  const [, counted] = /coverage counts (\d+) files/u.exec(part) ?? [];
  expect(Math.abs(passed.length - Number(counted))).toBeLessThanOrEqual(3);
  expect(passed.filter((file) => !isNamed(file, names))).toStrictEqual([]);
});

test("the glossary defines at most fifteen words, each once", () => {
  const [, rows = ""] = /^\| word .*?\n\| -.*?\n((?:\|.*\n)+)/mu.exec(text) ?? [];
  const words = [...rows.matchAll(/^\| (\w+)/gmu)].map(([, word]) => word);
  expect(words.length).toBeGreaterThan(10);
  expect(words.length).toBeLessThanOrEqual(15);
  expect(new Set(words).size).toBe(words.length);
});
