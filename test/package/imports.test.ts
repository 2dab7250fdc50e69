/** What an import of the packages loads, counted in files: no time is measured here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The URLs of all files that a program which only imports this entry of a package loads. */
function loaded(entry: string): readonly string[] {
  const url = pathToFileURL(join(root, "packages", entry)).href;
  return loadedBy(["--input-type=module", "--eval", `import ${JSON.stringify(url)};`]);
}

/** The URLs of all files that Node loads with these arguments. */
function loadedBy(args: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "otpts-imports-"));
  try {
    execFileSync(process.execPath, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: folder },
    });
    const [report = ""] = readdirSync(folder);
    const { result } = JSON.parse(readFileSync(join(folder, report), "utf8")) as { result: { url: string }[] };
    return result.map((script) => script.url).filter((script) => script.startsWith("file:"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file without the way to the repository. */
const short = (url: string) => url.replace(/^.*\/(?=(?:packages|node_modules)\/)(?:packages\/)?/u, "");

describe("an import of", () => {
  test("@otpts/runtime loads its entry and the one chunk with all its code", () => {
    expect(
      loaded("runtime/lib/index.js")
        .map(short)
        .filter((url) => !url.endsWith("/[eval1]"))
        .sort(),
    ).toStrictEqual(["runtime/lib/index.js", "runtime/lib/otpts_runtime.js", "runtime/lib/rolldown-runtime.js"]);
  });

  test("@otpts/config loads its entry, its chunk and the runtime, but no format, watcher or client, which come with their source", () => {
    expect(
      loaded("config/lib/index.js")
        .map(short)
        .filter((url) => !url.endsWith("/[eval1]"))
        .sort(),
    ).toStrictEqual([
      "config/lib/index.js",
      "config/lib/otpts_config.js",
      "config/lib/otpts_config_base.js",
      "config/lib/rolldown-runtime.js",
      "node_modules/balanced-match/dist/esm/index.js",
      "node_modules/brace-expansion/dist/esm/index.js",
      "runtime/lib/index.js",
      "runtime/lib/otpts_runtime.js",
      "runtime/lib/rolldown-runtime.js",
    ]);
  });
});

describe("otpts-config", () => {
  const cli = join(root, "packages/config/lib/cli.js");
  const ours = (urls: readonly string[]) => urls.map(short).filter((url) => /^(?:config|runtime)\//u.test(url));

  test("--help loads the parser of the command line, and neither the runtime nor a command", () => {
    expect(ours(loadedBy([cli, "--help"])).sort()).toStrictEqual([
      "config/lib/cli.js",
      "config/lib/cli_terminal.js",
      "config/lib/rolldown-runtime.js",
    ]);
  });

  test("a command loads its code and none of another command, of the dashboard or of the schema's documents", () => {
    const loadedFiles = ours(loadedBy([cli, "completion", "bash"]));
    expect(loadedFiles).toContain("config/lib/cli_completion.js");
    expect(
      loadedFiles.filter((file) => /cli_(?:check|tree|remote|init)|dashboard|schema|otpts_config/u.test(file)),
    ).toEqual([]);
  });
});
