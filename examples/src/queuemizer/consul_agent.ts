/** A private Consul agent for the demo, if there is a binary: `CONSUL_BIN`, or `consul` on the PATH. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

export interface Agent {
  readonly port: number;
  /** Writes a key. */
  put(key: string, value: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts an agent that stores everything in memory, and waits until it accepts writes. Undefined if there is no binary.
 */
export async function start_agent(): Promise<Agent | undefined> {
  const binary = process.env["CONSUL_BIN"] ?? onPath("consul");
  if (binary === undefined) return undefined;
  const [http, server, lan, wan] = (await freePorts(4)) as [number, number, number, number];
  const ports = [
    "-http-port",
    http,
    "-dns-port",
    -1,
    "-grpc-port",
    -1,
    "-server-port",
    server,
    "-serf-lan-port",
    lan,
    "-serf-wan-port",
    wan,
  ];
  const child = spawn(
    binary,
    ["agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1", "-disable-host-node-id", ...ports.map(String)],
    { stdio: "ignore" },
  );
  let failed: Error | undefined;
  child.on("error", (error) => (failed = error));
  const put = async (key: string, value: string) => {
    const response = await fetch(`http://127.0.0.1:${http}/v1/kv/${key}`, {
      method: "PUT",
      body: value,
      headers: { connection: "close" },
    });
    if (!response.ok || (await response.text()).trim() !== "true")
      throw new Error(`Consul did not take ${key}: ${response.status}`);
  };
  const agent = { port: http, put, stop: () => stop(child) };
  try {
    await writable(put, () => failed?.message ?? ended(child));
    return agent;
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

async function writable(put: Agent["put"], over: () => string | undefined): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    try {
      await put("demo_ready", "1");
      return;
    } catch (error) {
      const why = over() ?? (Date.now() > until ? "it takes no writes after 30 s" : undefined);
      if (why !== undefined) throw new Error(`Cannot start a Consul agent: ${why}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function ended({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (exitCode === null && signalCode === null) return undefined;
  return `it ended by itself with ${signalCode ?? `code ${exitCode}`}`;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || ended(child) !== undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

function onPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
