/**
 * Start times, in whole milliseconds since the program started. The clock is read at most once per turn of the event
 * loop, however many processes start and callbacks wait in it: reading it takes 60 ns, a twelfth of a start.
 */
import { clock, now, realClock } from "./clock.ts";

// A replaced global function (fake timers in a test) concerns time, not turns.
const { setImmediate } = globalThis;

let read = false;
let stamp = 0;

/** The start time for everything that begins in this turn of the event loop. */
export function stamped(): number {
  // A simulated clock can be installed, and advance, at any moment.
  if (clock !== realClock) return Math.trunc(now());
  if (!read) {
    read = true;
    stamp = Math.trunc(now());
    setImmediate(forget);
  }
  return stamp;
}

function forget(): void {
  read = false;
}

/** The ms since a start time. */
export function elapsed(since: number): number {
  return Math.max(0, Math.trunc(now()) - since);
}

/** A time as a date. */
export function dateOf(at: number): Date {
  const there = Date.now() - now();
  // Two clocks read one after the other differ slightly: the date of a time must stay the same.
  if (Math.abs(there - epoch) > 1_000) epoch = there;
  return new Date(Math.round(epoch + at));
}

let epoch = -Infinity;
