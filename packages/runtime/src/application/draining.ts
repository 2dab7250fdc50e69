/** Draining: the program takes no new work, and finishes the work in progress within a time limit. */
import { inWords, reasonOf } from "../term/reason.ts";
import { report } from "../process/report.ts";
import { now } from "../process/clock.ts";
import { callsAnswered, callsInFlight, listed } from "./in_flight.ts";
import { limited } from "./limited.ts";
import type { Running } from "./running.ts";

/**
 * Drains one application: its `drain` first, then the calls from outside that its processes have not answered.
 *
 * @param ms how long both may take together. Anything left after that is reported and abandoned
 */
export async function drainOne(running: Running, ms: number): Promise<void> {
  const { app, key, state } = running;
  if (running.phase !== "started") return;
  running.phase = "draining";
  const end = now() + ms;
  if (app.drain !== undefined) {
    const outcome = await limited((context) => app.drain?.(state, context), ms);
    if (outcome === undefined) late(running, ms, "its drain function has not finished");
    else if ("error" in outcome)
      report(
        "error",
        "application_callback_failed",
        () => ({ application: key, callback: "drain", error: outcome.error }),
        () => `Application "${key}": drain failed: ${inWords(reasonOf(outcome.error))}. It is stopped all the same`,
      );
  }
  const outcome = await limited(({ signal }) => callsAnswered(running, signal), Math.max(0, end - now()));
  const calls = callsInFlight(running);
  if (outcome === undefined && calls.size > 0) late(running, ms, `calls are in flight to ${listed(calls)}`);
}

function late(running: Running, ms: number, why: string): void {
  report(
    "warning",
    "application_timeout",
    () => ({ application: running.key, phase: "draining", timeout: ms }),
    () => `Application "${running.key}" did not drain within ${Math.ceil(ms)} ms: ${why}. It is stopped all the same`,
  );
}
