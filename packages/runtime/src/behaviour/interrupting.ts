/**
 * Stopping a supervisor during its start: the child being started is ended, running children are stopped in order, and
 * nothing more is started.
 */
import { linksOf } from "../process/link.ts";
import { processOf } from "../process/process.ts";
import { shutdownChild } from "./shutdown_child.ts";
import { State } from "./supervisor_state.ts";

/** Ends the start of a supervisor. It dies with reason `shutdown` when its children are dead. */
export function interrupt(state: State): void {
  if (state.interrupted || !state.initialising) return;
  state.interrupted = true;
  const { self, starting, children } = state;
  const spec = starting?.spec;
  // Processes linked to it that are not children yet: its start function started them. (Its own parent is left out.)
  const begun = linksOf(self).filter((pid) => children.findByPid(pid) === undefined && pid !== parentOf(self));
  for (const pid of begun) {
    const inner: unknown = (processOf(pid) as { state?: unknown } | undefined)?.state;
    if (inner instanceof State) interrupt(inner);
  }
  void Promise.all(spec === undefined ? [] : begun.map((pid) => shutdownChild(self, pid, spec))).then(() =>
    state.interrupt(),
  );
}

function parentOf(process: object): unknown {
  return (process as { parent?: unknown }).parent;
}
