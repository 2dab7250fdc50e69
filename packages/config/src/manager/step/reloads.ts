import { inspect } from "node:util";
import { atoms } from "@otpts/runtime";
import { changedLeaves, diff } from "../../core/diff.ts";
import { ConfigValidationError } from "../../errors.ts";
import type { Refusal, ReloadReport } from "../../protocol.ts";
import type { FromSource } from "../event.ts";
import { lateError } from "../outcome.ts";
import { RefusedCandidates } from "../refused_candidates.ts";
import { scrub } from "../scrub.ts";
import type { Caller, RefusedCandidate, Reload } from "../state.ts";
import * as changes from "./changes.ts";
import * as deliveries from "./deliveries.ts";
import { answered, askInto, askTorn, emptyGathering, takeAll } from "./gathering.ts";
import * as health from "./health.ts";
import type { Turn } from "./turn.ts";

/**
 * Reloads. A reload loads all sources at once, and takes their results together. One runs at a time and one more waits,
 * for all callers meanwhile. A source that has not answered within `load_timeout` is late: the others do not wait for
 * it, and its result is taken when it arrives. The start of a manager is its first reload.
 */

/** Handles a request for a reload; a caller gets the report. */
export function requested(turn: Turn, caller: Caller<ReloadReport | Refusal> | undefined): void {
  if (changes.isFromJob(turn, caller?.from[0])) {
    return turn.reply(caller, [atoms.ERROR, changes.insideValidator("reload")]);
  }
  const { reload, next_reload = [] } = turn.state;
  if (reload === undefined) return start(turn, [caller]);
  turn.set({ next_reload: [...next_reload, caller] });
  if (caller === undefined || reload.awaited) return;
  // The program must not end while it waits for a reload.
  turn.set({ reload: { ...reload, awaited: true } });
  if (reload.waiting.length > 0) limit(turn, reload.started + turn.state.spec.load_timeout - turn.ticks, true);
}

/** Loads all sources. */
export function start(
  turn: Turn,
  callers: readonly (Caller<ReloadReport | Refusal> | undefined)[],
  first = false,
): void {
  const { sources, configuration, spec } = turn.state;
  if (!first) turn.announce({ what: "reload_started" });
  const awaited = first || callers.some((caller) => caller !== undefined);
  let reload: Reload = {
    ...emptyGathering(turn),
    callers: callers.filter((caller) => caller !== undefined),
    first,
    started: turn.ticks,
    before: configuration.snapshot,
    candidates: sources.map(({ candidate }) => candidate),
    reported: sources.map(({ name }) => ({ source: name, outcome: "late" })),
    awaited,
  };
  for (const { index } of sources) reload = askInto(turn, reload, index);
  turn.set({ reload });
  if (reload.waiting.length === 0) return gathered(turn, reload);
  limit(turn, spec.load_timeout, awaited);
}

/** Ends the wait of a reload. */
export function elapsed(turn: Turn): void {
  const { reload } = turn.state;
  if (reload === undefined || reload.waiting.length === 0) return;
  for (const index of reload.waiting) {
    const { name, required } = turn.source(index);
    if (reload.first && required) return fail(turn, lateError(name, turn.state.spec.load_timeout));
    health.late(turn, index);
  }
  gathered(turn, { ...reload, waiting: [] });
}

/**
 * Takes the outcome of a source's load into the reload, if it belongs to it.
 *
 * @returns whether the reload was waiting for it
 */
export function loaded(
  turn: Turn,
  reload: Reload,
  { source: index, answers, outcome, together }: Extract<FromSource, { type: "loaded" }>,
): boolean {
  const isAsked = answers.includes(reload.id) && reload.waiting.includes(index);
  if (isAsked && reload.first && "error" in outcome && turn.source(index).required) {
    fail(turn, outcome.error);
    return true;
  }
  if (!isAsked && !reload.first && reload.outcomes[index] === undefined) return false;
  let next = answered(reload, index, answers, outcome);
  if (isAsked && next.waiting.length === 0) next = askTorn(turn, next, together);
  turn.set({ reload: next });
  if (isAsked && next.waiting.length === 0) gathered(turn, next);
  return isAsked;
}

