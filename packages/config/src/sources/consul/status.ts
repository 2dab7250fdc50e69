import type { WatchState } from "./blocking_watch.ts";

/** How a `ConsulSource` stands. Plain data, without secrets. */
export interface ConsulStatus {
  /** Where Consul is, without user and password. */
  readonly address: string;
  readonly key_prefix: string;
  readonly layout: "keys" | "blob";
  /** `idle`: no watch runs; `connected`; `retrying`: the watch waits for its next try. */
  readonly state: "idle" | "connected" | "retrying";
  /** The last request was answered. */
  readonly connected: boolean;
  /** Consul's index at the watch's last answer, 0 where there is none. */
  readonly index: string;
  /** Time of the last answer, ISO 8601. */
  readonly last_contact: string | undefined;
  /** Milliseconds since the server that answered heard from its leader: how old a `stale` reading may be. */
  readonly leader_contact: number | undefined;
  /** Failed tries since the last good answer. */
  readonly retries: number;
  /** Time of the next try, ISO 8601, while waiting for it. */
  readonly next_retry: string | undefined;
  /** Requests made since the source exists. */
  readonly requests: number;
  /** Why the last load failed, or else the watch. */
  readonly error: { readonly code: string; readonly message: string; readonly since: string | undefined } | undefined;
  /** Nothing is there. */
  readonly missing: boolean;
  /** The values come from the cache file. */
  readonly from_cache: boolean;
  /** Why the cache file cannot be used. */
  readonly cache_problem: string | undefined;
  readonly keys: number;
  /** Size of the last reading. */
  readonly bytes: number;
}

interface Standing extends Pick<
  ConsulStatus,
  "address" | "key_prefix" | "layout" | "missing" | "from_cache" | "cache_problem" | "keys" | "bytes"
> {
  readonly session: {
    readonly requests: number;
    readonly last_contact: number | undefined;
    readonly leader_contact: number | undefined;
  };
  readonly watch: WatchState | undefined;
  readonly failure: { readonly code: string; readonly message: string; readonly since: number } | undefined;
}

export function consul_status({ session, watch, failure, ...plain }: Standing): ConsulStatus {
  const error =
    failure !== undefined
      ? { code: failure.code, message: failure.message, since: iso(failure.since) }
      : watch?.failure !== undefined
        ? { code: watch.failure.code, message: watch.failure.message, since: undefined }
        : undefined;
  return {
    ...plain,
    state: watch?.connected === true ? "connected" : watch === undefined || watch.closed ? "idle" : "retrying",
    connected:
      watch === undefined || watch.closed
        ? failure === undefined && session.last_contact !== undefined
        : watch.connected,
    index: String(watch?.index ?? 0n),
    last_contact: session.last_contact === undefined ? undefined : iso(session.last_contact),
    leader_contact: session.leader_contact,
    retries: watch?.retries ?? 0,
    next_retry: watch?.next_retry === undefined ? undefined : iso(watch.next_retry),
    requests: session.requests,
    error,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
