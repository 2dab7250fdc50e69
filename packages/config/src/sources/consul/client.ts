import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";

import { Consul } from "../../commonjs/consul.ts";

import { type BodyReader, Exchange } from "./exchange.ts";
import { failed_connection } from "../remote/connection.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { TlsMaterial } from "../remote/tls.ts";
import { failed_status } from "./failure.ts";
import { type Operation, transaction_body } from "./operation.ts";
import type { Endpoint } from "./options.ts";

/** The parameters of every request. */
export interface Call {
  readonly token: string | undefined;
  /** The time for the whole response, in milliseconds. */
  readonly timeout: number;
  readonly max_bytes: number;
  readonly signal: AbortSignal;
  /** Gets the body of a 200. */
  readonly reader?: BodyReader;
}

/** A query for one key, for all keys under a prefix, or for the names directly under a prefix. */
export interface KeyQuery {
  readonly key: string;
  readonly shape: "one" | "tree" | "names";
  readonly consistency: "default" | "stale" | "consistent";
  /**
   * Makes it a blocking query: the response comes when the index is higher than this one, or after `wait` milliseconds.
   */
  readonly after?: { readonly index: bigint; readonly wait: number };
}

/** A complete response. */
export interface Answer {
  readonly status: number;
  /** `X-Consul-Index`; 0 if it is missing or not a number. */
  readonly index: bigint;
  readonly bytes: number;
  /** The server left keys out for lack of permissions (reported by Consul 1.11 and later). */
  readonly filtered: boolean;
  /** Milliseconds since the server that answered heard from the leader. */
  readonly leader_contact: number | undefined;
}

/** A watch occupies one connection; all other requests use the second one. */
const CONNECTIONS = 2;

/** The key/value store through the `consul` package, with time-outs, limits, and errors without secrets. */
export class ConsulClient {
  readonly #api: Api;
  readonly #agent: http.Agent;
  readonly #sockets = new Set<Socket>();

