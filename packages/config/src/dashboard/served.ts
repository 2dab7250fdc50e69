/** The dashboard on its own server, in its own process; and as a listener for Node's servers. */
import { erlang, type gen_server, NOREPLY, OK, REPLY } from "@otpts/runtime";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Guard } from "./guard.ts";
import type { Checked, Dashboard } from "./options.ts";

/** The state of a served dashboard. */
export interface Serving {
  readonly fetch: Dashboard["fetch"];
  readonly guard: Guard;
  readonly options: Checked;
  close(): void;
  /** The port that it had before a restart. */
  port?: number;
}

interface State {
  readonly server: Server;
  readonly address: string;
  readonly serving: Serving;
}

/** The process of the server. It replies to `address` with the address. */
export const Served = {
  name: "Dashboard",

  async init(serving: Serving) {
    const { options } = serving;
    const { getRequestListener } = await adapter();
    const { createServer } = await import("node:http");
    const listener = getRequestListener((request, connection) => serving.fetch(request, connection), {
      overrideGlobalObjects: false,
    });
    const server = createServer((request, response) => void listener(request, response));
    const listen = (port: number) =>
      new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, options.hostname, () => {
          server.off("error", reject);
          resolve();
        });
      });
    // An open page finds it again at the same port.
    try {
      await listen(serving.port ?? options.port);
    } catch (error) {
      if (serving.port === undefined || options.port !== 0) throw error;
      await listen(0);
    }
    const { port } = server.address() as AddressInfo;
    serving.port = port;
    // Whatever the reason for the end of the process.
    erlang.signal().addEventListener("abort", () => end(server, serving), { once: true });
    const host = options.hostname.includes(":") ? `[${options.hostname}]` : options.hostname;
    const address = `http://${host}:${port}${options.base}/`;
    const invitation = options.read_only || options.authorize !== undefined ? "" : `?token=${serving.guard.invite()}`;
    options.log(`Dashboard: ${address}${invitation}${options.read_only ? " (read-only)" : ""}`);
    return [OK, { server, address, serving }] as const;
  },

  handle_call: (_request: "address", _from: gen_server.From, state: State) => [REPLY, state.address, state] as const,

  handle_info: (_message: unknown, state: State) => [NOREPLY, state] as const,

  terminate(_reason: unknown, { server, serving }: State) {
    end(server, serving);
  },
};

function end(server: Server, serving: Serving): void {
  serving.close();
  server.close();
  server.closeAllConnections();
}

/** A listener for Node's `http`, Express and Fastify's raw objects. */
export function nodeListener(fetch: Dashboard["fetch"]): Dashboard["node"] {
  let listener: Promise<(request: IncomingMessage, response: ServerResponse) => Promise<void>> | undefined;
  return async (request, response) => {
    listener ??= adapter().then(
      ({ getRequestListener }) =>
        getRequestListener((incoming, connection) => fetch(incoming, connection), {
          overrideGlobalObjects: false,
        }) as (request: IncomingMessage, response: ServerResponse) => Promise<void>,
    );
    const moved = withoutSlash(request);
    if (moved !== undefined) {
      response.writeHead(308, { location: moved }).end();
      return;
    }
    keepBody(request);
    await (
      await listener
    )(request, response);
  };
}

/** Properties that frameworks add to Node's requests: the path where a handler is mounted, and the parsed body. */
interface Framed {
  readonly originalUrl?: unknown;
  readonly body?: unknown;
  rawBody?: unknown;
}

// Express and Connect give a handler at "/otp" the path "/" for "/otp" as well, and there the page's relative links
// would be wrong.
function withoutSlash({ originalUrl, url = "" }: IncomingMessage & Framed): string | undefined {
  if (typeof originalUrl !== "string" || !/^\/(?:\?|$)/u.test(url)) return undefined;
  const [path = "", ...search] = originalUrl.split("?");
  return path.endsWith("/") || path.startsWith("//") ? undefined : [`${path}/`, ...search].join("?");
}

// An earlier parser has read the body: its result is passed on.
function keepBody(request: IncomingMessage & Framed): void {
  const { body, rawBody } = request;
  if (rawBody !== undefined || !request.readableEnded || typeof body !== "object" || body === null) return;
  request.rawBody = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

async function adapter(): Promise<typeof import("@hono/node-server")> {
  try {
    return await import("@hono/node-server");
  } catch (cause) {
    throw new Error(
      "Cannot serve the dashboard by itself: @hono/node-server is not installed: npm install @hono/node-server hono preact htm",
      { cause },
    );
  }
}
