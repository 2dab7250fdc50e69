/**
 * All waiting for time. One alarm of the clock is armed for all deadlines, and none if there are none.
 *
 * Two kinds of deadline share it. *Exact* ones (send_after, receive … after, idle time-outs) sit in a heap and never
 * fire early. *Coarse* ones are for calls: nearly all are cancelled, and there are very many, so adding and removing
 * must cost next to nothing. They are in a wheel of ticks of 50 ms, and a tick is counted, not measured: a call cannot
 * time out because the event loop stood still, and adding one reads no clock.
 */
import { type Alarm, type Clock, clock, replaceClock } from "./clock.ts";
import { outside } from "./context.ts";
import type { Coarse, Deadline } from "./deadline.ts";

const TICK = 50;
const SLOTS = 256;
/** A call's time-out of at least this many ms is coarse: at most TICK + 1 tick late, never early. */
export const COARSE_FROM = 1_000;

let alarm: Alarm | undefined;
let alarmDue = Infinity;
let held = true;
let era: number | undefined;

const heap: Deadline[] = [];
let foreground = 0;

const wheel: (Coarse | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
let waiting = 0;
let tick = 0;
let tickDue = Infinity;

/** Whether a time-out of `ms` is coarse. */
export function isCoarse(ms: number): boolean {
  return ms >= COARSE_FROM && ms !== Infinity && clock.advanced?.() !== true;
}

/** Installs another clock and returns the previous one. Only while nothing waits. For tests. */
export function useClock(next: Clock): Clock {
  if (heap.length > 0 || waiting > 0) throw new Error("Cannot change the clock: something waits for time");
  alarm?.clear();
  alarm = undefined;
  alarmDue = Infinity;
  tickDue = Infinity;
  return replaceClock(next);
}

/** Starts a deadline: it fires `ms` from now or a little later. `Infinity` never fires and costs nothing. */
export function wait(deadline: Deadline, ms: number): void {
  if (ms === Infinity) return;
  deadline.due = clock.now() + ms;
  deadline.place = heap.length;
  heap.push(deadline);
  up(deadline.place);
  if (!deadline.background) foreground++;
  arm();
}

/** Cancels a deadline. No effect if it is not waiting. */
export function cancel(deadline: Deadline): void {
  if (deadline.place < 0) return;
  remove(deadline);
  if (heap.length === 0 && tickDue === Infinity) disarm();
  else arm();
}

const nothing = () => {};

/** Cancels a deadline for good: its action is released even if the deadline is kept. */
export function abandon(deadline: Deadline): void {
  cancel(deadline);
  deadline.fire = nothing;
}

/** Milliseconds until it fires, or undefined if it is not waiting. */
export function left(deadline: Deadline): number | undefined {
  return deadline.place < 0 ? undefined : Math.max(0, deadline.due - clock.now());
}

/** Adds a coarse deadline of at least `COARSE_FROM` ms. */
export function enter(entry: Coarse, ms: number): void {
  const ticks = Math.ceil(ms / TICK) + 1;
  const slot = (tick + ticks) % SLOTS;
  entry.slot = slot;
  entry.rounds = Math.floor((ticks - 1) / SLOTS);
  const first = wheel[slot];
  entry.later = first;
  if (first !== undefined) first.earlier = entry;
  wheel[slot] = entry;
  waiting++;
  if (tickDue === Infinity) {
    tickDue = clock.now() + TICK;
    arm();
  } else if (clock.era?.() !== era) {
    arm();
  }
}

/** Removes a coarse deadline, which must have been added. */
export function leave(entry: Coarse): void {
  const { earlier, later } = entry;
  if (earlier === undefined) wheel[entry.slot] = later;
  else earlier.later = later;
  if (later !== undefined) later.earlier = earlier;
  entry.earlier = undefined;
  entry.later = undefined;
  entry.slot = -1;
  waiting--;
}

function arm(): void {
  const present = clock.era?.();
  if (present !== era) {
    // The armed alarm belongs to a clock that was replaced.
    era = present;
    disarm();
  }
  const next = Math.min(heap[0]?.due ?? Infinity, tickDue);
  if (next < alarmDue || alarm === undefined) {
    if (next === Infinity) return;
    alarm?.clear();
    alarmDue = next;
    outside(set);
    held = true;
  }
  const hold = foreground > 0 || tickDue !== Infinity;
  if (hold !== held) {
    held = hold;
    alarm?.hold(hold);
  }
}

// The context of the first waiting code must not apply to others.
function set(): void {
  alarm = clock.set(wake, Math.max(0, alarmDue - clock.now()));
}

function disarm(): void {
  alarm?.clear();
  alarm = undefined;
  alarmDue = Infinity;
}

function wake(): void {
  alarm = undefined;
  alarmDue = Infinity;
  const at = clock.now();
  if (tickDue <= at) turn(at);
  for (let first = heap[0]; first !== undefined && first.due <= at; first = heap[0]) {
    remove(first);
    first.fire();
  }
  arm();
}

// One tick, however late it comes: time in which the event loop stood still does not count against a call.
function turn(at: number): void {
  tick = (tick + 1) % SLOTS;
  tickDue = waiting > 0 ? at + TICK : Infinity;
  const due: Coarse[] = [];
  for (let entry = wheel[tick]; entry !== undefined; entry = entry.later) {
    if (entry.rounds > 0) entry.rounds--;
    else due.push(entry);
  }
  // An expiring deadline may remove another one, so each is checked for still being there.
  for (const entry of due) {
    if (entry.slot < 0) continue;
    leave(entry);
    entry.expire();
  }
  if (waiting === 0) tickDue = Infinity;
}

function remove(deadline: Deadline): void {
  const { place } = deadline;
  const last = heap.pop() as Deadline;
  deadline.place = -1;
  if (!deadline.background) foreground--;
  // An array that was long once keeps its memory until its length is set.
  if (heap.length === 0) heap.length = 0;
  if (last === deadline) return;
  heap[place] = last;
  last.place = place;
  down(place);
  up(last.place);
}

function up(from: number): void {
  const moving = heap[from] as Deadline;
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Deadline;
    if (parent.due <= moving.due) break;
    heap[at] = parent;
    parent.place = at;
    at = above;
  }
  heap[at] = moving;
  moving.place = at;
}

function down(from: number): void {
  const moving = heap[from] as Deadline;
  let at = from;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    const right = heap[below + 1];
    if (right !== undefined && right.due < (heap[below] as Deadline).due) below++;
    const child = heap[below] as Deadline;
    if (child.due >= moving.due) break;
    heap[at] = child;
    child.place = at;
    at = below;
  }
  heap[at] = moving;
  moving.place = at;
}
