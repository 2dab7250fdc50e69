import { erlang } from "@otpts/runtime";
import { conflictsOf } from "./core/conflicts.ts";
import { isTable } from "./core/draft.ts";
import { formatPath } from "./core/path.ts";
import { countLeaves } from "./core/snapshot.ts";
import { ConfigSourceError } from "./errors.ts";
import { placeOf } from "./events.ts";
import type { ConfigStatus, SourceStatus } from "./status.ts";
import type { Slot, Vault } from "./vault.ts";

/** The manager's status. */
export function statusOf(vault: Vault, reloading: boolean): ConfigStatus {
  const { spec, configuration, slots } = vault;
  const { layers, snapshot, overrides } = configuration;
  const now = Date.now();
  const conflicts = conflictsOf(configuration).map(({ path, winner, loser }) => ({
    path: formatPath(path),
    winner: winner.source,
    loser: loser.source,
  }));
  const receivers = [...vault.receivers.values()];
  return {
    id: spec.id,
    name: spec.name,
    version: snapshot.version,
    keys: countLeaves(snapshot.tree),
    sources: slots.map((slot) => sourceStatus(vault, slot, now)),
    overrides: [...overrides].map((override) => formatPath(override.path)).sort(),
    subscriptions: vault.subscriptions.size,
    subscribers: {
      count: new Set([...vault.subscriptions.values()].map(({ target }) => target)).size,
      slow: receivers
        .filter(({ running_since }) => running_since !== undefined && now - running_since > spec.notify_timeout)
        .map(({ patterns, running_since, outbox }) => ({
          patterns: [...patterns],
          running_for: (now - running_since!) / 1000,
          backlog: outbox.length,
        })),
    },
    shape_conflicts: conflicts,
    diagnostics: [...vault.diagnostics, ...layers.flatMap((layer) => layer.diagnostics)],
    reload: {
      interval: spec.reload_interval,
      running: reloading,
      ...(vault.last_reload === undefined ? {} : { last: date(vault.last_reload) }),
    },
    ...(vault.refused === undefined ? {} : { refused: { ...vault.refused, at: date(vault.refused.at) } }),
  };
}

function sourceStatus(vault: Vault, slot: Slot, now: number): SourceStatus {
  const { source, last_success, last_change, last_error, failures } = slot;
  const layer = vault.configuration.layers[slot.index]!;
  const refused = slot.refused !== undefined && slot.refused === slot.offered;
  return {
    name: slot.name,
    kind: source.kind,
    required: source.required,
    state: refused && slot.state === "ok" ? "refused" : slot.state,
    ...(last_success === undefined ? {} : { last_success: date(last_success) }),
    ...(last_change === undefined ? {} : { last_change: date(last_change) }),
    ...(last_error === undefined ? {} : { last_error: errorOf(vault, last_error) }),
    ...(failures > 0 && last_success !== undefined ? { stale_for: (now - last_success) / 1000 } : {}),
    failures,
    ...(layer.bytes === undefined ? {} : { bytes: layer.bytes }),
    keys: countLeaves(layer.tree),
    alive: slot.worker !== undefined && erlang.is_process_alive(slot.worker),
    ...detailsOf(vault, slot),
  };
}

/** A copy of what the source tells, without secrets; it is others' code. */
function detailsOf(vault: Vault, { source, name }: Slot): Pick<SourceStatus, "details"> {
  if (typeof source.status !== "function") return {};
  try {
    const told = shown(vault, source.status(), 0);
    return isTable(told as never) ? { details: told as Record<string, unknown> } : {};
  } catch {
    return { details: { error: `Cannot tell the status of "${name}": its status function failed` } };
  }
}

function shown(vault: Vault, told: unknown, depth: number): unknown {
  if (typeof told === "string") return vault.scrub(told);
  if (typeof told !== "object" || told === null) return typeof told === "function" ? undefined : told;
  if (depth === DEEPEST) return undefined;
  if (Array.isArray(told)) return told.map((one) => shown(vault, one, depth + 1));
  const entries = Object.entries(told).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, shown(vault, value, depth + 1)]));
}

const DEEPEST = 8;

function errorOf(vault: Vault, { at, error }: { at: number; error: Error }): NonNullable<SourceStatus["last_error"]> {
  const place = error instanceof ConfigSourceError ? { code: error.code, ...placeOf(error) } : {};
  return { at: date(at), message: vault.scrub(error.message), ...place };
}

function date(time: number): string {
  return new Date(time).toISOString();
}
