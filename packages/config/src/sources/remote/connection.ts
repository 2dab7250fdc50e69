import { RemoteFailure } from "./failure.ts";

/**
 * Explains an error of a connection. Only its code is used, as its message may contain URLs and certificates.
 *
 * @param error an error of a socket, `node:http` or `fetch`
 */
export function failed_connection(error: unknown): RemoteFailure {
  const code = codeOf(error);
  if (code !== undefined) {
    const words = Object.hasOwn(CONNECTIONS, code) ? CONNECTIONS[code] : undefined;
    if (words !== undefined) return new RemoteFailure("unreachable", `${words} (${code})`);
    const why = Object.hasOwn(CERTIFICATES, code) ? CERTIFICATES[code] : handshake(error, code);
    if (why !== undefined) return new RemoteFailure("tls", `${why} (${code})`);
    if (/^ERR_(SSL|TLS|OSSL)|CERT|SELF_SIGNED|UNABLE_TO|^EPROTO/.test(code)) {
      return new RemoteFailure("tls", `the TLS connection failed (${code})`);
    }
    if (code.startsWith("HPE_")) return new RemoteFailure("unreachable", `the answer is not HTTP (${code})`);
    return new RemoteFailure("unreachable", `the connection failed (${code})`);
  }
  const message: unknown = (error as { readonly message?: unknown } | undefined)?.message;
  if (typeof message === "string" && /timed out/.test(message))
    return new RemoteFailure("timeout", "no answer in time");
  return new RemoteFailure("unreachable", "the connection failed");
}

/** The same for an error of a user's function; undefined for an error that may have another cause than a connection. */
export function known_connection(error: unknown): RemoteFailure | undefined {
  const code = codeOf(error);
  // These two are errors of files as well.
  if (code === undefined || code === "ENOENT" || code === "EACCES") return undefined;
  const failure = failed_connection(error);
  return failure.code === "tls" || Object.hasOwn(CONNECTIONS, code) ? failure : undefined;
}

/** The code of an error or of its cause: errors of `fetch`, and of attempts at several addresses, contain the socket's error. */
function codeOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === "object" && at !== null; depth++) {
    const { code, cause, errors } = at as {
      readonly code?: unknown;
      readonly cause?: unknown;
      readonly errors?: unknown;
    };
    if (typeof code === "string" && code !== "") return code;
    at = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return undefined;
}

const CONNECTIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ConnectionRefused: "connection refused",
  ECONNRESET: "connection closed by the other side",
  EPIPE: "connection closed by the other side",
  UND_ERR_SOCKET: "connection closed by the other side",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "the host's address cannot be looked up now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no connection in time",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  ENOENT: "no such socket",
  EACCES: "the socket may not be opened",
};

const UNKNOWN_AUTHORITY =
  "the TLS connection failed: its certificate has an unknown issuer; give the issuer's certificate as ca";

const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: "the TLS connection failed: its certificate has expired",
  CERT_NOT_YET_VALID: "the TLS connection failed: its certificate is not valid yet; compare the clocks",
  CERT_REVOKED: "the TLS connection failed: its certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the TLS connection failed: its certificate is for another name; give that as servername",
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: "the TLS connection failed: cert and key do not belong together",
  ERR_OSSL_PEM_NO_START_LINE: "the TLS connection failed: ca, cert or key is not PEM",
  ERR_OSSL_PEM_BAD_END_LINE: "the TLS connection failed: ca, cert or key is cut off",
  ERR_OSSL_PEM_BAD_BASE64_DECODE: "the TLS connection failed: ca, cert or key is damaged",
};

/** Explains an error of the handshake, by its code or, for EPROTO, by OpenSSL's reason in the message. */
function handshake(error: unknown, code: string): string | undefined {
  const reason = `${code} ${String((error as { readonly message?: unknown }).message)}`.replaceAll("_", " ");
  if (/wrong version number|packet length too long/i.test(reason)) {
    return "the TLS connection failed: the other side does not speak TLS there";
  }
  if (/alert (certificate required|bad certificate|handshake failure)/i.test(reason)) {
    return "the TLS connection failed: it requires another certificate from us; look at cert and key";
  }
  if (/alert (unknown ca|certificate unknown|certificate expired|certificate revoked)/i.test(reason)) {
    return "the TLS connection failed: it does not accept our certificate; look at cert";
  }
  return undefined;
}

/** Longest time that a server's `Retry-After` is heeded, in milliseconds. */
const LONGEST = 300_000;

/** `Retry-After` in milliseconds: seconds or a date, at most five minutes. */
export function retry_after(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, LONGEST) : undefined;
}
