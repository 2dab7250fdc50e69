/** The README's example runs as it stands there, and prints what its comments say. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { erlang } from "@otpts/runtime";
import { afterAll, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
// Inside the test package, so that the packages' names resolve; ignored by git.
const folder = join(root, "test/dist/readme");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the README's example runs, prints what it says and leaves nothing behind", async () => {
  const code = /<!-- example:begin -->\s*```ts\n(.*?)```/su.exec(readme)?.[1];
  if (code === undefined) throw new Error("the README has no example between its markers");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "example.ts");
  writeFileSync(file, code);
  const promised = [...code.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gmu)].map(([, text]) => text);
  const printed: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(format(...values)));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    spy.mockRestore();
  }
  expect(printed).toStrictEqual(promised);
  expect(promised).toHaveLength(2);
  expect(erlang.processes()).toStrictEqual([]);
});

test("the README names every script of package.json that a reader needs", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const name of ["demo", "test", "start", "conformance", "bench"]) {
    expect(Object.keys(scripts)).toContain(name);
    expect(readme).toContain(`npx -y pnpm@10 ${name}`);
  }
});
