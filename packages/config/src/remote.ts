/**
 * A kit for sources on other machines: what is particular to a place is a function that loads, and perhaps one that waits for
 * a change. An entry of its own:
 *
 *     import { remote_source } from "@otpts/config/remote";
 */
export type { Backoff } from "./core/backoff.ts";
export type { RemoteAnswer, RemoteFormat } from "./sources/remote/answer.ts";
export { RemoteFailure } from "./sources/remote/failure.ts";
export type { RemoteNews, RemoteOptions, RemoteTimes } from "./sources/remote/options.ts";
export { remote_source, type RemoteSource, type RemoteStatus } from "./sources/remote/remote_source.ts";
