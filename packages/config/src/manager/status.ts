import { erlang } from "@otpts/runtime";
import { isTable } from "../core/draft.ts";
import { newBudget } from "../budget.ts";
import { contentHash } from "../content_hash.ts";
import { type Findings, findingsOf } from "../core/findings.ts";
import type { Diagnostic } from "../core/layer.ts";
import { andThen } from "../core/maybe.ts";
import { formatPath } from "../core/path.ts";
import { type Budget, UNLIMITED } from "../core/sliced.ts";
import { countLeaves } from "../core/snapshot.ts";
import type { Value } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";

import type { Source } from "../sources/source.ts";
import type { ConfigStatus, SourceStatus } from "../status.ts";
import { placeOf } from "./announcements.ts";
import { meetSecrets, scrub } from "./scrub.ts";
import type { Failure, SourceState, State } from "./state.ts";
import { ticks } from "./ticks.ts";

/**
 * The manager's status.
 *
 * @param misses paths that were read and have no value
 * @returns a promise if it takes longer than a slice of time
 */
export function statusOf(
  state: State,
  misses: readonly Diagnostic[] = [],
  budget: Budget = newBudget(),
): ConfigStatus | Promise<ConfigStatus> {
  const ahead = isAnythingSaid(state) ? meetSecrets(state, budget) : undefined;
  const { configuration, spec } = state;
  return andThen(ahead, () =>
    andThen(findingsOf(configuration, spec, budget), (findings) =>
      andThen(contentHash(configuration.snapshot.tree, spec.secrets), (content_hash) => {
        const { id, name, version, ...status } = written(state, findings, misses);
        return { id, name, version, content_hash, ...status };
      }),
    ),
  );
}

/** The same, at once, without the hash: for a crash report, which cannot wait. */
export function statusAtOnce(state: State): Omit<ConfigStatus, "content_hash"> {
  return written(state, findingsOf(state.configuration, state.spec, UNLIMITED) as Findings, []);
}

/** Whether the status contains texts of foreign code. */
function isAnythingSaid({ sources, overrides_file, refused }: State): boolean {
  if (refused !== undefined || overrides_file?.last_error !== undefined) return true;
  return sources.some(
    ({ source, last_error, write_error, watch_error }) =>
      (last_error ?? write_error ?? watch_error) !== undefined || typeof source.status === "function",
  );
}

function written(state: State, findings: Findings, misses: readonly Diagnostic[]): Omit<ConfigStatus, "content_hash"> {
  const { spec, configuration, subscriptions, refused, reload, last_reload } = state;
  const { layers, snapshot } = configuration;
  const now = ticks();
  const found = state.overrides_file?.diagnostics ?? [];
  return {
    id: spec.id,
    name: spec.name,
    version: snapshot.version,
    keys: countLeaves(snapshot.tree),
    sources: spec.sources.map((source) => {
      const index = spec.layers.indexOf(source);
      return index < 0
        ? overridesStatus(state, source, findings, now)
        : sourceStatus(state, state.sources[index]!, now);
    }),
    overrides: findings.overrides,
    subscriptions: subscriptions.size,
    subscribers: subscribersOf(state, now),
    shape_conflicts: findings.conflicts.map(({ path, winner, loser }) => ({
      path: formatPath(path),
      winner: winner.source,
      loser: loser.source,
    })),
    diagnostics: [...found, ...layers.flatMap((layer) => layer.diagnostics), ...findings.diagnostics, ...misses],
    reload: {
      reload_interval: spec.reload_interval,
      running: reload !== undefined,
      ...(last_reload === undefined ? {} : { last: date(last_reload.at), last_successful: last_reload.successful }),
      ...(last_reload?.succeeded_at === undefined ? {} : { last_success: date(last_reload.succeeded_at) }),
    },
    ...(refused === undefined
      ? {}
      : {
          refused: {
            at: date(refused.at),
            sources: refused.sources,
            problems: refused.problems.map((one) => ({ ...one, message: scrub(state, one.message) })),
          },
        }),
  };
}

