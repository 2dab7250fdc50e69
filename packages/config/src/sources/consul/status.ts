import type { RemoteStanding } from "../remote/remote.ts";
import { type LineStatus, line_status } from "../remote/status.ts";

/** How a `ConsulSource` stands. Plain data, without secrets. */
export interface ConsulStatus extends LineStatus {
  /** Where Consul is, without user and password. */
  readonly address: string;
  readonly key_prefix: string;
  readonly layout: "keys" | "blob";
  /** Consul's index at the watch's last answer, 0 where there is none. */
  readonly index: string;
  /** Milliseconds since the server that answered heard from its leader: how old a `stale` reading may be. */
  readonly leader_contact: number | undefined;
  /** Requests made since the source exists. */
  readonly requests: number;
  readonly keys: number;
}

interface Standing extends Pick<ConsulStatus, "address" | "key_prefix" | "layout" | "keys"> {
  readonly session: {
    readonly requests: number;
    readonly last_contact: number | undefined;
    readonly leader_contact: number | undefined;
  };
  readonly index: bigint;
  readonly standing: RemoteStanding;
}

export function consul_status({ session, index, standing, ...plain }: Standing): ConsulStatus {
  return {
    ...plain,
    ...line_status(standing, session.last_contact),
    index: String(index),
    leader_contact: session.leader_contact,
    requests: session.requests,
  };
}
