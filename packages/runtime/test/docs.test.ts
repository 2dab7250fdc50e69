/**
 * The examples of the documentation run, and print what they say: the `ts` blocks of a page are one program, and each
 * `console.log(…); // text` prints that text (or the comment line below it).
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { format, promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { atom, dispatcher, erlang, gen_server, logger, proc_lib, supervisor, sys, telemetry } from "@otpts/runtime";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that its own name resolves; ignored by git.
const PROGRAMS = join(PACKAGE, "dist-test", "docs");

interface Page {
  readonly name: string;
  readonly file: string;
  readonly source: string;
}

const pages: Page[] = ["README.md", ...readdir("docs")].flatMap((name) => {
  const blocks = [...readFileSync(join(PACKAGE, name), "utf8").matchAll(/^```ts\n(.*?)^```$/gmsu)].map(
    ([, code]) => code,
  );
  const file = join(PROGRAMS, `${basename(name, ".md").toLowerCase()}.ts`);
  return blocks.length === 0 ? [] : [{ name, file, source: `${blocks.join("\n")}\nexport {};\n` }];
});

function readdir(folder: string): string[] {
  return readdirSync(join(PACKAGE, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

/** What the page says that is printed. */
function promised(source: string): string[] {
  return [...source.matchAll(/^ *(?:if .*\) )?console\.log\(.*\);(?: \/\/ (.*)|\n *\/\/ (.*))$/gmu)].map(
    ([, beside, below]) => (beside ?? below) as string,
  );
}

let loud: logger.Handler | undefined;
beforeAll(() => {
  rmSync(PROGRAMS, { recursive: true, force: true });
  mkdirSync(PROGRAMS, { recursive: true });
  for (const { file, source } of pages) writeFileSync(file, source);
  loud = logger.set_handler(undefined);
});
afterAll(() => void logger.set_handler(loud));

describe.each(pages)("$name", ({ file, source }) => {
  test("runs and prints what it says", async () => {
    const printed: string[] = [];
    const spy = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(format(...values)));
    try {
      await import(pathToFileURL(file).href);
    } finally {
      spy.mockRestore();
    }
    expect(printed).toStrictEqual(promised(source));
    expect(source.match(/console\.log/g) ?? []).toHaveLength(printed.length);
  });
});

test("otp.md names every function of the public modules", () => {
  const page = readFileSync(join(PACKAGE, "docs", "otp.md"), "utf8");
  const modules = { atom, dispatcher, erlang, gen_server, logger, proc_lib, supervisor, sys, telemetry };
  const missing = Object.entries(modules).flatMap(([module, exports]) =>
    Object.keys(exports)
      .filter((name) => !new RegExp(`[\\x60.]${name}\\b`, "u").test(page))
      .map((name) => `${module}.${name}`),
  );
  expect(missing).toStrictEqual([]);
});

test("all examples type-check", async () => {
  const config = join(PROGRAMS, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: "../../../../tsconfig.base.json",
      compilerOptions: {
        noEmit: true,
        customConditions: [],
        composite: false,
        incremental: false,
        rewriteRelativeImportExtensions: false,
      },
      include: ["*.ts"],
    }),
  );
  const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", config]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe("");
}, 60_000);
