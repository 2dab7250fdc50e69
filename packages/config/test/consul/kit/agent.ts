import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { consul_binary } from "./binary.ts";

export interface AgentOptions {
  /** Keeps its data over a restart. Default: in memory. */
  readonly persistent?: boolean;
  /** How many servers a persistent one waits for before it elects a leader. Default 1. */
  readonly servers?: number;
  /** Denies what no token grants; `agent.master` may do everything. */
  readonly acl?: boolean;
  /** https; `mutual` wants a certificate of the client too. */
  readonly tls?: "server" | "mutual";
  /** Listens on `agent.socket` as well. */
  readonly socket?: boolean;
  /** More configuration, in HCL. */
  readonly hcl?: string;
}

/** What came back from an agent. */
export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The files `consul tls` makes. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/**
 * Runs the agent, and ends it when the standard input closes: so none is left behind, however the test's process ends.
 * `read` is built into the shell, so that the guard is one process, which ends with the agent; whence it does the rest first.
 */
const GUARDIAN = `
exec 3<&0
"$@" </dev/null >"$OTPTS_AGENT_DIR/log" 2>&1 3<&- & agent=$!
echo "$agent"
( trap '' HUP INT TERM; read -r _ <&3; kill -STOP "$agent"; rm -rf "$OTPTS_AGENT_DIR"; kill -9 "$agent" ) >/dev/null 2>&1 & guard=$!
exec 3<&-
wait "$agent"
kill -9 "$guard" 2>/dev/null
`;

/** A private Consul agent on free ports of the loopback interface. */
export class Agent {
  readonly port: number;
  readonly https_port: number;
  readonly master = "5b1d6c1e-7d6a-4b06-8b4e-6f3f0d2c9a11";
  readonly dir: string;
  readonly certificates: Certificates | undefined;
  readonly #options: AgentOptions;
  readonly #binary: string;
  /** Tells this agent from another that may have come to listen on the same port. */
  readonly #node = `otpts-${randomUUID()}`;
  #guardian: ChildProcess | undefined;
  #pid = 0;

  private constructor(
    binary: string,
    port: number,
    dir: string,
    options: AgentOptions,
    certificates: Certificates | undefined,
  ) {
    this.#binary = binary;
    this.port = port;
    this.https_port = port + 4;
    this.dir = dir;
    this.#options = options;
    this.certificates = certificates;
  }

  /** Resolves when the agent takes writes. */
  static async start(options: AgentOptions = {}): Promise<Agent> {
    const binary = await consul_binary();
    if (binary === undefined) throw new Error("Cannot start an agent: there is no Consul binary");
    for (let attempt = 1; ; attempt++) {
      const dir = await mkdtemp(join(tmpdir(), "otpts-consul-"));
      const certificates = options.tls === undefined ? undefined : await makeCertificates(binary, dir);
      const agent = new Agent(binary, await freePorts(), dir, options, certificates);
      try {
        await agent.start();
        return agent;
      } catch (error) {
        await agent.stop();
        // Somebody else may have taken one of the ports meanwhile.
        if (attempt === 3) throw error;
      }
    }
  }

