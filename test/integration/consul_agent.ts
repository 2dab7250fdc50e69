/** Real Consul agents for the blocks that want one, by the test kit of `ConsulSource`. */
import { describe } from "vitest";

/** The operations of an agent that the blocks need. */
export interface Agent {
  readonly port: number;
  put(key: string, value: string): Promise<void>;
  remove(key: string, recurse?: boolean): Promise<void>;
  stop(): Promise<void>;
}

interface Kit {
  readonly Agent: { start(): Promise<Agent> };
  consul_binary(): Promise<string | undefined>;
}

// By URL, not by name: the kit is not a public entry, and belongs to another project of the build.
const kit = async (file: string): Promise<Kit> =>
  (await import(
    /* @vite-ignore */ new URL(`../../packages/config/test/consul/kit/${file}`, import.meta.url).href
  )) as Kit;

/** A private agent on free ports. Resolves when it takes writes. */
export async function startAgent(): Promise<Agent> {
  return (await kit("agent.ts")).Agent.start();
}

/** Path of a Consul binary; undefined if there is none. */
export async function consulBinary(): Promise<string | undefined> {
  return (await kit("binary.ts")).consul_binary();
}

/**
 * `describe` for tests that need an agent: skipped, loudly, where no binary can be had. With `OTPTS_REQUIRE_CONSUL` set that
 * is a failure instead.
 */
export async function describeWithConsul(title: string, suite: () => void): Promise<void> {
  const binary = await consulBinary();
  if (binary === undefined && process.env["OTPTS_REQUIRE_CONSUL"])
    throw new Error(`Cannot run "${title}": there is no Consul binary, and OTPTS_REQUIRE_CONSUL wants one`);
  if (binary === undefined) process.stderr.write(`SKIPPED, for want of a Consul binary: all tests of "${title}"\n`);
  describe.skipIf(binary === undefined)(title, suite);
}
