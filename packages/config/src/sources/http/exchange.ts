import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import { tooLarge } from "../remote/answer.ts";
import { failed_connection } from "../remote/connection.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { TlsMaterial } from "../remote/tls.ts";

/** A request. */
export interface HttpRequest {
  readonly url: URL;
  /** Sent only to this URL's origin: they may contain credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to every server that a redirect leads to. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial & { readonly servername?: string | undefined; readonly verify?: boolean | undefined };
  /** Maximum size of a body in bytes, compressed and decompressed; undefined: no body is read. */
  readonly max_bytes: number | undefined;
  readonly signal: AbortSignal;
}

/** A response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Decompressed; undefined if none was read. */
  readonly body: Uint8Array | undefined;
}

/** Maximum number of redirects that are followed. */
const REDIRECTS = 5;

/** Requests over HTTP, one connection each: TLS files may be renewed, and nothing stays open in between. */
export class HttpClient {
  private readonly sockets = new Set<Socket>();

  /**
   * Sends the request, and follows redirects. The body of a 200 is read as a whole.
   *
   * @throws RemoteFailure
   */
  async get(request: HttpRequest): Promise<HttpAnswer> {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const sent = { ...request, url };
      const { response, end } = await this.open(url.origin === request.url.origin ? sent : toStranger(sent));
      try {
        const { statusCode: status = 0, headers } = response;
        const location = REDIRECTING.has(status) ? headers.location : undefined;
        if (location === undefined) {
          const wanted = status === 200 && request.max_bytes !== undefined;
          return { status, headers, body: wanted ? await bodyOf(response, request.max_bytes) : undefined };
        }
        if (redirects === REDIRECTS) throw redirect(`it redirects more than ${REDIRECTS} times`);
        url = redirected(url, location);
      } finally {
        end();
      }
    }
  }

  /** Resolves when no connection is left. */
  async close(): Promise<void> {
    const closed = [...this.sockets].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once("close", () => resolve());
          socket.destroy();
        }),
    );
    await Promise.all(closed);
  }

  /** Resolves when the head of the response has arrived. `end` ends the connection. */
  private open(request: HttpRequest): Promise<{ response: http.IncomingMessage; end: () => void }> {
    const { url, headers, conditions, signal, tls } = request;
    const { verify, ...material } = tls;
    // Node's types do not allow a Uint8Array here.
    const secure = { ...material, rejectUnauthorized: verify !== false } as https.RequestOptions;
    return new Promise((resolve, reject) => {
      const options = { agent: false, headers: { ...headers, ...conditions } };
      let sent: http.ClientRequest;
      try {
        sent = url.protocol === "https:" ? https.request(url, { ...options, ...secure }) : http.request(url, options);
      } catch (error) {
        reject(failed_connection(error));
        return;
      }
      const end = () => {
        signal.removeEventListener("abort", end);
        sent.destroy();
      };
      signal.addEventListener("abort", end, { once: true });
      sent.on("socket", (socket) => this.track(socket));
      sent.on("response", (response) => {
        // The reader of the body sees its errors.
        response.on("error", ignored);
        resolve({ response, end });
      });
      sent.on("error", (error) => {
        end();
        reject(failed_connection(error));
      });
      // A response of another protocol ends without an error.
      sent.on("close", () => reject(new RemoteFailure("unreachable", "the connection ended without a response")));
      if (signal.aborted) end();
      sent.end();
    });
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
  }
}

const REDIRECTING: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers and client certificate are for the origin of the URL that was given. */
function toStranger(request: HttpRequest): HttpRequest {
  const { ca, verify } = request.tls;
  return { ...request, headers: {}, tls: { verify, ...(ca === undefined ? {} : { ca }) } };
}

/** @throws RemoteFailure for an invalid address, or a redirect from https to http */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined || (to.protocol !== "http:" && to.protocol !== "https:")) {
    throw redirect("it redirects to an address that is not http or https");
  }
  if (from.protocol === "https:" && to.protocol === "http:") throw redirect("it redirects from https to plain http");
  // Credentials in the new address are not used.
  to.username = "";
  to.password = "";
  return to;
}

function redirect(message: string): RemoteFailure {
  return new RemoteFailure("redirect", message);
}

/** @throws RemoteFailure */
async function bodyOf(response: http.IncomingMessage, limit = 0): Promise<Uint8Array> {
  const packing = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const unpack = Object.hasOwn(UNPACKERS, packing) ? UNPACKERS[packing] : undefined;
  if (unpack === undefined && packing !== "identity" && packing !== "") {
    throw new RemoteFailure("bad_encoding", "the response has a Content-Encoding that was not asked for");
  }
  const declared = lengthOf(response.headers["content-length"]);
  if (declared !== undefined && declared > limit) throw tooLarge(limit);
  const isUnlimited = declared === undefined && response.headers["transfer-encoding"] === undefined;
  const { socket } = response;
  const chunks: Buffer[] = [];
  let received = 0;
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      done(received > limit ? tooLarge(limit) : null, chunk);
    },
  });
  const keep = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      done(size > limit ? tooLarge(limit) : null);
    },
  });
  try {
    await (unpack === undefined ? pipeline(response, count, keep) : pipeline(response, count, unpack(), keep));
  } catch (error) {
    throw failedBody(error);
  }
  if (!response.complete || (declared !== undefined && declared !== received)) throw truncated();
  // A body without a length ends with the connection: Node counts it as complete even if the connection was reset.
  if (isUnlimited && socket.errored !== null && socket.errored !== undefined) throw truncated();
  return Buffer.concat(chunks);
}

const UNPACKERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};

/** The requested compressions. */
export const ACCEPTED_PACKINGS = "gzip, br";

function lengthOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}

function failedBody(error: unknown): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== "string" || code === "Z_BUF_ERROR") return truncated();
  if (/^(Z_|ERR_|BR)/.test(code) && !/^ERR_(STREAM|SSL|TLS)/.test(code)) {
    return new RemoteFailure("bad_encoding", `the response cannot be decompressed (${code})`);
  }
  return truncated();
}

function truncated(): RemoteFailure {
  return new RemoteFailure("truncated", "the answer was cut off");
}

function ignored(): void {}