  /** A server that waits for a second one, and so never has a leader. Resolves when it answers. */
  static async leaderless(): Promise<Agent> {
    const binary = await consul_binary();
    if (binary === undefined) throw new Error("Cannot start an agent: there is no Consul binary");
    const dir = await mkdtemp(join(tmpdir(), "otpts-consul-"));
    const agent = new Agent(binary, await freePorts(), dir, { persistent: true, servers: 2 }, undefined);
    await agent.launch();
    const end = Date.now() + 30_000;
    while ((await agent.request("GET", "/v1/kv/a").catch(() => undefined))?.status !== 500) {
      if (Date.now() > end) throw new Error("The agent does not answer after 30 s");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return agent;
  }

  get url(): string {
    return this.#options.tls === undefined ? `http://127.0.0.1:${this.port}` : `https://127.0.0.1:${this.https_port}`;
  }

  get socket(): string {
    return join(this.dir, "http.sock");
  }

  get pid(): number {
    return this.#pid;
  }

  /** Starts it again after `kill`, on the same ports and, if persistent, with the same data. */
  async start(): Promise<void> {
    await this.launch();
    await this.writable();
  }

  /** Starts it without waiting for it. */
  async launch(): Promise<void> {
    const guardian = spawn("sh", ["-c", GUARDIAN, "sh", this.#binary, ...this.#arguments()], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
      env: { ...process.env, OTPTS_AGENT_DIR: this.dir },
    });
    this.#guardian = guardian;
    const [line] = (await once(createInterface({ input: guardian.stdout! }), "line")) as [string];
    this.#pid = Number(line);
    guardian.unref();
    (guardian.stdin as unknown as { unref(): void }).unref();
    (guardian.stdout as unknown as { unref(): void }).unref();
  }

  async writable(): Promise<void> {
    const end = Date.now() + 30_000;
    for (;;) {
      const reply = await this.request("PUT", "/v1/kv/otpts-ready", "1").catch(() => undefined);
      if (reply?.status === 200 && (await this.#answers())) return;
      if (this.#guardian?.exitCode !== null) throw new Error("The agent has ended by itself");
      if (Date.now() > end) throw new Error("The agent takes no writes after 30 s");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** As if the machine had lost power. Resolves when it is gone. */
  async kill(): Promise<void> {
    const guardian = this.#guardian;
    if (guardian === undefined) return;
    this.#guardian = undefined;
    const gone = guardian.exitCode === null && guardian.signalCode === null ? once(guardian, "exit") : undefined;
    guardian.ref();
    signal(this.#pid, "SIGKILL");
    await gone;
    guardian.stdin?.destroy();
  }

  /** Stops its process; connections stay open and are not answered. */
  suspend(): void {
    process.kill(this.#pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.#pid, "SIGCONT");
  }

  /** Ends it for good and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async put(key: string, value: string | Buffer): Promise<void> {
    const reply = await this.request("PUT", `/v1/kv/${encodeURIComponent(key)}`, value);
    if (reply.status !== 200) throw new Error(`Cannot put "${key}": ${reply.status} ${reply.body.toString()}`);
  }

  async get(key: string): Promise<string | undefined> {
    const reply = await this.request("GET", `/v1/kv/${encodeURIComponent(key)}?raw`);
    return reply.status === 200 ? reply.body.toString() : undefined;
  }

  async remove(key: string, recurse = false): Promise<void> {
    await this.request("DELETE", `/v1/kv/${encodeURIComponent(key)}${recurse ? "?recurse" : ""}`);
  }

  /** All of these or none. */
  async put_all(values: Readonly<Record<string, string>>): Promise<void> {
    const operations = Object.entries(values).map(([key, value]) => ({
      KV: { Verb: "set", Key: key, Value: Buffer.from(value).toString("base64") },
    }));
    const reply = await this.request("PUT", "/v1/txn", JSON.stringify(operations));
    if (reply.status !== 200) throw new Error(`Cannot put: ${reply.status} ${reply.body.toString()}`);
  }

  /** A token with the permissions of these rules (HCL). */
  async token(rules: string): Promise<{ secret: string; accessor: string; policy: string }> {
    const name = `p${Math.random().toString(36).slice(2)}`;
    const policy = json<{ ID: string }>(
      await this.request("PUT", "/v1/acl/policy", JSON.stringify({ Name: name, Rules: rules })),
    );
    const token = json<{ SecretID: string; AccessorID: string }>(
      await this.request("PUT", "/v1/acl/token", JSON.stringify({ Policies: [{ ID: policy.ID }] })),
    );
    return { secret: token.SecretID, accessor: token.AccessorID, policy: policy.ID };
  }

  async revoke(accessor: string): Promise<void> {
    json(await this.request("DELETE", `/v1/acl/token/${accessor}`));
  }

  /** Changes the rules of a policy. */
  async grant(policy: string, rules: string): Promise<void> {
    json(
      await this.request(
        "PUT",
        `/v1/acl/policy/${policy}`,
        JSON.stringify({ Name: `p${policy.slice(0, 8)}`, Rules: rules }),
      ),
    );
  }

  async request(method: string, path: string, body?: string | Buffer): Promise<Reply> {
    const url = `${this.#plainUrl()}${path}`;
    const options = {
      method,
      headers: this.#options.acl === true ? { "x-consul-token": this.master } : {},
      agent: false,
      timeout: 10_000,
      rejectUnauthorized: false,
    } as https.RequestOptions;
    return await new Promise<Reply>((resolve, reject) => {
      const request = (url.startsWith("https:") ? https : http).request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      request.end(body);
    });
  }

  async #answers(): Promise<boolean> {
    const reply = await this.request("GET", "/v1/agent/self").catch(() => undefined);
    return reply?.status === 200 && json<{ Config: { NodeName: string } }>(reply).Config.NodeName === this.#node;
  }

  /** With mutual TLS the tests' own requests go in plain http, which stays open on the loopback interface. */
  #plainUrl(): string {
    return this.#options.tls === "mutual" ? `http://127.0.0.1:${this.port}` : this.url;
  }

  #arguments(): string[] {
    const { persistent, acl, tls, socket, hcl } = this.#options;
    const port = this.port;
    const settings = [
      acl === true ? `acl { enabled = true default_policy = "deny" tokens { master = "${this.master}" } }` : "",
      tls === undefined || this.certificates === undefined
        ? ""
        : `ports { https = ${this.https_port} } ca_file = "${this.certificates.ca}" cert_file = "${this.certificates.server.cert}" ` +
          `key_file = "${this.certificates.server.key}" verify_incoming_https = ${tls === "mutual"}`,
      socket === true ? `addresses { http = "127.0.0.1 unix://${this.socket}" }` : "",
      hcl ?? "",
    ].filter((text) => text !== "");
    return [
      "agent",
      ...(persistent === true
        ? ["-server", `-bootstrap-expect=${this.#options.servers ?? 1}`, "-data-dir", join(this.dir, "data")]
        : ["-dev"]),
      ..."-bind 127.0.0.1 -client 127.0.0.1 -disable-host-node-id -log-level warn".split(" "),
      "-node",
      this.#node,
      ...`-http-port ${port} -server-port ${port + 1} -serf-lan-port ${port + 2} -serf-wan-port ${port + 3}`.split(" "),
      // The default gRPC port is fixed: a second agent would end over it.
      ..."-dns-port -1 -grpc-port -1".split(" "),
      ...(persistent === true ? ["-hcl", 'performance { raft_multiplier = 1 rpc_hold_timeout = "500ms" }'] : []),
      ...settings.flatMap((text) => ["-hcl", text]),
    ];
  }
}

function json<T>(reply: Reply): T {
  if (reply.status !== 200) throw new Error(`The agent answered ${reply.status}: ${reply.body.toString()}`);
  return JSON.parse(reply.body.toString()) as T;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

async function makeCertificates(binary: string, dir: string): Promise<Certificates> {
  const consul = (...args: string[]) => promisify(execFile)(binary, ["tls", ...args], { cwd: dir });
  await consul("ca", "create");
  await consul("cert", "create", "-server", "-additional-ipaddress", "127.0.0.1");
  await consul("cert", "create", "-client");
  return {
    ca: join(dir, "consul-agent-ca.pem"),
    server: { cert: join(dir, "dc1-server-consul-0.pem"), key: join(dir, "dc1-server-consul-0-key.pem") },
    client: { cert: join(dir, "dc1-client-consul-0.pem"), key: join(dir, "dc1-client-consul-0-key.pem") },
  };
}

/** First of five free ports in a row, below those the system gives to outgoing connections. */
async function freePorts(): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 4400) * 5;
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
