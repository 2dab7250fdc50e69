/** Real Erlang, where it is installed: the models are checked against it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Whether Erlang can be run. */
export function beam(): boolean {
  try {
    execFileSync("erl", ["-noinput", "-eval", "halt(0)."], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Gives programs, as Erlang terms, to `Module:main(File)` and returns the lines it prints.
 *
 * @param module a file of erlang/ beside this one
 * @param with_ modules of the conformance scenarios that it uses
 */
export function onBeam(module: string, programs: readonly string[], with_: readonly string[] = []): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "otpts-beam-"));
  try {
    const sources = [`properties/erlang/${module}`, ...with_.map((lib) => `conformance/erlang/lib/${lib}`)];
    execFileSync("erlc", ["-Werror", "-o", folder, ...sources.map(located)]);
    const file = join(folder, "programs");
    writeFileSync(file, programs.map((program) => `${program}.\n`).join(""));
    const call = `${module}:main("${file}").`;
    const text = execFileSync("erl", ["-noshell", "-noinput", "-pa", folder, "-eval", call], {
      encoding: "utf8",
      env: { ...process.env, ERL_CRASH_DUMP_BYTES: "0" },
      maxBuffer: 2 ** 28,
    });
    return text.split("\n").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file of an Erlang module below test/, also from the build. */
function located(module: string): string {
  const here = new URL(`../${module}.erl`, import.meta.url);
  return fileURLToPath(existsSync(here) ? here : new URL(`../../${module}.erl`, import.meta.url));
}
