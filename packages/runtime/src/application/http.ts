/**
 * Draining an HTTP server of Node, on which all frameworks are built: requests in flight are answered, each with
 * `connection: close`, and a client that has just sent a request on a keep-alive connection gets its response too.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import { now } from "../process/clock.ts";
import { pause, turned } from "./pause.ts";
import type { PhaseContext } from "./specification.ts";

/** How an HTTP server is drained. */
export interface DrainOptions {
  /**
   * How long idle keep-alive connections stay open after the server has stopped listening, in ms: a request may be on
   * its way on one of them. Default: 1,000.
   */
  readonly linger?: number | undefined;
}

/** An HTTP server whose requests are counted. */
export interface Drainable {
  /** Number of unanswered requests. */
  readonly in_flight: number;
  /** Stops listening. Resolves when all requests are answered and no idle connection is left, or the context's signal fires. */
  drain(context?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

const LOOK_AGAIN = 5;

/**
 * Counts the requests of an HTTP server from now on, so that it can be drained. Call it when the server is created.
 *
 * Connections that were upgraded (WebSockets) are not waited for: end them in the application's `drain`.
 *
 * @param server of `node:http` or `node:https`: Fastify's `app.server`, the result of Hono's `serve` or of
 *   `express().listen()`
 */
export function drainable(server: Server, options: DrainOptions = {}): Drainable {
  if (!(server instanceof NetServer))
    throw new ErlangError(BADARG, `Cannot drain ${describe(server)}: it is not a server of node:http or node:https`);
  checkOptions(options, ["linger"], "drain a server");
  const { linger = 1_000 } = options;
  const open = new Set<ServerResponse>();
  let draining = false;
  // Node reads it whenever it writes a response's head.
  const last = (response: ServerResponse) => {
    if (!response.headersSent) response.shouldKeepAlive = false;
  };
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    open.add(response);
    if (draining) last(response);
    response.once("close", () => open.delete(response));
  });

  const drain = async (signal: AbortSignal | undefined): Promise<void> => {
    draining = true;
    for (const response of open) last(response);
    // Pending connections are accepted: clients that connected before the end are served.
    await turned();
    await turned();
    // Not http's own `close`: that ends idle connections at once, and with them requests that are on their way.
    if (server.listening) NetServer.prototype.close.call(server);
    let busy = now();
    while (signal?.aborted !== true) {
      if (open.size > 0) busy = now();
      else if (now() - busy >= linger || (await connections(server)) === 0) break;
      await pause(LOOK_AGAIN);
    }
    server.closeIdleConnections?.();
  };
  let drained: Promise<void> | undefined;
  return {
    get in_flight() {
      return open.size;
    },
    drain: (context: Partial<PhaseContext> = {}) => (drained ??= drain(context.signal)),
  };
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error === null ? count : 0)));
}
