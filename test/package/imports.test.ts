/** What an import of the packages loads, counted in files: no time is measured here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The URLs of all files that a program which only imports this entry of a built package loads. */
function loaded(entry: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "otpts-imports-"));
  try {
    const url = pathToFileURL(join(root, "packages", entry)).href;
    execFileSync(process.execPath, ["--input-type=module", "--eval", `import ${JSON.stringify(url)};`], {
      env: { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: folder },
    });
    const [report = ""] = readdirSync(folder);
    const { result } = JSON.parse(readFileSync(join(folder, report), "utf8")) as { result: { url: string }[] };
    return result.map((script) => script.url).filter((script) => script.startsWith("file:"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const packageOf = (url: string) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(url)?.[1];

describe("an import of", () => {
  test("@otpts/runtime loads nothing but its own files", () => {
    const files = loaded("runtime/dist/index.js");
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((url) => packageOf(url) !== undefined)).toStrictEqual([]);
  });

  test("@otpts/config loads no YAML, chokidar, Consul client or OpenTelemetry: each comes with the source that needs it", () => {
    const files = loaded("config/dist/index.js");
    const packages = new Set(files.map(packageOf).filter((name) => name !== undefined));
    expect(files.length).toBeGreaterThan(10);
    for (const name of ["yaml", "chokidar", "readdirp", "consul", "papi", "@opentelemetry/api"])
      expect(packages).not.toContain(name);
  });
});
