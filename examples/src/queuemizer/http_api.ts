/** The two endpoints on a real HTTP server, which starts and stops with a process of the tree. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Config, ConfigValidationError } from "@otpts/config";
import { gen_server, NOREPLY, OK, type Pid, REPLY } from "@otpts/runtime";
import type { RateLimits } from "./provisioning_manager.ts";
import { withFarewell } from "./farewell.ts";

const MAX_BODY = 64 * 1024;

/** Validates rate limits; throws with the reason for invalid ones. */
export function validate_rate_limits(limits: unknown): asserts limits is RateLimits {
  const { requests, window } = (limits ?? {}) as Partial<Record<keyof RateLimits, unknown>>;
  if (!Number.isInteger(requests) || (requests as number) <= 0)
    throw new ConfigValidationError("requests must be a whole number > 0");
  if (!Number.isInteger(window) || (window as number) <= 0)
    throw new ConfigValidationError("window must be a whole number of seconds > 0");
}

async function update_rate_limits(request: IncomingMessage): Promise<[status: number, body: unknown]> {
  let limits: unknown;
  try {
    limits = JSON.parse(await bodyOf(request));
    validate_rate_limits(limits);
  } catch (error) {
    return [
      400,
      {
        error: "invalid configuration",
        reason: error instanceof ConfigValidationError ? error.message : "the body is not JSON",
      },
    ];
  }
  await Config.put("rate_limits.api", limits);
  return [200, { status: "updated" }];
}

async function get_current_config(): Promise<[status: number, body: unknown]> {
  return [
    200,
    {
      interfaces: await Config.get("queuemizer.interfaces"),
      rate_limits: await Config.get("rate_limits"),
      feature_flags: await Config.get("feature_flags"),
    },
  ];
}

async function route(request: IncomingMessage): Promise<[status: number, body: unknown]> {
  if (request.method === "PUT" && request.url === "/rate_limits") return update_rate_limits(request);
  if (request.method === "GET" && request.url === "/config") return get_current_config();
  return [404, { error: "there is PUT /rate_limits and GET /config" }];
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let status = 500;
  let body: unknown = { error: "internal error" };
  try {
    [status, body] = await route(request);
  } catch (error) {
    console.error(`${request.method} ${request.url} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(`${JSON.stringify(body)}\n`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY) throw new ConfigValidationError(`the body is longer than ${MAX_BODY} bytes`);
  }
  return text;
}

const http_api = {
  async init(port: number) {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return [OK, server] as const;
  },

  handle_call: (_request: "address", _from: gen_server.From, server: Server) =>
    [REPLY, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server] as const,

  handle_cast: (_message: unknown, server: Server) => [NOREPLY, server] as const,
};

export function start_http_api(port: number, ended: (name: string) => void): Promise<Pid> {
  const module = withFarewell(http_api, "http_api", ended);
  const terminate = async (_reason: unknown, server: Server) => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    ended("http_api");
  };
  return gen_server.start_link({ ...module, terminate }, port, { name: "http_api" });
}
