import { decoded } from "../../core/credentials.ts";
import { typeOf } from "../../core/words.ts";
import type { Backoff } from "../../core/backoff.ts";
import { Check } from "../remote/options.ts";
import type { TlsOptions } from "../remote/tls.ts";

/** Options of `ConsulSource`. Those of the connection default to Consul's usual environment variables. */
export interface ConsulOptions {
  /** Name in `status` and events; default `consul:<key_prefix>`. */
  readonly name?: string;
  /** `host:port`, `http://…`, `https://…` or `unix:///path`; else `CONSUL_HTTP_ADDR`, else `127.0.0.1:8500`. */
  readonly address?: string;
  /** Instead of `address`. */
  readonly host?: string;
  /** Instead of `address`; default 8500. */
  readonly port?: number;
  /** With `host` and `port`, or an address without scheme; else `CONSUL_HTTP_SSL`. */
  readonly scheme?: "http" | "https";
  /** Path of a unix socket, instead of `address`. */
  readonly socket?: string;

  /** ACL token, or a function that returns the current one (called before each request); else `CONSUL_HTTP_TOKEN`. */
  readonly token?: string | (() => string | Promise<string>);
  /** File that holds the ACL token, read before each request, so that it may be rotated; else `CONSUL_HTTP_TOKEN_FILE`. */
  readonly token_file?: string;
  /** Default: the agent's own. */
  readonly datacenter?: string;
  /** Consul Enterprise; else `CONSUL_NAMESPACE`. */
  readonly namespace?: string;
  /** Consul Enterprise; else `CONSUL_PARTITION`. */
  readonly partition?: string;
  /** Consul's consistency modes. `stale` may read old data from any server, also without a leader. Default `default`. */
  readonly consistency?: "default" | "stale" | "consistent";
  readonly tls?: ConsulTls;

  /**
   * `keys`: the prefix is a tree, one key per setting. `blob`: `key_prefix` is one key that holds TOML or JSON, so that
   * several settings always change together. Default `keys`.
   */
  readonly layout?: "keys" | "blob";
  /** The format of the blob. Default: by the key's extension, else JSON if it starts with `{`, else TOML. */
  readonly format?: "toml" | "json" | "jsonc" | "yaml";

  /** `true`: a start fails without values from Consul or `cache_file`. Default `false`. */
  readonly required?: boolean;
  /** Whether the values stay when the prefix is deleted. Default `keep`. */
  readonly on_missing?: "keep" | "clear";
  /** File with the last good values, for a start while Consul is down. Mode 0600; it contains no token. */
  readonly cache_file?: string;
  /** `true`: puts are written to Consul itself. Default `false`: they stay in the runtime layer. */
  readonly write_through?: boolean;

  /** How long a blocking query may wait at the server, in milliseconds. Default 60,000; at most 600,000. */
  readonly wait?: number;
  /**
   * Time for the complete response to any other request, in milliseconds. Default 5,000: below the manager's
   * `load_timeout`.
   */
  readonly timeout?: number;
  /** Bounds of the jittered wait between retries, in milliseconds. Default `{ min: 100, max: 2000 }`. */
  readonly backoff?: Partial<Backoff>;
  /** How long changes are gathered before they are read, in milliseconds. Default 20. */
  readonly debounce?: number;
  /** Largest response that is read, in bytes. Default 33,554,432. */
  readonly max_bytes?: number;
}

/**
 * TLS of the connection to Consul. Files are read again after a failed connection, so that they may be renewed. Options
 * that are left out come from the environment: `CONSUL_CACERT` (`ca_file`), `CONSUL_CLIENT_CERT` (`cert_file`),
 * `CONSUL_CLIENT_KEY` (`key_file`), `CONSUL_TLS_SERVER_NAME` (`servername`), `CONSUL_HTTP_SSL_VERIFY` (`verify`).
 */
export type ConsulTls = TlsOptions;

type Environment = Readonly<Record<string, string | undefined>>;

/** The options, with the defaults filled in. */
export interface ConsulSettings {
  readonly given: ConsulOptions;
  readonly layout: "keys" | "blob";
  /** The key for `blob`; for `keys` the prefix with its trailing slash, or empty for the whole store. */
  readonly root: string;
  readonly wait: number;
  readonly timeout: number;
  readonly backoff: Backoff;
  readonly debounce: number;
  readonly max_bytes: number;
}

