/** Calls in flight: unanswered calls from outside an application. */
import { describe } from "../term/describe.ts";
import { nameOf } from "../process/registry.ts";
import { quoted } from "../term/name.ts";
import { openRequests } from "../call/request.ts";
import { pause, turned } from "./pause.ts";
import type { Running } from "./running.ts";

const LOOK_AGAIN = 10;

/** The number of unanswered calls to each process of the application, by the process's readable name. */
export function callsInFlight(running: Running): Map<string, number> {
  const found = new Map<string, number>();
  for (const process of running.processes()) {
    let count = 0;
    for (const { caller, handlers, server } of openRequests(process)) {
      // A wait for a death has no server.
      if (server === undefined) continue;
      // Calls among its own processes are done when the calls from outside are.
      if (!handlers.system && (caller === undefined || !running.owns(caller))) count++;
    }
    if (count === 0) continue;
    const name = nameOf(process);
    found.set(name === undefined ? String(process.pid) : `${quoted(name)} ${process.pid}`, count);
  }
  return found;
}

/** Resolves when no call is in flight, or the signal fires. A call made in this very turn counts: it is seen after the turn. */
export async function callsAnswered(running: Running, signal: AbortSignal): Promise<void> {
  await turned();
  while (!signal.aborted && callsInFlight(running).size > 0) await pause(LOOK_AGAIN);
}

/** Calls in flight in readable form. */
export function listed(calls: ReadonlyMap<string, number>): string {
  const lines = [...calls].slice(0, 10).map(([process, count]) => `${process} (${count})`);
  return `${lines.join(", ")}${calls.size > 10 ? ` and ${describe(calls.size - 10)} more processes` : ""}`;
}