function subscribersOf({ spec, subscriptions, deliveries }: State, now: number): ConfigStatus["subscribers"] {
  const targets = new Set<unknown>();
  const unserved: { pattern: string; subscriber: string }[] = [];
  for (const { target, pattern } of subscriptions.values()) {
    if ("delivery" in target) {
      targets.add(target.delivery);
      const process = deliveries.get(target.delivery)?.process;
      if (process === undefined || !erlang.is_process_alive(process)) {
        unserved.push({ pattern: pattern.source, subscriber: "a callback whose process is being started" });
      }
    } else if ("pid" in target) {
      targets.add(target.pid);
    } else {
      targets.add(target.name);
      if (erlang.whereis(target.name) === undefined)
        unserved.push({ pattern: pattern.source, subscriber: target.name });
    }
  }
  const slow: ConfigStatus["subscribers"]["slow"][number][] = [];
  for (const { patterns, current, queue } of deliveries.values()) {
    if (patterns.length === 0) continue;
    if (current?.running_since === undefined || now - current.running_since <= spec.notify_timeout) continue;
    slow.push({ patterns: [...patterns], running_for: now - current.running_since, backlog: queue.length + 1 });
  }
  return { count: targets.size, slow, unserved };
}

function sourceStatus(state: State, of: SourceState, now: number): SourceStatus {
  const { name, kind, required, last_checked, last_success, fresh_at, last_change, last_error, failures } = of;
  const broken = of.write_error ?? of.watch_error;
  const layer = state.configuration.layers[of.index]!;
  const refused = of.refused !== undefined && of.refused === of.candidate;
  const failure = broken ?? last_error;
  const isOk = of.state === "ok" || of.state === "absent";
  return {
    name,
    kind,
    required,
    state: isOk && broken !== undefined ? "error" : refused && of.state === "ok" ? "refused" : of.state,
    ...(last_checked === undefined ? {} : { last_checked: date(last_checked) }),
    ...(last_success === undefined ? {} : { last_success: date(last_success) }),
    ...(last_change === undefined ? {} : { last_change: date(last_change) }),
    ...(failure === undefined ? {} : { last_error: errorOf(state, failure) }),
    ...(failures > 0 && fresh_at !== undefined ? { stale_for: now - fresh_at } : {}),
    failures,
    ...(layer.bytes === undefined ? {} : { bytes: layer.bytes }),
    keys: countLeaves(layer.tree),
    alive: of.worker !== undefined && erlang.is_process_alive(of.worker),
    ...detailsOf(state, of),
  };
}

/** The state of the saved overrides. They are not a source, but are listed among the sources as `runtime`. */
function overridesStatus(
  state: State,
  { name, kind, required }: Source,
  findings: Findings,
  now: number,
): SourceStatus {
  const { failures = 0, last_success, fresh_at, last_error } = state.overrides_file ?? {};
  return {
    name,
    kind,
    required,
    state: failures > 0 ? "error" : "ok",
    ...(last_success === undefined ? {} : { last_success: date(last_success) }),
    ...(last_error === undefined ? {} : { last_error: errorOf(state, last_error) }),
    ...(failures > 0 && fresh_at !== undefined ? { stale_for: now - fresh_at } : {}),
    failures,
    keys: findings.overrides.length,
    alive: true,
  };
}

/** A copy of the source's own details, without secrets; the source is foreign code. */
function detailsOf(state: State, { source, name }: SourceState): Pick<SourceStatus, "details"> {
  try {
    if (typeof source.status !== "function") return {};
    const details = shown(state, source.status(), 0);
    return isTable(details as Value) ? { details: details as Record<string, unknown> } : {};
  } catch {
    return { details: { error: `Cannot show the status of "${name}": its status function failed` } };
  }
}

function shown(state: State, value: unknown, depth: number): unknown {
  if (typeof value === "string") return scrub(state, value);
  if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
  if (depth === DEEPEST) return undefined;
  if (Array.isArray(value)) return value.map((one) => shown(state, one, depth + 1));
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, shown(state, one, depth + 1)]));
}

const DEEPEST = 8;

function errorOf(state: State, { at, error }: Failure): NonNullable<SourceStatus["last_error"]> {
  const place = error instanceof ConfigSourceError ? { code: error.code, ...placeOf(error) } : {};
  return { at: date(at), message: scrub(state, error.message), ...place };
}

function date(time: number): string {
  return new Date(time).toISOString();
}
