/** Starting children: their start functions are called one after the other, and every outcome is a value. */
import { ALREADY_STARTED, EXIT, IGNORE } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { onceSettled } from "../term/thenable.ts";
import { OtpError } from "../term/error.ts";
import { isA, isTuple, tagOf } from "../term/guarded.ts";
import { isPid, isThrown } from "../term/kinds.ts";
import type { Pid } from "../term/pid.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { strange } from "../term/strange.ts";
import { become } from "../process/context.ts";
import { forever } from "../process/forever.ts";
import { isLinked } from "../process/link.ts";
import { processOf } from "../process/process.ts";
import { nameOf as registeredName } from "../process/registry.ts";
import { report } from "../process/report.ts";
import type { CheckedSpec } from "./child.ts";
import type { Child } from "./children.ts";
import { nameOf, offender, setPid, type State } from "./supervisor_state.ts";

/** Why a child did not start; `text` if the reason alone is not clear to a reader. */
export interface Failure {
  readonly error: unknown;
  readonly text?: string;
}

export type Started = { readonly ok: unknown; readonly pid: Pid | undefined } | Failure;

/** Starts children in order up to the first that fails. */
export async function startChildren(
  state: State,
  list: readonly Child[],
): Promise<(Failure & { readonly child: Child }) | undefined> {
  for (const child of list) {
    if (state.interrupted) return undefined;
    const failed = await startAndReport(state, child, (started) => {
      if ("error" in started) return { child, ...started };
      setPid(state, child, started.pid);
      return undefined;
    });
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** Starts a child, reports a failure, and continues with `then` as the supervisor. */
export function startAndReport<T>(state: State, child: Child, then: (started: Started) => T): Promise<T> {
  state.starting = child;
  return callTask(state, child.spec, child.extra, (started) => {
    state.starting = undefined;
    if ("error" in started) {
      report(
        "error",
        "start_error",
        () => offender(state, child, started.error),
        () =>
          `Supervisor ${nameOf(state.self)} could not start child ${describe(child.spec.id)}: ${started.text ?? inWords(started.error)}`,
      );
    }
    return then(started);
  });
}

/** Calls the start function, waits for it, and continues with `then` as the supervisor. */
export function callTask<T>(
  state: State,
  spec: CheckedSpec,
  extra: readonly unknown[],
  then: (started: Started) => T,
): Promise<T> {
  const { self } = state;
  state.slow.begin(spec);
  const goOn = (started: Started): T | Promise<never> => {
    become(self);
    state.slow.end();
    // A supervisor that was killed or interrupted meanwhile starts nothing more and reports nothing.
    if (!self.alive || state.interrupted) return forever();
    if ("pid" in started && started.pid !== undefined) reportUnlinked(state, spec, started.pid);
    return then(started);
  };
  return onceSettled(
    called(spec, extra),
    (result) => goOn(outcome(result)),
    (error) => goOn(failure(error)),
  );
}

// A child that is not linked is neither watched nor ended with its supervisor. Reported once for each specification.
function reportUnlinked(state: State, spec: CheckedSpec, pid: Pid): void {
  const { self } = state;
  const child = processOf(pid);
  // The child's links are checked: it has one, and the supervisor has one for each of its children.
  if (child === undefined || isLinked(child, self.pid) || reported.has(spec)) return;
  reported.add(spec);
  report(
    "warning",
    "child_not_linked",
    () => ({ supervisor: self.pid, name: registeredName(self), id: spec.id, pid }),
    () =>
      `Supervisor ${nameOf(self)}: child ${describe(spec.id)} ${pid} is not linked to it, so its end goes unnoticed and it is not started again. Write task: () => gen_server.start_link(…), not start; in a task that is awaited elsewhere, start_link must be called as the supervisor`,
  );
}

const reported = new WeakSet<CheckedSpec>();

function called(spec: CheckedSpec, extra: readonly unknown[]): Promise<unknown> {
  const { args } = spec;
  try {
    return Promise.resolve(extra.length === 0 ? spec.task(...args) : spec.task(...args, ...extra));
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function outcome(result: unknown): Started {
  if (isPid(result)) return { ok: result, pid: result };
  if (result === IGNORE) return { ok: undefined, pid: undefined };
  if (isTuple(result) && result.length === 2 && isPid(result[0])) return { ok: result, pid: result[0] };
  return {
    error: result,
    text: `its task returned ${describe(result)}, and must return a pid, [pid, info] or IGNORE${unlikely(result)}`,
  };
}

// The only reason whose words are not attached to it.
function known(error: unknown): Failure {
  if (tagOf(error, 2) !== ALREADY_STARTED) return { error };
  return { error, text: `it is already running as ${describe((error as readonly unknown[])[1])} (already_started)` };
}

function unlikely(result: unknown): string {
  if (result === undefined) return ". Is there a return missing in it?";
  if (isTuple(result) && result.length === 2 && isPid(result[1])) return "; the pid is returned alone, without OK";
  return strange(result);
}

// An error of a start function is an outcome too: OTP's `catch apply(M, F, A)`.
function failure(error: unknown): Started {
  if (isA(error, OtpError)) return known(error.reason);
  if (isThrown(error)) return outcome(error.value);
  return { error: [EXIT, reasonOf(error)] };
}
