import type { RemoteStanding } from "./remote.ts";

/** The state of the connection to a remote place. Plain data, without secrets. */
export interface LineStatus {
  /** `idle`: it is not followed; `connected`; `retrying`: the last request failed. */
  readonly state: "idle" | "connected" | "retrying";
  /** The last request was answered. */
  readonly connected: boolean;
  /** Time of the last response, ISO 8601. */
  readonly last_contact: string | undefined;
  /** Failed attempts since the last successful response. */
  readonly retries: number;
  /** Time of the next attempt, ISO 8601, while waiting for it. */
  readonly next_retry: string | undefined;
  /** Why the last load, or otherwise the watch, failed. */
  readonly error: { readonly code: string; readonly message: string; readonly since: string | undefined } | undefined;
  /** The place is empty. */
  readonly missing: boolean;
  /** The values come from the cache file: they are those of an earlier run. */
  readonly from_cache: boolean;
  /** Why the cache file cannot be used. */
  readonly cache_problem: string | undefined;
  /** Size of the last reading. */
  readonly bytes: number;
}

/** @param last_contact Unix time of the last response in milliseconds; undefined if there was none */
export function line_status(standing: RemoteStanding, last_contact: number | undefined): LineStatus {
  const { watch, failure, missing, from_cache, cache_problem, bytes } = standing;
  const isFollowed = watch !== undefined && !watch.closed;
  return {
    state: !isFollowed ? "idle" : watch.connected ? "connected" : "retrying",
    connected: isFollowed ? watch.connected : failure === undefined && last_contact !== undefined,
    last_contact: last_contact === undefined ? undefined : iso(last_contact),
    retries: watch?.retries ?? 0,
    next_retry: watch?.next_retry === undefined ? undefined : iso(watch.next_retry),
    error:
      failure !== undefined
        ? { code: failure.code, message: failure.message, since: iso(failure.since) }
        : watch?.failure !== undefined
          ? { code: watch.failure.code, message: watch.failure.message, since: undefined }
          : undefined,
    missing,
    from_cache,
    cache_problem,
    bytes,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
