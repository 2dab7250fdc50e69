import { type Backoff, longest_wait } from "../../core/backoff.ts";
import type { SourceOutcome } from "../../protocol.ts";
import { lateError, type LoadOutcome } from "../outcome.ts";
import { scrub } from "../scrub.ts";
import type { Turn } from "./turn.ts";

/**
 * The health of a source: its last result, and its failures since. A failing source is tried again at growing
 * intervals.
 */

/** The waits before a failed source is tried again, in ms, and by what fraction they may be shortened. */
const RETRY: Backoff = { min: 1_000, max: 30_000 };
const JITTER = 0.25;

/** Records the outcome of a load, and the source's new candidate. */
export function take(turn: Turn, index: number, outcome: LoadOutcome): SourceOutcome {
  const state = turn.source(index);
  const source = state.name;
  switch (outcome.outcome) {
    case "error":
      // A refused candidate no longer exists.
      if (state.refused !== undefined && state.refused === state.candidate) {
        const candidate = turn.state.configuration.contributions[index];
        turn.setSource(index, { candidate, last_loaded: undefined });
      }
      failed(turn, index, outcome.error);
      return { source, outcome: "error", message: scrub(turn.state, outcome.error.message) };
    case "late":
      // The reload that waited for it may have reported that.
      if (!state.late) failed(turn, index, outcome.error);
      turn.setSource(index, { late: false });
      return { source, outcome: "late" };
    case "absent": {
      const keep = state.on_missing === "keep" && state.candidate !== undefined;
      if (state.last_loaded !== undefined) turn.announce({ what: "source_gone", source, keep });
      turn.setSource(index, { last_loaded: undefined, ...(keep ? {} : { candidate: undefined }) });
      succeeded(turn, index, "absent");
      return { source, outcome: "absent" };
    }
    case "data":
    case "unchanged": {
      const { contribution } = outcome;
      const isNew = contribution !== state.last_loaded;
      turn.setSource(index, { last_loaded: contribution, ...(isNew ? { candidate: contribution } : {}) });
      succeeded(turn, index, "ok");
      return { source, outcome: isNew ? "data" : "unchanged" };
    }
  }
}

export function succeeded(turn: Turn, index: number, state: "ok" | "absent"): void {
  const { failures, failing_since, name } = turn.source(index);
  if (failures > 0) {
    turn.do({ do: "disarm", timer: `retry ${index}` });
    turn.announce({ what: "source_recovered", source: name, down_for: turn.ticks - (failing_since ?? turn.ticks) });
  }
  turn.setSource(index, {
    state,
    late: false,
    failures: 0,
    failing_since: undefined,
    last_checked: turn.now,
    last_success: turn.now,
    fresh_at: turn.ticks,
  });
}

export function failed(turn: Turn, index: number, error: Error): void {
  const { failures, failing_since = turn.ticks, name } = turn.source(index);
  const last_error = { at: turn.now, error };
  turn.setSource(index, { state: "error", failures: failures + 1, failing_since, last_error, last_checked: turn.now });
  turn.announce({ what: "source_failed", source: name, error });
  retryLater(turn, index);
}

/** Records that a load has not ended in time. */
export function late(turn: Turn, index: number): void {
  turn.setSource(index, { late: true });
  failed(turn, index, lateError(turn.source(index).name, turn.state.spec.load_timeout));
}

/** Records whether its changes are watched. If not, a load tries again, and finds changes made meanwhile. */
export function watched(turn: Turn, index: number, error: Error | undefined): void {
  const { name, watch_error: before } = turn.source(index);
  if (error === undefined) {
    if (before === undefined) return;
    turn.setSource(index, { watch_error: undefined });
    return turn.announce({ what: "source_recovered", source: name, down_for: turn.ticks - before.since });
  }
  const tries = (before?.tries ?? 0) + 1;
  turn.setSource(index, { watch_error: { at: turn.now, error, since: before?.since ?? turn.ticks, tries } });
  if (before?.error.message !== error.message) turn.announce({ what: "source_failed", source: name, error });
  tryAgain(turn, index, tries);
}

export function retryLater(turn: Turn, index: number): void {
  tryAgain(turn, index, turn.source(index).failures);
}

function tryAgain(turn: Turn, index: number, failures: number): void {
  turn.do({ do: "arm", timer: `retry ${index}`, ms: longest_wait(RETRY, failures - 1), jitter: JITTER });
}