/** The address of Consul. Only `auth` is secret. */
export interface Endpoint {
  readonly protocol: "http:" | "https:";
  readonly hostname: string;
  readonly port: string;
  /** In front of `/v1`; usually empty. */
  readonly path: string;
  readonly socket: string | undefined;
  /** Basic authentication of a proxy in front of Consul. */
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly datacenter: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  readonly tls: ConsulTls;
}

const KNOWN: ReadonlySet<string> = new Set<keyof ConsulOptions>([
  "name",
  "address",
  "host",
  "port",
  "scheme",
  "socket",
  "token",
  "token_file",
  "datacenter",
  "namespace",
  "partition",
  "consistency",
  "tls",
  "layout",
  "format",
  "required",
  "on_missing",
  "cache_file",
  "write_through",
  "wait",
  "timeout",
  "backoff",
  "debounce",
  "max_bytes",
]);

const TEXTS = [
  "name",
  "address",
  "host",
  "socket",
  "token_file",
  "datacenter",
  "namespace",
  "partition",
  "cache_file",
] as const satisfies readonly (keyof ConsulOptions)[];

/** Checks the options and fills in the defaults. @throws TypeError, RangeError */
export function consul_settings(keyPrefix: unknown, given: ConsulOptions): ConsulSettings {
  for (const key of Object.keys(given)) {
    if (!KNOWN.has(key)) {
      throw new TypeError(`Cannot make a ConsulSource: unknown option "${key}", known are ${[...KNOWN].join(", ")}`);
    }
  }
  if (given.port !== undefined && !(Number.isInteger(given.port) && given.port > 0 && given.port < 65_536)) {
    const got = typeof given.port === "number" ? String(given.port) : typeof given.port;
    throw new TypeError(`Cannot make a ConsulSource: port must be a whole number from 1 to 65535, got ${got}`);
  }
  for (const option of TEXTS) {
    const value: unknown = given[option];
    if (value === undefined || typeof value === "string") continue;
    throw new TypeError(`Cannot make a ConsulSource: "${option}" must be a string, got ${typeOf(value)}`);
  }
  const check = new Check("Cannot make a ConsulSource");
  for (const option of ["required", "write_through"] as const) {
    if (given[option] !== undefined) check.boolean(option, given[option]);
  }
  for (const option of ["tls", "backoff"] as const) {
    if (given[option] !== undefined) check.named_values(option, given[option]);
  }
  const layout = oneOf("layout", given.layout, ["keys", "blob"], "keys");
  oneOf("consistency", given.consistency, ["default", "stale", "consistent"], "default");
  oneOf("on_missing", given.on_missing, ["keep", "clear"], "keep");
  oneOf("scheme", given.scheme, ["http", "https"], "http");
  oneOf("format", given.format, ["toml", "json", "jsonc", "yaml"], "toml");
  if (typeof keyPrefix !== "string")
    throw new TypeError(`Cannot make a ConsulSource: key_prefix must be a string, got ${typeof keyPrefix}`);
  if (given.token !== undefined && given.token_file !== undefined) {
    throw new TypeError('Cannot make a ConsulSource: give either "token" or "token_file", got both');
  }
  const places = [given.address, given.host ?? given.port, given.socket].filter((place) => place !== undefined);
  if (places.length > 1) {
    throw new TypeError(
      'Cannot make a ConsulSource: give one of "address", "host" and "port", or "socket", got several',
    );
  }
  if (given.address !== undefined) parseAddress(given.address, "http");
  const name = keyPrefix.replace(/^\/+/, "");
  if (layout === "blob" && (name === "" || name.endsWith("/"))) {
    throw new TypeError(
      `Cannot make a ConsulSource: with layout "blob", key_prefix must name one key, got "${keyPrefix}"`,
    );
  }
  const folder = name.replace(/\/+$/, "");
  return {
    given,
    layout,
    // Without its slash a prefix would also bring "myapp/configuration/…" for "myapp/config".
    root: layout === "blob" ? name : folder === "" ? "" : `${folder}/`,
    wait: within("wait", given.wait ?? 60_000, 1, 600_000),
    timeout: within("timeout", given.timeout ?? 5_000, 1, 3_600_000),
    backoff: {
      min: within("backoff.min", given.backoff?.min ?? 100, 1, 3_600_000),
      max: within("backoff.max", given.backoff?.max ?? Math.max(2000, given.backoff?.min ?? 0), 1, 3_600_000),
    },
    debounce: within("debounce", given.debounce ?? 20, 0, 60_000),
    max_bytes: within("max_bytes", given.max_bytes ?? 32 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
  };
}

/** The address of Consul, from the options or else the environment. @throws TypeError for an invalid address */
export function consul_endpoint({ given }: ConsulSettings, env: Environment): Endpoint {
  const scheme = given.scheme ?? (isTrue(env["CONSUL_HTTP_SSL"]) ? "https" : "http");
  const named = given.host !== undefined || given.port !== undefined;
  const socket = given.socket;
  const place =
    socket !== undefined
      ? { ...parseAddress("127.0.0.1:8500", scheme), socket }
      : named
        ? {
            ...parseAddress("127.0.0.1:8500", scheme),
            hostname: bare(given.host ?? "127.0.0.1"),
            port: String(given.port ?? 8500),
          }
        : parseAddress(given.address ?? (env["CONSUL_HTTP_ADDR"] || "127.0.0.1:8500"), scheme);
  const basic = env["CONSUL_HTTP_AUTH"];
  const colon = basic?.indexOf(":") ?? -1;
  const fallback = basic
    ? { user: colon < 0 ? basic : basic.slice(0, colon), password: colon < 0 ? "" : basic.slice(colon + 1) }
    : undefined;
  const tls = given.tls ?? {};
  const verify = tls.verify ?? !isFalse(env["CONSUL_HTTP_SSL_VERIFY"]);
  const own = {
    ca_file: tls.ca === undefined ? (tls.ca_file ?? env["CONSUL_CACERT"]) : undefined,
    cert_file: tls.cert === undefined ? (tls.cert_file ?? env["CONSUL_CLIENT_CERT"]) : undefined,
    key_file: tls.key === undefined ? (tls.key_file ?? env["CONSUL_CLIENT_KEY"]) : undefined,
    servername: tls.servername ?? env["CONSUL_TLS_SERVER_NAME"],
  };
  return {
    ...place,
    auth: place.auth ?? fallback,
    datacenter: given.datacenter,
    namespace: given.namespace ?? (env["CONSUL_NAMESPACE"] || undefined),
    partition: given.partition ?? (env["CONSUL_PARTITION"] || undefined),
    tls: {
      verify,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(own.ca_file ? { ca_file: own.ca_file } : {}),
      ...(own.cert_file ? { cert_file: own.cert_file } : {}),
      ...(own.key_file ? { key_file: own.key_file } : {}),
      ...(own.servername ? { servername: own.servername } : {}),
    },
  };
}

/** The endpoint for display: without user and password. */
export function endpoint_name({ protocol, hostname, port, path, socket }: Endpoint): string {
  if (socket !== undefined) return `unix://${socket}`;
  return `${protocol}//${hostname}:${port}${path}`;
}

type Place = Pick<Endpoint, "protocol" | "hostname" | "port" | "path" | "socket" | "auth">;

function parseAddress(address: string, scheme: "http" | "https"): Place {
  if (address.startsWith("unix://")) {
    return {
      protocol: `${scheme}:`,
      hostname: "127.0.0.1",
      port: "8500",
      path: "",
      socket: address.slice(7),
      auth: undefined,
    };
  }
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `${scheme}://${address}`);
  } catch {
    throw new TypeError("Cannot reach Consul: the address must be host:port, a URL or unix:///path");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(
      `Cannot reach Consul: the address's scheme must be http, https or unix, got "${url.protocol.slice(0, -1)}"`,
    );
  }
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    // A URL without a port means the port of its scheme; a bare host means Consul's.
    port: url.port || (address.includes("://") ? (url.protocol === "https:" ? "443" : "80") : defaultPort(address)),
    path: url.pathname.replace(/\/+$/, ""),
    socket: undefined,
    auth: url.username === "" ? undefined : { user: decoded(url.username), password: decoded(url.password) },
  };
}

/** `host:80` loses its port in a URL of http, as `host:443` does in one of https. */
function defaultPort(address: string): string {
  return /:(\d+)\/?$/.exec(address)?.[1] ?? "8500";
}

/** `::1` is written `[::1]` in a URL. */
function bare(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text);
}

function isFalse(text: string | undefined): boolean {
  return text !== undefined && /^(0|f|false)$/i.test(text);
}

function oneOf<T extends string>(option: string, value: T | undefined, known: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (known.includes(value)) return value;
  throw new TypeError(
    `Cannot make a ConsulSource: "${option}" must be ${known.map((word) => `"${word}"`).join(" or ")}, got ${JSON.stringify(value)}`,
  );
}

function within(option: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot make a ConsulSource: "${option}" must be a number from ${least} to ${most}, got ${String(value)}`,
  );
}
