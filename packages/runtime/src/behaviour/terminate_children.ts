/** Ending children for a supervisor: each is removed or kept as a specification, and problems are reported. */
import { describe } from "../term/describe.ts";
import { inWords } from "../term/reason.ts";
import { nameOf as registeredName } from "../process/registry.ts";
import { report } from "../process/report.ts";
import type { CheckedSpec } from "./child.ts";
import type { Child } from "./children.ts";
import { type Odd, shutdownChild, shutdownChildren } from "./shutdown_child.ts";
import { forget, nameOf, type State } from "./supervisor_state.ts";

/** Ends children, last first: one after the other, or (simple_one_for_one) all at once. */
export async function terminateChildren(state: State, list: readonly Child[]): Promise<void> {
  const { dynamic, self } = state;
  if (dynamic === undefined) {
    for (const child of list.toReversed()) await terminateAndReport(state, child);
    return;
  }
  const pids = list.flatMap((child) => child.pid ?? []);
  for (const odd of await shutdownChildren(self, pids, dynamic)) reportShutdown(state, dynamic, odd);
}

/** Ends one child. Resolves when it is dead. */
export async function terminateAndReport(state: State, child: Child): Promise<void> {
  const { pid, spec } = child;
  if (pid !== undefined) {
    const odd = await shutdownChild(state.self, pid, spec);
    if (odd !== undefined) reportShutdown(state, spec, odd);
  }
  forget(state, child);
}

function reportShutdown(state: State, spec: CheckedSpec, { pid, reason }: Odd): void {
  report(
    "warning",
    "shutdown_error",
    () => ({ supervisor: state.self.pid, name: registeredName(state.self), id: spec.id, pid, reason }),
    () =>
      `Supervisor ${nameOf(state.self)}: child ${describe(spec.id)} ${pid} did not shut down properly: it ended with reason ${inWords(reason)}`,
  );
}
