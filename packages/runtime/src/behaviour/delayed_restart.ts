/**
 * Restarts that wait: a child with `backoff` is started again after a delay that grows while it goes on failing. Who waits is
 * kept beside the children, for few have it.
 */
import { Deadline } from "../process/deadline.ts";
import { abandon, wait } from "../process/timer.ts";
import { now } from "../process/clock.ts";
import type { Process } from "../process/process.ts";
import { type CheckedBackoff, delayOf } from "./backoff.ts";
import type { Child } from "./children.ts";
import { whenDead } from "./ended.ts";

/** Where a child is between its failures. */
interface Delay {
  failures: number;
  /** When it was started last; undefined while it waits for that. */
  since: number | undefined;
  /** What it ended with. */
  reason: unknown;
  waiting: Deadline | undefined;
  /** What waits for its supervisor. */
  readonly all: Set<Deadline>;
}

const delays = new WeakMap<Child, Delay>();
const waits = new WeakMap<Process, Set<Deadline>>();

// A supervisor that dies starts nothing more.
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

/** The child failed: calls `go` after its delay. @returns the delay in ms */
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

/** What a child that waits for its restart ended with. */
export function endOf(child: Child): { readonly reason: unknown } | undefined {
  return delays.get(child);
}

/** It is not to be restarted any more. */
export function forgetDelay(child: Child): void {
  const known = delays.get(child);
  if (known === undefined) return;
  end(known);
  delays.delete(child);
}
