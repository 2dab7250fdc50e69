/** The health of the program, for probes, the overview and the metrics. */
import { newBudget } from "../budget.ts";
import { few } from "../core/few.ts";
import { statusOf } from "../manager/status.ts";
import type { State } from "../manager/state.ts";
import type { ConfigStatus } from "../status.ts";
import type { Managers, Manager } from "./managers.ts";

/** The health of one manager. */
export interface ManagerHealth {
  readonly name: string;
  /**
   * `down`: no process has its name; `starting`; `refused`: the sources' values are not valid; `stale`: a source is
   * failing.
   */
  readonly state: "ok" | "down" | "starting" | "refused" | "stale";
  readonly why?: string;
  readonly version: number;
  readonly content_hash?: string;
  readonly status?: ConfigStatus;
}

export async function healthOf(manager: Manager): Promise<ManagerHealth> {
  const { name, state } = manager;
  const version = state?.configuration.snapshot.version ?? 0;
  if (manager.pid === undefined) return { name, version, state: "down", why: `no process is registered as "${name}"` };
  if (state === undefined || state.phase !== "running") return { name, version, state: "starting" };
  const status = await cleanStatus(manager, state);
  const { content_hash } = status;
  const known = { name, version: status.version, content_hash, status };
  const { refused } = status;
  if (refused !== undefined)
    return {
      ...known,
      state: "refused",
      why: `${refused.sources.join(", ")}: ${few(refused.problems, (one) => `${one.path} ${one.message}`).join("; ")}`,
    };
  const failing = status.sources.find((source) => source.state === "error" || source.state === "refused");
  if (failing !== undefined)
    return { ...known, state: "stale", why: `${failing.name}: ${failing.last_error?.message ?? failing.state}` };
  return { ...known, state: "ok" };
}

/** The status, without secrets. */
export async function cleanStatus(manager: Manager, state: State): Promise<ConfigStatus> {
  const status = await statusOf(state);
  await manager.meetSecrets(newBudget());
  // Overrides are paths, and may be very many.
  const { overrides, ...rest } = status;
  const clean = JSON.parse(
    JSON.stringify(rest, (_key, value: unknown) => (typeof value === "string" ? manager.scrub(value) : value)),
  ) as Omit<ConfigStatus, "overrides">;
  return { ...clean, overrides };
}

/** Whether the program is ready for traffic: each manager is running, and each required source has returned data. */
export async function readiness(
  managers: Managers,
): Promise<{ readonly ready: boolean; readonly why: readonly string[] }> {
  const why: string[] = [];
  for (const manager of managers.all) {
    const { state, status, name, why: reason } = await healthOf(manager);
    if (state === "down" || state === "starting") why.push(reason ?? `${name} is starting`);
    for (const source of status?.sources ?? []) {
      if (
        source.required &&
        (source.state === "pending" || source.state === "loading") &&
        source.last_success === undefined
      )
        why.push(`${name}: ${source.name} has no values yet`);
    }
  }
  return { ready: why.length === 0, why };
}
