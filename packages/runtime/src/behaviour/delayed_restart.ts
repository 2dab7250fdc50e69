/**
 * Delayed restarts: a child with `backoff` is restarted after a delay that grows while it keeps failing. The delays are
 * kept outside the children, since few children have one.
 */
import { Deadline } from "../process/deadline.ts";
import { abandon, wait } from "../process/timer.ts";
import { now } from "../process/clock.ts";
import type { Process } from "../process/process.ts";
import { type CheckedBackoff, delayOf } from "./backoff.ts";
import type { Child } from "./children.ts";
import { whenDead } from "./ended.ts";

/** The state of a child between its failures. */
interface Delay {
  failures: number;
  /** When it was last started; undefined while it waits for a restart. */
  since: number | undefined;
  /** Its exit reason. */
  reason: unknown;
  waiting: Deadline | undefined;
  /** All delays of its supervisor. */
  readonly all: Set<Deadline>;
}

const delays = new WeakMap<Child, Delay>();
const waits = new WeakMap<Process, Set<Deadline>>();

// A dead supervisor starts nothing more.
function waitsOf(supervisor: Process): Set<Deadline> {
  let all = waits.get(supervisor);
  if (all === undefined) {
    const made = (all = new Set<Deadline>());
    waits.set(supervisor, made);
    whenDead(supervisor, undefined, () => made.forEach(abandon));
  }
  return all;
}

function end(entry: Delay): void {
  if (entry.waiting === undefined) return;
  entry.all.delete(entry.waiting);
  abandon(entry.waiting);
  entry.waiting = undefined;
}

/** Calls `go` after the delay of a failed child. @returns the delay in ms */
export function delay(
  child: Child,
  backoff: CheckedBackoff,
  reason: unknown,
  supervisor: Process,
  go: () => void,
): number {
  const known = delays.get(child);
  const first = known === undefined || (known.since !== undefined && now() - known.since >= backoff.reset_after);
  const failures = first ? 0 : known.failures + 1;
  const ms = delayOf(backoff, failures, Math.random());
  if (known !== undefined) end(known);
  const entry: Delay = { failures, since: undefined, reason, waiting: undefined, all: waitsOf(supervisor) };
  entry.waiting = new Deadline(() => {
    end(entry);
    entry.since = now();
    go();
  });
  delays.set(child, entry);
  entry.all.add(entry.waiting);
  wait(entry.waiting, ms);
  return ms;
}

/** The exit reason of a child that waits for its restart. */
export function endOf(child: Child): { readonly reason: unknown } | undefined {
  return delays.get(child);
}

/** Cancels the restart of a child. */
export function forgetDelay(child: Child): void {
  const known = delays.get(child);
  if (known === undefined) return;
  end(known);
  delays.delete(child);
}
