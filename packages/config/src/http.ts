/**
 * Configuration from a web server, as a source: polled or waited for, with `ETag`, TLS, a bound of its size and a cache file.
 * A separate entry:
 *
 *     import { HttpSource } from "@otpts/config/http";
 */
export type { RemoteFormat } from "./sources/remote/answer.ts";
export type { RemoteCommonOptions } from "./sources/remote/options.ts";
export type { RemoteStatus } from "./sources/remote/remote_source.ts";
export type { TlsOptions } from "./sources/remote/tls.ts";
export type { HttpHeader, HttpOptions } from "./sources/http/options.ts";
export { HttpSource } from "./sources/http/http_source.ts";
