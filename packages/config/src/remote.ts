/**
 * A kit for sources on other machines: a function that loads, and optionally one that waits for a change, make a source. A
 * separate entry:
 *
 *     import { remote_source } from "@otpts/config/remote";
 */
export type { Backoff } from "./core/backoff.ts";
export type { RemoteAnswer, RemoteFormat } from "./sources/remote/answer.ts";
export { RemoteFailure } from "./sources/remote/failure.ts";
export type { RemoteNews, RemoteOptions, RemoteCommonOptions } from "./sources/remote/options.ts";
export { remote_source, type RemoteSource, type RemoteStatus } from "./sources/remote/remote_source.ts";
