/** The state of a supervisor, and queries on it: its children, and their descriptions in reports. */
import { quoted } from "../term/name.ts";
import { RESTARTING, TEMPORARY } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { Pid } from "../term/pid.ts";
import { inWords } from "../term/reason.ts";
import { settleLayout } from "../term/shape.ts";
import type { Process } from "../process/process.ts";
import { nameOf as registeredName } from "../process/registry.ts";
import { report } from "../process/report.ts";
import { forgetDelay } from "./delayed_restart.ts";
import type { CheckedFlags, CheckedSpec, Unknown } from "./child.ts";
import { type Child, Children } from "./children.ts";
import { Window } from "./restart.ts";
import { SLOW, SlowStart } from "./slow_start.ts";

/** A supervisor's state. */
export class State {
  readonly self: Process;
  readonly flags: CheckedFlags;
  readonly children = new Children();
  /** The one specification of a simple_one_for_one supervisor. */
  readonly dynamic: CheckedSpec | undefined;
  readonly window: Window;
  /** The child whose start function is running. */
  starting: Child | undefined = undefined;
  readonly slow: SlowStart;
  /** It has not started all its children yet. */
  initialising = true;
  /** Its start was interrupted: it starts nothing more. */
  interrupted = false;
  interrupt: () => void = () => {};
  unknown: Unknown = "refused";
  /** How many restarts of children it has made. */
  restarts = 0;
  /** It is ending because there were too many restarts. */
  gaveUp = false;
  /** It is the top of a tree, started by code outside processes. */
  top = false;

  constructor(self: Process, flags: CheckedFlags, dynamic: CheckedSpec | undefined) {
    this.self = self;
    this.flags = flags;
    this.dynamic = dynamic;
    this.slow = new SlowStart((spec) => reportSlow(this, spec));
    this.window = new Window(flags.intensity, flags.period);
  }
}

settleLayout(State, undefined, { intensity: 0, period: 0 });

/**
 * Sets the pid of a started child. If its start was ignored, its specification stays without a pid, unless it is to be
 * removed.
 */
export function setPid(state: State, child: Child, pid: Pid | undefined): void {
  const { children } = state;
  if (pid !== undefined) children.setPid(child, pid);
  // OTP keeps a dynamic child whose restart was ignored.
  else if (child.spec.restart === TEMPORARY) children.remove(child, state.dynamic === undefined ? undefined : child);
  else children.setPid(child, undefined);
}

/** Records that `failed` is restarted, and `together` with it. Without `end` if an earlier restart failed. */
export function noteRestart(
  state: State,
  failed: Child,
  together: readonly Child[],
  ended: { readonly reason: unknown } | undefined,
): void {
  const at = Date.now();
  const why = ended === undefined ? (failed.lastRestart?.reason ?? "its start failed") : inWords(ended.reason);
  for (const child of together) {
    child.restarts++;
    child.lastRestart = {
      at,
      reason: child === failed ? why : `restarted together with ${describe(failed.spec.id)}`,
    };
  }
  state.restarts += together.length;
  made += together.length;
}

let made = 0;

/** How many restarts all supervisors have made so far, those that ended included. */
export function restartsSoFar(): number {
  return made;
}

/** A child ended and is not restarted: its specification stays if it was in the list. */
export function forget(state: State, child: Child): void {
  forgetDelay(child);
  if (state.dynamic === undefined) state.children.ended(child);
  else state.children.remove(child, child);
}

/** Whether the child is still one of this supervisor's. */
export function isKnown(state: State, child: Child): boolean {
  return state.children.find(state.dynamic === undefined ? child.spec.id : child) === child;
}

/** `[id, pid, type, modules]` of each child, the last started first. */
export function which(state: State): unknown[] {
  return state.children
    .list()
    .reverse()
    .map(({ spec, pid, restarting }) => [
      state.dynamic === undefined ? spec.id : undefined,
      restarting ? RESTARTING : pid,
      spec.type,
      spec.modules,
    ]);
}

/** The description of a child in reports. */
export function offender(state: State, child: Child, reason: unknown): Record<string, unknown> {
  const { self } = state;
  return {
    supervisor: self.pid,
    name: registeredName(self),
    id: child.spec.id,
    pid: child.pid,
    restart: child.spec.restart,
    reason,
  };
}

/** The supervisor's name in reports. */
export function nameOf(self: Process): string {
  return self.name === undefined ? String(self.pid) : quoted(self.name);
}

function reportSlow(state: State, spec: CheckedSpec): void {
  if (!state.self.alive) return;
  report(
    "warning",
    "slow_start",
    () => ({ supervisor: state.self.pid, name: registeredName(state.self), id: spec.id, ms: SLOW }),
    () =>
      `Supervisor ${nameOf(state.self)} has waited ${SLOW} ms for child ${describe(spec.id)} to start, and goes on waiting: its init has not returned. Move long work to handle_continue, or set a limit with the start option timeout`,
  );
}