  constructor(endpoint: Endpoint, material: TlsMaterial) {
    const secure = endpoint.protocol === "https:";
    const common = {
      keepAlive: true,
      maxSockets: CONNECTIONS,
      // The brackets of an IPv6 address are part of URLs only.
      ...(endpoint.hostname.startsWith("[") ? { host: endpoint.hostname.slice(1, -1) } : {}),
    };
    this.#agent = secure
      ? new https.Agent({
          ...common,
          ...material,
          rejectUnauthorized: endpoint.tls.verify !== false,
          ...(endpoint.tls.servername === undefined ? {} : { servername: endpoint.tls.servername }),
        } as https.AgentOptions)
      : new http.Agent(common);
    this.#track();
    const { auth } = endpoint;
    this.#api = new (Consul as unknown as new (options: object) => Api)({
      baseUrl: `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port}${endpoint.path}/v1`,
      agent: this.#agent,
      ...(endpoint.socket === undefined ? {} : { socketPath: endpoint.socket }),
      ...(auth === undefined
        ? {}
        : { headers: { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}` } }),
      defaults: {
        ...(endpoint.datacenter === undefined ? {} : { dc: endpoint.datacenter }),
        ...(endpoint.partition === undefined ? {} : { partition: endpoint.partition }),
      },
    });
    this.#api._ext("onCreate", (request, next) => {
      if (request.ctx instanceof Exchange) request.opts.pipe = request.ctx.body;
      if (endpoint.namespace !== undefined) request.opts.query["ns"] = endpoint.namespace;
      next();
    });
  }

  /**
   * Reads keys. Resolves for 200 and for a 404 with an index; any other response is a failure.
   *
   * @throws RemoteFailure
   */
  async get(query: KeyQuery, call: Call): Promise<Answer> {
    const options = {
      key: query.key,
      ...(query.consistency === "default" ? {} : { [query.consistency]: true }),
      ...(query.after === undefined
        ? {}
        : { index: String(query.after.index), wait: `${Math.round(query.after.wait)}ms` }),
    };
    const ask = (common: object) =>
      query.shape === "names"
        ? this.#api.kv.keys({ ...options, ...common, separator: "/" })
        : // `raw` turns off the client's decoding of the body; a tree is JSON all the same.
          this.#api.kv.get({ ...options, ...common, recurse: query.shape === "tree", raw: query.shape === "tree" });
    // After a reconnect the index cannot be trusted: a blocking query fails, and its watch begins again.
    const { answer, text, retryAfter } = await (query.after === undefined
      ? this.#read(call, ask)
      : this.#run(call, ask));
    if (answer.status === 200 || (answer.status === 404 && answer.index > 0n)) return answer;
    throw failed_status(answer.status, text, retryAfter);
  }

  /**
   * Applies all the changes or none.
   *
   * @returns `false` if one of the keys has changed meanwhile.
   * @throws RemoteFailure
   */
  async commit(operations: readonly Operation[], call: Call): Promise<boolean> {
    const { answer, text, retryAfter } = await this.#run(call, (common) => this.#change(operations, common));
    if (operations.length === 1 && answer.status === 200) return text.trim() === "true";
    if (answer.status === 200) return true;
    // A 409 without a stale index is a refusal by the server, for a missing permission, for example.
    if (answer.status === 409 && /index is stale|doesn't exist|exists/i.test(text)) return false;
    if (answer.status === 409 && /permission denied/i.test(text)) {
      throw new RemoteFailure("denied", "permission denied (409)", { status: 409 });
    }
    throw failed_status(answer.status, text, retryAfter);
  }

  /** Closes all connections; resolves when they are closed. The client can be used again. */
  async close(): Promise<void> {
    const closed = [...this.#sockets].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once("close", () => resolve());
          socket.destroy();
        }),
    );
    this.#agent.destroy();
    await Promise.all(closed);
  }

  #change(operations: readonly Operation[], common: object): Promise<unknown> {
    const [only] = operations;
    if (operations.length === 1 && only !== undefined) {
      return only.verb === "set"
        ? this.#api.kv.set({ ...common, key: only.key, value: only.value ?? Buffer.alloc(0), cas: only.index })
        : this.#api.kv.del({ ...common, key: only.key, cas: only.index });
    }
    return this.#api.transaction.create(transaction_body(operations), common);
  }

  /** A connection that was kept open may be dead: a request that fails on it before any response is sent once more. */
  async #read(call: Call, start: (common: object) => Promise<unknown>): Promise<Received> {
    const kept = Object.keys(this.#agent.freeSockets).length > 0;
    try {
      return await this.#run(call, start);
    } catch (error) {
      if (!kept || !(error instanceof RemoteFailure) || !/ECONNRESET|EPIPE/.test(error.message)) throw error;
      return await this.#run(call, start);
    }
  }

  async #run(call: Call, start: (common: object) => Promise<unknown>): Promise<Received> {
    const exchange = new Exchange(call.max_bytes, call.reader);
    const stop = () => exchange.cancel(new RemoteFailure("stopped", "the source was stopped"));
    if (call.signal.aborted) stop();
    call.signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(
      () => exchange.cancel(new RemoteFailure("timeout", `no answer within ${Math.round(call.timeout)} ms`)),
      call.timeout,
    );
    try {
      if (exchange.failure === undefined) {
        await start({ ctx: exchange, ...(call.token === undefined ? {} : { token: call.token }) }).catch(
          (error: unknown) => {
            // A status that is not 2xx rejects, too; the caller judges it, together with the body.
            if (exchange.response === undefined) exchange.failure ??= failed_connection(error);
          },
        );
      }
      if (exchange.failure === undefined && exchange.response !== undefined) await exchange.finished;
    } finally {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", stop);
    }
    if (exchange.failure !== undefined) throw exchange.failure;
    const response = exchange.response;
    if (response === undefined) throw new RemoteFailure("unreachable", "the connection failed");
    const header = (name: string) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const index = header("x-consul-index") ?? "";
    const contact = Number(header("x-consul-lastcontact") ?? Number.NaN);
    const answer = {
      status: response.statusCode ?? 0,
      index: /^\d{1,20}$/.test(index) ? BigInt(index) : 0n,
      bytes: exchange.bytes,
      filtered: header("x-consul-results-filtered-by-acls") === "true",
      leader_contact: Number.isFinite(contact) ? contact : undefined,
    };
    return { answer, text: exchange.text(), retryAfter: header("retry-after") };
  }

  #track(): void {
    const agent = this.#agent as unknown as { createConnection: (...args: unknown[]) => Socket };
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (...args) => {
      const socket = connect(...args);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      return socket;
    };
  }
}

interface Received {
  readonly answer: Answer;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** The used part of the `consul` package. Its own types lack `index`, `wait`, `token`, `ctx` and more. */
interface Api {
  readonly kv: {
    get(options: object): Promise<unknown>;
    keys(options: object): Promise<unknown>;
    set(options: object): Promise<unknown>;
    del(options: object): Promise<unknown>;
  };
  readonly transaction: { create(operations: readonly object[], options: object): Promise<unknown> };
  _ext(event: "onCreate", extension: (request: ApiRequest, next: () => void) => void): void;
}

interface ApiRequest {
  readonly ctx?: unknown;
  readonly opts: { pipe?: unknown; query: Record<string, unknown> };
}
