/**
 * Restarts that wait: a child with `backoff` is started again after a delay that grows while it goes on failing. What a
 * delay is, is pure; who waits is kept beside the children, for few have it.
 */
import { describe } from "../term/describe.ts";
import { checkOptions } from "../term/options.ts";
import { abandon, Deadline, now, wait } from "../process/timer.ts";
import type { Process } from "../process/process.ts";
import type { Child } from "./children.ts";
import { whenDead } from "./ended.ts";

/** How long a supervisor waits before it starts a child again. */
export interface Backoff {
  /** Before the first restart, in ms. Default: 100. */
  readonly initial?: number | undefined;
  /** At most, in ms. Default: 30,000. */
  readonly max?: number | undefined;
  /** By how much each delay is longer than the one before. Default: 2. */
  readonly factor?: number | undefined;
  /** By what part of it a delay may be shorter, at random, so that children that failed together do not return together: 0 to 1. Default: 0.2. */
  readonly jitter?: number | undefined;
  /** How long a child must have run for its next failure to be taken for a first one, in ms. Default: `max`. */
  readonly reset_after?: number | undefined;
}

/** With the defaults in place. */
export type CheckedBackoff = { readonly [K in keyof Backoff]-?: number };

const KEYS = ["initial", "max", "factor", "jitter", "reset_after"] as const;

/** What is wrong with it, or the backoff with its defaults. */
export function checkBackoff(given: unknown): CheckedBackoff | string {
  try {
    checkOptions(given, KEYS, "back off");
  } catch (error) {
    return (error as Error).message.replace("Cannot back off: ", "");
  }
  const { initial = 100, max = 30_000, factor = 2, jitter = 0.2, reset_after = max } = given as Backoff;
  const checked = { initial, max, factor, jitter, reset_after };
  for (const key of KEYS) {
    const value: unknown = checked[key];
    if (typeof value !== "number" || !(value >= 0)) return `${key} must be a number ≥ 0, got ${describe(value)}`;
  }
  if (!(max >= initial && max < 2 ** 31)) return `max must be from initial to 2,147,483,647 ms, got ${describe(max)}`;
  if (factor < 1) return `factor must be ≥ 1, got ${describe(factor)}`;
  if (jitter > 1) return `jitter must be ≤ 1, got ${describe(jitter)}`;
  return checked;
}

/** The delay before the next restart, in ms. @param failures how many there were before; `random` from 0 to 1 */
export function delayOf({ initial, max, factor, jitter }: CheckedBackoff, failures: number, random: number): number {
  return Math.round(Math.min(max, initial * factor ** failures) * (1 - jitter * random));
}

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
