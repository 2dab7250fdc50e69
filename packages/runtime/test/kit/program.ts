import { execFile } from "node:child_process";
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
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...flags, "--input-type=module", "--eval", source],
      { cwd: HERE, timeout: patience, killSignal: "SIGKILL", env: { ...process.env, NODE_OPTIONS: "" } },
      (_error, stdout, stderr) => {
        resolve({ code: child.signalCode === "SIGKILL" ? "hung" : child.exitCode, stdout, stderr });
      },
    );
  });
}
