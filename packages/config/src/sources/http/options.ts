import { typeOf } from "../../core/words.ts";
import { REMOTE_FORMATS, type RemoteFormat } from "../remote/answer.ts";
import { Check, COMMON, type RemoteOptions, type RemoteCommonOptions } from "../remote/options.ts";
import type { TlsOptions } from "../remote/tls.ts";

/** A header's value, or a function that returns the current one, for credentials that are renewed. */
export type HttpHeader = string | (() => string | undefined | Promise<string | undefined>);

/** Options of an `HttpSource`. */
export interface HttpOptions extends RemoteCommonOptions {
  /** Name in `status`, and in the places of values; default: the URL without user, password and query. Shown. */
  readonly name?: string;
  /** The format of the document; by default that of its content type, or else of the URL's extension. */
  readonly format?: RemoteFormat;
  /** Headers of each request, such as `authorization`. Sent only to the URL's origin, and never shown. */
  readonly headers?: Readonly<Record<string, HttpHeader>>;
  /** For `https:`. Files are read again for each request, so that they may be renewed. */
  readonly tls?: TlsOptions;
  /**
   * How long the server may wait for a change before it responds with 304, in milliseconds: `Prefer: wait=…`. A server that
   * does not support it is polled. Default: no long poll.
   */
  readonly long_poll?: number;
}

/** The checked options. */
export interface HttpSettings {
  /** Without user and password. */
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: HttpHeader])[];
  readonly tls: TlsOptions;
  readonly format: RemoteFormat | undefined;
  readonly long_poll: number | undefined;
  readonly timeout: number;
  readonly max_bytes: number;
  /** Options of all remote sources. */
  readonly remote: RemoteCommonOptions & { readonly name: string };
}

const KNOWN = {
  name: true,
  format: true,
  headers: true,
  tls: true,
  long_poll: true,
  ...COMMON,
} satisfies Record<keyof HttpOptions, true>;

const TLS = {
  ca: true,
  ca_file: true,
  cert: true,
  cert_file: true,
  key: true,
  key_file: true,
  servername: true,
  verify: true,
} satisfies Record<keyof TlsOptions, true>;

/** Headers that the source itself sets. */
const OWN: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "if-modified-since",
  "if-none-match",
  "prefer",
  "transfer-encoding",
]);

/** Checks the options. @throws TypeError, RangeError; never with the URL, which may contain a password */
export function http_settings(given: unknown, options: HttpOptions): HttpSettings {
  const check = new Check("Cannot make an HttpSource");
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${check.action}: options must be an object, got ${typeOf(options)}`);
  }
  check.known(options, KNOWN);
  const { headers = {}, tls = {}, format, long_poll, name, ...remote } = options;
  const url = urlOf(check, given);
  check.named_values("tls", tls);
  check.known(tls, TLS);
  if (Object.keys(tls).length > 0 && url.protocol !== "https:") {
    throw new TypeError(`${check.action}: "tls" is for https, and the URL begins with http:`);
  }
  for (const one of ["ca", "cert", "key"] as const) {
    if (tls[one] === undefined || tls[`${one}_file`] === undefined) continue;
    throw new TypeError(`${check.action}: give either "tls.${one}" or "tls.${one}_file", got both`);
  }
  const list = headersOf(check, headers);
  const { username, password } = url;
  if (username !== "" || password !== "") {
    if (list.some(([header]) => header === "authorization")) {
      throw new TypeError(`${check.action}: give either a user in the URL or the header "authorization", got both`);
    }
    const credentials = `${decoded(username)}:${decoded(password)}`;
    list.push(["authorization", `Basic ${Buffer.from(credentials).toString("base64")}`]);
    url.username = "";
    url.password = "";
  }
  return {
    url,
    headers: list,
    tls: { ...tls },
    format: format === undefined ? undefined : check.one_of("format", format, REMOTE_FORMATS),
    long_poll: long_poll === undefined ? undefined : check.within("long_poll", long_poll, 1000, 3_600_000),
    timeout: remote.timeout ?? 5_000,
    max_bytes: remote.max_bytes ?? 16 * 1024 * 1024,
    remote: { ...remote, name: name ?? `${url.origin}${url.pathname}` } satisfies Partial<RemoteOptions>,
  };
}

function urlOf(check: Check, given: unknown): URL {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string")
    throw new TypeError(`${check.action}: url must be a text or a URL, got ${typeOf(text)}`);
  if (!URL.canParse(text)) throw new TypeError(`${check.action}: url must be a whole URL, such as https://host/path`);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`${check.action}: url must begin with http: or https:, got "${url.protocol}"`);
  }
  url.hash = "";
  return url;
}

function headersOf(check: Check, headers: unknown): [string, HttpHeader][] {
  if (typeof headers !== "object" || headers === null) {
    throw new TypeError(`${check.action}: "headers" must be an object, got ${typeOf(headers)}`);
  }
  return Object.entries(headers as Record<string, unknown>).map(([given, value]) => {
    const name = given.toLowerCase();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      throw new TypeError(`${check.action}: "${given}" is not the name of a header`);
    if (OWN.has(name)) throw new TypeError(`${check.action}: the header "${given}" is the source's own`);
    if (typeof value !== "string" && typeof value !== "function") {
      throw new TypeError(`${check.action}: the header "${given}" must be a text or a function, got ${typeOf(value)}`);
    }
    return [name, value as HttpHeader];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
