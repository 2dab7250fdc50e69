import type { RemoteStanding } from "../remote/remote.ts";
import { type LineStatus, line_status } from "../remote/status.ts";

/** The state of a `ConsulSource`. Plain data, without secrets. */
export interface ConsulStatus extends LineStatus {
  /** The address of Consul, without user and password. */
  readonly address: string;
  readonly key_prefix: string;
  readonly layout: "keys" | "blob";
  /** The index of the watch's last response; 0 without one. */
  readonly index: string;
  /** Milliseconds since the responding server heard from its leader: the greatest age of a `stale` reading. */
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
