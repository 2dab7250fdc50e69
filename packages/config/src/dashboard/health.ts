/** How the program is: what probes, the overview and the metrics tell. */
import { createHash } from "node:crypto";
import type { Snapshot } from "../core/snapshot.ts";
import { statusOf } from "../manager/status.ts";
import type { State } from "../manager/state.ts";
import type { ConfigStatus } from "../status.ts";
import type { Managers, Manager } from "./managers.ts";

/** How one manager is. */
export interface ManagerHealth {
  readonly name: string;
  /** `down`: no process has its name; `starting`; `refused`: what sources brought is not valid; `stale`: a source fails. */
  readonly state: "ok" | "down" | "starting" | "refused" | "stale";
  readonly why?: string;
  readonly version: number;
  readonly hash?: string;
  readonly status?: ConfigStatus;
}

export function healthOf(manager: Manager): ManagerHealth {
  const { name, state } = manager;
  const version = state?.configuration.snapshot.version ?? 0;
  if (manager.pid === undefined) return { name, version, state: "down", why: `no process is registered as "${name}"` };
  if (state === undefined || state.phase !== "running") return { name, version, state: "starting" };
  const status = cleanStatus(manager, state);
  const known = { name, version, hash: hashOf(state.configuration.snapshot), status };
  const { refused } = status;
  if (refused !== undefined)
    return {
      ...known,
      state: "refused",
      why: `${refused.sources.join(", ")}: ${refused.problems.map((one) => `${one.path} ${one.message}`).join("; ")}`,
    };
  const failing = status.sources.find((source) => source.state === "error" || source.state === "refused");
  if (failing !== undefined)
    return { ...known, state: "stale", why: `${failing.name}: ${failing.last_error?.message ?? failing.state}` };
  return { ...known, state: "ok" };
}

/** The status, without secrets. */
export function cleanStatus(manager: Manager, state: State): ConfigStatus {
  return JSON.parse(
    JSON.stringify(statusOf(state), (_key, value: unknown) =>
      typeof value === "string" ? manager.scrub(value) : value,
    ),
  ) as ConfigStatus;
}

/** Whether traffic may come: each manager runs, and each required source has given data. */
export function readiness(managers: Managers): { readonly ready: boolean; readonly why: readonly string[] } {
  const why: string[] = [];
  for (const manager of managers.all) {
    const { state, status, name, why: reason } = healthOf(manager);
    if (state === "down" || state === "starting") why.push(reason ?? `${name} is starting`);
    for (const source of status?.sources ?? []) {
      if (
        source.required &&
        (source.state === "pending" || source.state === "loading") &&
        source.last_success === undefined
      )
        why.push(`${name}: ${source.name} has given nothing yet`);
    }
  }
  return { ready: why.length === 0, why };
}

const hashes = new WeakMap<Snapshot, string>();

/** A hash of the effective configuration without its secrets: equal where configurations are equal, on whatever machine. */
export function hashOf(snapshot: Snapshot): string {
  let hash = hashes.get(snapshot);
  if (hash === undefined) {
    hash = createHash("sha256").update(canonical(snapshot.redacted())).digest("hex");
    hashes.set(snapshot, hash);
  }
  return hash;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  return `{${Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, below]) => `${JSON.stringify(key)}:${canonical(below)}`)
    .join(",")}}`;
}
