import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a separate Node process ended, and its output. */
export interface Outcome {
  /** The exit code; `"hung"` if it did not end by itself. */
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const HERE = fileURLToPath(new URL("../..", import.meta.url));
// Far beyond what any of these programs needs, on any machine: reaching it means that something keeps Node alive.
const PATIENCE = 60_000;

/**
 * Runs an ES module that may import the built `@otpts/runtime`.
 *
 * @param patience how long a program that must *not* end by itself is let run, in ms
 */
export function program(
  source: string,
  { flags = [], patience = PATIENCE }: { flags?: readonly string[]; patience?: number } = {},
): Promise<Outcome> {
  // A file, which every engine can run; in the package's folder, so that its own name and its paths resolve.
  const file = join(HERE, `dist-test-${randomUUID()}.mjs`);
  writeFileSync(file, source);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...command(flags), file],
      { cwd: HERE, timeout: patience, killSignal: "SIGKILL", env: { ...process.env, NODE_OPTIONS: "" } },
      (_error, stdout, stderr) => {
        rmSync(file, { force: true });
        resolve({ code: child.signalCode === "SIGKILL" ? "hung" : child.exitCode, stdout, stderr });
      },
    );
  });
}

/** How a followed program ended, and the lines that it printed. */
export interface Followed {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/**
 * Runs an ES module and reacts to its output, for example with a signal.
 *
 * @param then called with each line on stdout
 */
export function followed(source: string, then: (line: string, child: ChildProcess) => void): Promise<Followed> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      cwd: HERE,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const lines: string[] = [];
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.stdout.on("data", (chunk) => {
      for (const line of String(chunk).trim().split("\n")) {
        lines.push(line);
        then(line, child);
      }
    });
    child.on("close", (code) => resolve({ code, lines, stderr }));
  });
}

// Deno has a word for running a program, and passes the engine's own flags on.
function command(flags: readonly string[]): readonly string[] {
  if (!("deno" in process.versions)) return flags;
  return ["run", "-A", "--quiet", ...(flags.length === 0 ? [] : [`--v8-flags=${flags.join(",")}`])];
}
