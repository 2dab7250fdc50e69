import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe } from "vitest";
import { getCurrentSuite } from "vitest/suite";

const cache = fileURLToPath(new URL("../../../../../node_modules/.cache/otpts", import.meta.url));

let found: Promise<string | undefined> | undefined;

/** Path of a Consul binary, fetched if need be; undefined, with the reason in one line on stderr, where none can be had. */
export function consul_binary(): Promise<string | undefined> {
  return (found ??= fetched());
}

/**
 * `describe` for tests that need a real agent: skipped, loudly, where there is no binary. With `OTPTS_REQUIRE_CONSUL` set
 * that is a failure instead.
 */
export async function describe_with_consul(title: string, suite: () => void): Promise<void> {
  const binary = await consul_binary();
  if (binary === undefined && process.env["OTPTS_REQUIRE_CONSUL"]) {
    throw new Error(`Cannot run "${title}": there is no Consul binary, and OTPTS_REQUIRE_CONSUL wants one`);
  }
  describe.skipIf(binary === undefined)(title, () => {
    suite();
    if (binary !== undefined) return;
    const { length } = getCurrentSuite().tasks;
    process.stderr.write(`SKIPPED, for want of a Consul binary: ${length} tests of "${title}"\n`);
  });
}

async function fetched(): Promise<string | undefined> {
  const script = join(fileURLToPath(new URL(".", import.meta.url)), "fetch.sh");
  try {
    const { stdout } = await promisify(execFile)("sh", [script, cache], { timeout: 120_000 });
    return stdout.trim();
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    process.stderr.write(`${stderr?.trim() || `No Consul binary: ${(error as Error).message.split("\n")[0]}`}\n`);
    return undefined;
  }
}
