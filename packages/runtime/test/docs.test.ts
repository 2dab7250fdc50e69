/**
 * The examples of the documentation run, and print the documented output: the `ts` blocks of a page are one program, and each
 * `console.log(…); // text` prints that text (or the comment line below it).
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { format, promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { atom, dispatcher, erlang, gen_server, logger, proc_lib, supervisor, sys, telemetry } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { gen_event } from "@otpts/runtime/gen_event";
import { gen_statem } from "@otpts/runtime/gen_statem";
import { observer } from "@otpts/runtime/observer";
import { pg } from "@otpts/runtime/pg";
import { registry } from "@otpts/runtime/registry";
import { task, task_supervisor } from "@otpts/runtime/task";
import { trace } from "@otpts/runtime/trace";

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
  test("runs and prints the documented output", async () => {
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
  const core = { atom, dispatcher, erlang, gen_server, logger, proc_lib, supervisor, sys, telemetry };
  const entries = { application, gen_event, gen_statem, observer, pg, registry, task, task_supervisor, trace };
  const missing = Object.entries({ ...core, ...entries }).flatMap(([module, exports]) =>
    Object.keys(exports)
      .filter((name) => !new RegExp(`[\\x60.]${name}\\b`, "u").test(page))
      .map((name) => `${module}.${name}`),
  );
  expect(missing).toStrictEqual([]);
});

// The result of `Module:module_info(exports)` in OTP 25, without the callbacks of OTP's processes.
test.each([
  [
    "gen_statem",
    "call cast check_response enter_loop receive_response reply reqids_ send_request start start_link start_monitor stop wait_response",
  ],
  [
    "gen_event",
    "add_handler add_sup_handler call check_response delete_handler notify receive_response reqids_ send_request start start_link start_monitor stop swap_handler swap_sup_handler sync_notify wait_response which_handlers",
  ],
  [
    "pg",
    "demonitor get_local_members get_members join leave monitor monitor_scope start start_link which_groups which_local_groups",
  ],
  [
    "application",
    "ensure_all_started ensure_started get_all_env get_all_key get_application get_env get_key info load loaded_applications permit set_env start start_boot start_type stop takeover unload unset_env which_applications",
  ],
])("otp.md describes every function of OTP's %s", (module, functions) => {
  const page = readFileSync(join(PACKAGE, "docs", "otp.md"), "utf8");
  const [, section] = new RegExp(`^## ${module}\\n(.*?)(?=^## |$(?![^]))`, "msu").exec(page) ?? [];
  const named = [...(section as string).matchAll(/`([a-z_]+)/gu)].map(([, name]) => name as string);
  const missing = functions.split(" ").filter((name) => !named.some((each) => each === name || each.startsWith(name)));
  expect(missing).toStrictEqual([]);
});

test("otp.md announces no future feature", () => {
  expect(readFileSync(join(PACKAGE, "docs", "otp.md"), "utf8")).not.toMatch(/not yet|later version|planned|to come/iu);
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
