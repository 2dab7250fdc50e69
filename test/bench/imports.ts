import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Metrics } from "./contender.ts";

/** The measured program: imports the module of its argument, if there is one, and prints its processor time. */
const program = `
  const [, url] = process.argv;
  if (url !== undefined) await import(url);
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000);
  process.exit();
`;

/**
 * The cost of importing a module, beyond an empty program.
 *
 * @param url the module, as `import.meta.resolve` has it
 * @param n how many programs of each kind run, one after the other in turn
 * @returns `ms`: the least processor time of those that import, less the least of those that do not
 */
export async function imports(url: string, n: number): Promise<Metrics> {
  const empty: number[] = [];
  const full: number[] = [];
  for (let i = 0; i < n; i++) {
    empty.push(await took());
    full.push(await took(url));
  }
  return { ms: Math.min(...full) - Math.min(...empty) };
}

async function took(...args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program, ...args]);
  return Number(stdout.trim().split("\n").at(-1));
}
