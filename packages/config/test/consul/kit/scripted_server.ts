import { once } from "node:events";
import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the script sees it. */
export interface Asked {
  /** Decoded, without `/v1/kv/`. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds. */
  readonly at: number;
  /** Asked with an index: may wait. */
  readonly blocking: boolean;
}

export type Script = (asked: Asked, response: ServerResponse) => void;

/** An HTTP server with responses chosen by the test, which a real agent would not give. */
export class ScriptedServer {
  /** May be replaced at any time. */
  script: Script;
  readonly asked: Asked[] = [];
  /** Answers that were not given yet. */
  readonly open = new Set<ServerResponse>();
  readonly #server: Server;

  private constructor(script: Script) {
    this.script = script;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const asked = {
        key: decodeURIComponent(url.pathname.replace("/v1/kv/", "")),
        query: url.searchParams,
        method: request.method ?? "",
        headers: request.headers,
        at: performance.now(),
        blocking: url.searchParams.has("index"),
      };
      this.asked.push(asked);
      this.open.add(response);
      response.on("close", () => this.open.delete(response));
      this.script(asked, response);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Answers like Consul. */
export function answer(response: ServerResponse, status: number, index: string | undefined, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    ...(index === undefined ? {} : { "x-consul-index": index }),
  });
  response.end(body);
}

/** The body of a reading. */
export function listed(values: Readonly<Record<string, string>>, index = 10): string {
  const entries = Object.entries(values).map(([Key, value]) => ({
    LockIndex: 0,
    Key,
    Flags: 0,
    Value: value === "" ? null : Buffer.from(value).toString("base64"),
    CreateIndex: index,
    ModifyIndex: index,
  }));
  return JSON.stringify(entries);
}
