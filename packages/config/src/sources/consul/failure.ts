import { ConfigSourceError } from "../../errors.ts";
import { SyntaxFault } from "../../formats/format.ts";

/**
 * Why something with Consul did not work, in words that hold neither a token nor a value.
 *
 * The HTTP client's own errors are never passed on, not even as `cause`: they carry the request, and with it the token.
 */
export class ConsulFailure extends Error {
  override readonly name = "ConsulFailure";
  /**
   * `unreachable`, `timeout`, `tls`, `truncated`, `too_large`, `not_json`, `no_index`, `redirect`, `bad_request`, `denied`,
   * `rate_limited`, `no_leader`, `server_error`, `http_status`, `token`, `stopped`, or, for writes, `conflict` and `invalid`.
   */
  readonly code: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds the server asked to wait. */
  readonly retry_after: number | undefined;

  constructor(code: string, message: string, more: { status?: number; retry_after?: number | undefined } = {}) {
    super(message);
    this.code = code;
    this.status = more.status;
    this.retry_after = more.retry_after;
  }
}

/** Whether an error comes from here or from reading a document, so that its message may be told. */
export function tellable(error: unknown): error is ConsulFailure | SyntaxFault {
  return error instanceof ConsulFailure || error instanceof SyntaxFault;
}

/** The error for the outside: what could not be done, and why. */
export function source_error(source: string, action: string, error: unknown): ConfigSourceError {
  if (!tellable(error)) {
    return new ConfigSourceError(`${action}: an unexpected error in the source`, {
      source,
      code: "internal",
      cause: error,
    });
  }
  const { code, message } = error;
  const position = error instanceof SyntaxFault ? error.position : undefined;
  if (position === undefined) return new ConfigSourceError(`${action}: ${message}`, { source, code });
  const { line, column } = position;
  return new ConfigSourceError(`${action}: ${message} (line ${line}, column ${column})`, {
    source,
    code,
    line,
    column,
  });
}

/** What an answer that is neither data nor plain absence means. `text` is the start of its body. */
export function failed_status(status: number, text: string, retryAfter: string | undefined): ConsulFailure {
  const wait = retry_after(retryAfter, Date.now());
  const more = { status, retry_after: wait };
  if (status === 403) {
    return new ConsulFailure(
      "denied",
      /ACL not found/i.test(text) ? "the token is unknown to it (403)" : "permission denied (403)",
      more,
    );
  }
  if (status === 401) return new ConsulFailure("denied", "credentials are wanted (401)", more);
  if (status === 404)
    return new ConsulFailure(
      "no_index",
      "it answered 404 without an index: this is not Consul's key/value store",
      more,
    );
  if (status === 429) return new ConsulFailure("rate_limited", "too many requests (429)", more);
  if (status === 413) return new ConsulFailure("too_large", "the request is too large for it (413)", more);
  if (status === 400 && /HTTP request to an HTTPS server/i.test(text)) {
    return new ConsulFailure("tls", "it wants https, and was asked in plain http (400)", more);
  }
  if (status === 400) return new ConsulFailure("bad_request", "it refused the request (400)", more);
  if (status >= 300 && status < 400) return new ConsulFailure("redirect", `it redirects elsewhere (${status})`, more);
  if (status >= 500) {
    return /No cluster leader/i.test(text)
      ? new ConsulFailure("no_leader", "the cluster has no leader", more)
      : new ConsulFailure("server_error", `it failed (${status})`, more);
  }
  return new ConsulFailure("http_status", `unexpected answer (${status})`, more);
}

/** What an error of the connection means. Only its code is used: messages of certificates and URLs are not ours to repeat. */
export function failed_connection(error: unknown): ConsulFailure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = typeof message === "string" ? message : "";
  if (typeof code === "string") {
    const words = connections[code];
    if (words !== undefined) return new ConsulFailure("unreachable", `${words} (${code})`);
    if (/^ERR_(SSL|TLS|OSSL)|CERT|SELF_SIGNED|UNABLE_TO|^EPROTO/.test(code)) {
      return new ConsulFailure("tls", `the TLS connection failed (${code})`);
    }
    if (code === "HPE_INVALID_CONSTANT" || code.startsWith("HPE_")) {
      return new ConsulFailure("unreachable", `the answer is not HTTP (${code})`);
    }
    return new ConsulFailure("unreachable", `the connection failed (${code})`);
  }
  if (/timed out/.test(text)) return new ConsulFailure("timeout", "no answer in time");
  return new ConsulFailure("unreachable", "the connection failed");
}

const connections: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection closed by the other side",
  EPIPE: "connection closed by the other side",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "the host's address cannot be looked up now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no connection in time",
  ENOENT: "no such socket",
  EACCES: "the socket may not be opened",
};

/** `Retry-After` in milliseconds: seconds or a date, at most five minutes. */
export function retry_after(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, 300_000) : undefined;
}
