/** A bundle made with the defaults of the bundlers of the field runs the same program, minified or not. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import webpack from "webpack";

const ENTRY = fileURLToPath(new URL("bundles/program.js", import.meta.url));
// Outside the repository, so that a bundle cannot find missing parts there.
const work = mkdtempSync(join(tmpdir(), "otpts-bundles-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

async function run(file: string): Promise<Ran> {
  const folder = mkdtempSync(join(work, "run-"));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, folder], {
    cwd: work,
    env: { ...process.env, NODE_OPTIONS: "" },
    timeout: 120_000,
  }).catch((error: Ran) => error);
  // The one thing that differs from run to run.
  return { stdout: stdout.replaceAll(folder, "FOLDER"), stderr };
}

let wanted: Ran;
beforeAll(async () => {
  wanted = await run(ENTRY);
});

test("the program prints the expected output without a bundler", () => {
  expect(wanted.stderr).toBe("");
  for (const line of [
    "100 true",
    "[ 'otp.process_crash', 'error' ]",
    "true false true",
    'true Cannot start gen_server "bank": it is already running as PID (already_started)',
    "true true timeout",
    "1 1",
    "{ url: 'postgres://localhost', port: 5432, pool: 7 } { name: 'api', retries: 3 } [ 1, 2 ]",
    "[ [ 'database.port', 5432, 1234 ] ]",
    "true ConfigValidationError",
    "debug 50",
  ])
    expect(wanted.stdout).toContain(line);
});

const warnings: string[] = [];

async function withEsbuild(name: string, options: esbuild.BuildOptions): Promise<string> {
  const outfile = join(work, name);
  const result = await esbuild.build({ entryPoints: [ENTRY], bundle: true, outfile, logLevel: "silent", ...options });
  warnings.push(...result.warnings.map(({ text }) => text));
  return outfile;
}

async function withRolldown(name: string, format: "esm" | "cjs", minify: boolean): Promise<string> {
  const file = join(work, name);
  const bundle = await rolldown({
    input: ENTRY,
    platform: "node",
    onLog: (level, log) => {
      if (level === "warn") warnings.push(log.message);
    },
  });
  await bundle.write({ file, format, minify, codeSplitting: false });
  await bundle.close();
  return file;
}

async function withWebpack(name: string, mode: "production" | "development"): Promise<string> {
  const folder = join(work, `webpack-${mode}`);
  mkdirSync(folder);
  await new Promise<void>((resolve, reject) => {
    const compiler = webpack({ mode, target: "node", entry: ENTRY, output: { path: folder, filename: name } });
    compiler.run((error, stats) => {
      const problem = error ?? stats?.compilation.errors[0];
      warnings.push(...(stats?.compilation.warnings ?? []).map(({ message }) => message));
      compiler.close(() => (problem ? reject(problem) : resolve()));
    });
  });
  return join(folder, name);
}

test.each<[string, () => Promise<string>]>([
  ["esbuild --platform=node", () => withEsbuild("es.cjs", { platform: "node" })],
  ["esbuild --platform=node --format=esm", () => withEsbuild("es.mjs", { platform: "node", format: "esm" })],
  ["esbuild --platform=node --minify", () => withEsbuild("es.min.cjs", { platform: "node", minify: true })],
  [
    "esbuild --platform=node --format=esm --minify --splitting",
    async () => {
      const outdir = join(work, "split");
      const more: esbuild.BuildOptions = { platform: "node", format: "esm", minify: true, splitting: true };
      await esbuild.build({ entryPoints: [ENTRY], bundle: true, outdir, outExtension: { ".js": ".mjs" }, ...more });
      return join(outdir, "program.mjs");
    },
  ],
  ["rolldown", () => withRolldown("rd.mjs", "esm", false)],
  ["rolldown --format cjs", () => withRolldown("rd.cjs", "cjs", false)],
  ["rolldown --minify", () => withRolldown("rd.min.mjs", "esm", true)],
  ["webpack, for production", () => withWebpack("program.cjs", "production")],
  ["webpack, for development", () => withWebpack("program.cjs", "development")],
])(
  "%s",
  async (_name, bundle) => {
    const ran = await run(await bundle());
    expect(ran.stderr).toBe("");
    // A bundle of one file has no file for the parser's thread, and reports that.
    expect(ran.stdout.replace(/^warning config\.held_up .*\n/mu, "")).toBe(wanted.stdout);
  },
  300_000,
);
