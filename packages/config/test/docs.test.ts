/**
 * The examples of the documentation run, and print the documented output: the `ts` blocks of a page are one program, in a
 * separate folder with the files that `toml`, `env` and `json` blocks name in their first line. Each `console.log(…); // text` prints that text (or
 * the comment line below it, or the `text` block that follows); times are compared as times, not by their value.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, promisify } from "node:util";
import { erlang, logger } from "@otpts/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { environmentLayer, type EnvironmentRules } from "../src/core/environment.ts";
import * as z from "zod";

import { knownPaths } from "../src/core/known_paths.ts";
import { formatPath, parsePath } from "../src/core/path.ts";
import { shapeOf } from "../src/core/schema_shape.ts";
import { valueOfText } from "../src/core/text_value.ts";
import { Snapshot } from "../src/core/snapshot.ts";
import type { Table } from "../src/core/value.ts";
import { toml } from "../src/formats/toml.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that its own name resolves; ignored by git.
const PROGRAMS = join(PACKAGE, "dist-test", "docs");
/** The pages whose programs need nothing that is not there, such as a Consul. */
const PAGES = [
  "README.md",
  "docs/files.md",
  "docs/migrating.md",
  "docs/remote.md",
  "docs/schema.md",
  "docs/sources.md",
  "docs/subscriptions.md",
  "docs/testing.md",
];

/** The languages of blocks that are files where their first line names one. */
const FILES: ReadonlySet<string> = new Set(["toml", "env", "json"]);

interface Block {
  readonly language: string;
  readonly code: string;
}

const pages = PAGES.map((name) => {
  const text = readFileSync(join(PACKAGE, name), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].map(([, language, code]): Block => ({
    language: language as string,
    code: code as string,
  }));
  const folder = join(PROGRAMS, basename(name, ".md").toLowerCase());
  const program = blocks.flatMap(({ language, code }) => (language === "ts" ? [code] : [])).join("\n");
  return { name, text, blocks, folder, file: join(folder, "program.ts"), program: `${program}\nexport {};\n` };
});

/** What the page says that is printed. */
function promised(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ language, code }, index) => {
    if (language !== "ts") return [];
    return [...code.matchAll(/^ *(?:.*=> )?console\.log\(.*\)[;,)]+(?: \/\/ (.*)|\n *\/\/ (.*))?$/gmu)].map(
      ([, beside, below]) => beside ?? below ?? blocks[index + 1]?.code.trimEnd() ?? "",
    );
  });
}

function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>").replaceAll(/(_for: )[\d.]+/g, "$1<seconds>");
}

let loud: logger.Handler | undefined;
const [home, variables] = [process.cwd(), { ...process.env }];
beforeAll(() => {
  rmSync(PROGRAMS, { recursive: true, force: true });
  for (const { folder, file, program, blocks } of pages) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, program);
    for (const { language, code } of blocks) {
      const name = FILES.has(language) ? /^(?:#|\/\/) (\S+)\n/.exec(code)?.[1] : undefined;
      if (name === undefined) continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      // JSON has no comments.
      writeFileSync(join(folder, name), language === "json" ? code.slice(code.indexOf("\n") + 1) : code);
    }
  }
  loud = logger.set_handler(undefined);
});
afterAll(() => {
  process.chdir(home);
  process.env = variables;
  logger.set_handler(loud);
});

describe.each(pages)("$name", ({ folder, file, program, blocks }) => {
  test("runs and prints the documented output", async () => {
    const printed: string[] = [];
    const spy = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(format(...values)));
    process.chdir(folder);
    try {
      await import(pathToFileURL(file).href);
    } finally {
      spy.mockRestore();
    }
    expect(printed.map(timeless)).toStrictEqual(promised(blocks).map(timeless));
    expect(program.match(/console\.log/g) ?? []).toHaveLength(printed.length);
    expect(erlang.registered()).toStrictEqual([]);
  });
});

test("all examples type-check", async () => {
  const config = join(PROGRAMS, "tsconfig.json");
  const compilerOptions = {
    noEmit: true,
    customConditions: [],
    composite: false,
    incremental: false,
    rewriteRelativeImportExtensions: false,
  };
  writeFileSync(
    config,
    JSON.stringify({ extends: "../../../../tsconfig.base.json", compilerOptions, include: ["*/*.ts"] }),
  );
  const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", config]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe("");
}, 60_000);

/** The rows of a page's table, by the head of its first column. */
function rows(name: string, head: string): string[][] {
  const lines = readFileSync(join(PACKAGE, name), "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${head} `)) + 2;
  const count = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  return lines.slice(first, first + count).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/u, "$1")),
  );
}

describe("the README's table of environment names", () => {
  const lower = toml.parse(pages[0]!.blocks.find(({ code }) => code.startsWith("# below.toml"))!.code).tree as Table;
  const rules: EnvironmentRules = { prefix: "MYAPP_", mapping: { PGURL: "database.url" }, mode: "smart" };
  test.each(rows("README.md", "variable"))("%s is %s by %s", (variable, path, rule) => {
    const layer = environmentLayer("env", { [variable!]: "v" }, rules, knownPaths([lower]));
    const at = parsePath(path);
    expect(new Snapshot(1, layer.tree).at(at)).toBe("v");
    expect(formatPath(at)).toBe(path);
    expect(layer.origin(at).rule).toBe(rule!.split(",")[0]);
    expect(layer.diagnostics.map(({ code }) => code)).toStrictEqual(rule!.includes("ambiguous") ? ["ambiguous"] : []);
  });
});

const schemas: Readonly<Record<string, z.ZodType>> = {
  "z.string()": z.string(),
  "z.number()": z.number(),
  "z.boolean()": z.boolean(),
  "z.array(z.string())": z.array(z.string()),
  "z.array(z.number())": z.array(z.number()),
  "z.tuple([z.string(), z.number()])": z.tuple([z.string(), z.number()]),
  "z.union([z.number(), z.string()])": z.union([z.number(), z.string()]),
  'z.literal(["auto", 1])': z.literal(["auto", 1]),
  "z.number().nullable()": z.number().nullable(),
};

describe("the README's tables of texts", () => {
  test.each(rows("README.md", "text"))("%s is %s", (text, value) => {
    expect(valueOfText(text!)).toStrictEqual(JSON.parse(value!));
  });

  test.each(rows("README.md", "expected"))("%s reads %s as %s", (expected, text, value) => {
    const shape = knownPaths([], shapeOf(z.object({ x: schemas[expected!]! }))).expected(["x"]);
    expect(valueOfText(text!, shape)).toStrictEqual(JSON.parse(value!));
  });
});
