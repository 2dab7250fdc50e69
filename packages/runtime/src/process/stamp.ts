/**
 * When something began, in whole milliseconds since the program started. The clock is read once in a drain at most, however
 * many processes start and however many callbacks wait in it: reading it for each would cost more than what it is noted for.
 */
import { now } from "./clock.ts";

let read = false;
let stamp = 0;

/** The time that is noted for what begins in this drain. */
export function stamped(): number {
  if (!read) {
    read = true;
    stamp = Math.trunc(now());
  }
  return stamp;
}

/** The next one who asks reads the clock. */
export function unstamp(): void {
  read = false;
}

/** How many ms ago something began. */
export function elapsed(since: number): number {
  return Math.max(0, Math.trunc(now()) - since);
}

/** A time as a date. */
export function dateOf(at: number): Date {
  const there = Date.now() - now();
  // Two clocks that are read one after the other differ by a hair: a date that was told stays the same.
  if (Math.abs(there - epoch) > 1_000) epoch = there;
  return new Date(Math.round(epoch + at));
}

let epoch = -Infinity;