/** Ends the reload, when its change is over. */
export function finish(turn: Turn, outcome: changes.Settled["outcome"]): void {
  const { reload } = turn.state;
  if (reload === undefined) return;
  turn.set({ reload: undefined });
  const duration = turn.ticks - reload.started;
  const before = turn.state.last_reload;
  if ("committed" in outcome) {
    turn.set({ last_reload: { at: turn.now, successful: true, succeeded_at: turn.now }, phase: "running" });
    const { after, refused } = outcome.committed;
    if (reload.first) {
      const error = refused[0]?.error;
      if (error instanceof ConfigValidationError) {
        turn.announce({ what: "refused", action: "Cannot load the configuration", error, put: false });
      }
    } else {
      const report = reportOf(turn, reload, after.snapshot, refused);
      turn.announce({ what: "reload_stopped", duration, report });
      const { version } = after.snapshot;
      for (const caller of reload.callers) deliveries.answerAfter(turn, caller, report, outcome.notified, version);
    }
  } else if ("refused" in outcome) {
    const { refused } = outcome;
    const error = refused instanceof RefusedCandidates ? refused.error : refused;
    if (reload.first) return fail(turn, withAbsent(turn, error));
    turn.set({ last_reload: { at: turn.now, successful: false, succeeded_at: before?.succeeded_at } });
    turn.announce({ what: "reload_refused", duration, error });
    for (const caller of reload.callers) turn.reply(caller, [atoms.ERROR, error]);
  }
  const { next_reload } = turn.state;
  turn.set({ next_reload: undefined });
  armInterval(turn);
  if (next_reload !== undefined) start(turn, next_reload);
}

function gathered(turn: Turn, reload: Reload): void {
  turn.do({ do: "disarm", timer: "reload" });
  const taken = takeAll(turn, reload);
  const reported = reload.reported.map((late, index) => taken[index] ?? late);
  turn.set({ reload: { ...reload, reported } });
  changes.enqueue(turn, { cause: "reload" }, undefined);
}

/** Arms the interval's timer, ± 10 %, so that many instances do not reload in step. */
function armInterval(turn: Turn): void {
  const { reload_interval } = turn.state.spec;
  if (reload_interval === 0 || reload_interval === Infinity) return;
  turn.do({ do: "arm", timer: "interval", ms: reload_interval * 1_000, spread: 0.1 });
}

/** Refuses the start. */
function fail(turn: Turn, failure: unknown): void {
  turn.set({ phase: "failed", failure, reload: undefined });
}

/** An invalid configuration at the start may be due to a missing file. */
function withAbsent({ state }: Turn, error: Error): Error {
  const absent = state.sources.filter((source) => source.state === "absent").map(({ name }) => name);
  if (absent.length === 0 || !(error instanceof ConfigValidationError)) return error;
  const verb = absent.length === 1 ? "is" : "are";
  return new ConfigValidationError(`${error.message} (${absent.join(", ")} ${verb} absent)`, error.problems);
}

function limit(turn: Turn, ms: number, awaited: boolean): void {
  turn.do({ do: "arm", timer: "reload", ms: Math.max(0, ms), awaited });
}

function reportOf(
  turn: Turn,
  reload: Reload,
  after: Reload["before"],
  refused: readonly RefusedCandidate[],
): ReloadReport {
  const from = reload.before;
  let changed: readonly string[] | undefined;
  const report: ReloadReport = {
    version: after.version,
    // Finding all changed leaves of a large reload takes longer than the reload, so it is done on demand.
    get changed() {
      return (changed ??= changedLeaves(diff(from.tree, after.tree)).map(({ path }) => path));
    },
    sources: turn.state.sources.map(({ index, name, candidate }) => {
      const why = refused.find((one) => one.source === index);
      if (why !== undefined) return { source: name, outcome: "error", message: scrub(turn.state, why.error.message) };
      const outcome = reload.reported[index]!;
      // A change that the watch noticed during the reload is part of it.
      const isNew = outcome.outcome === "unchanged" && candidate !== reload.candidates[index];
      return isNew ? { source: name, outcome: "data" } : outcome;
    }),
  };
  // When printed, it shows the changes and not a getter.
  return Object.defineProperty(report, inspect.custom, { value: () => ({ ...report }) });
}
