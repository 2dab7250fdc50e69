import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a Node process of its own ended, and what it printed. */
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

// Deno has a word for running a program, and passes the engine's own flags on.
function command(flags: readonly string[]): readonly string[] {
  if (!("deno" in process.versions)) return flags;
  return ["run", "-A", "--quiet", ...(flags.length === 0 ? [] : [`--v8-flags=${flags.join(",")}`])];
}
