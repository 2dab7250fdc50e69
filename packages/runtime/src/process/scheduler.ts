/**
 * Which ready process runs next, and when the event loop gets its turn.
 *
 * One queue of ready processes, first come first served, drained in microtasks. Every message handled is a reduction.
 * The budget counts per turn of the event loop, over all processes: when BUDGET reductions or SPAN ms are used up,
 * whichever is first, draining stops until the event loop has turned (timers, I/O), and goes on in a `setImmediate`.
 * The clock is read once per stride: as many reductions as take about a QUARTER of a ms at the pace of the last ones.
 */
import { describe } from "../term/describe.ts";
import { reasonOf } from "../term/reason.ts";
import { Batch } from "./batch.ts";
import { backTo, enter, entranceTo, isolating, leaveDomain, notice, noticeNow, outside, watched } from "./context.ts";
import { die } from "./death.ts";
import type { Dispatcher } from "./process.ts";
import type { Process } from "./process.ts";
import { report } from "./report.ts";

const BUDGET = 2_000;
const SPAN = 1;
const STRIDE = 32;
const QUARTER = 0.25;
/** How many messages a process may handle before the next one in the queue runs. */
export const SLICE = 64;

let first: Process | undefined;
let last: Process | undefined;
let draining = false;
/** A drain is scheduled: as a microtask, or in the event loop's next turn. */
let coming = false;
let credit = STRIDE;
let stride = STRIDE;
/** The reductions granted so far, in 32 bits; minus the remaining credit, this is the number made. */
let granted = STRIDE;
let all = STRIDE;
let used = 0;
let marked = false;
/** When this turn's reductions began; undefined until the clock is first read. */
let started: number | undefined;
let lastLook = 0;
/** The budget of this turn of the event loop is used up. */
let spent = false;

const soon = Promise.resolve();
// Replaced global functions (fake timers in a test) concern the program's time, not turns.
const { setImmediate } = globalThis;
const monotonic = performance.now.bind(performance);

/** The default dispatcher. */
export const turns: Dispatcher = {
  prompt: true,
  admit() {},
  dismiss() {},
  schedule(process) {
    if (last === undefined) first = process;
    else last.nextReady = process;
    last = process;
    if (!draining && !coming && !spent) ask();
  },
};

/** Schedules a drain. */
function ask(): void {
  coming = true;
  if (watched) openGate();
  else notice(soon.then(drain));
}

/*
 * The gate to the next drain of a program that uses async hooks. A promise that is made now would bring the context of the code that
 * wakes processes to the processes. So a drain follows a promise that was made at the end of the drain before, and now only
 * settles.
 */
let open: () => void;
let opened = false;

function openGate(): void {
  opened = true;
  open();
}

function closeGate(): void {
  opened = false;
  void new Promise<void>((resolve) => {
    open = resolve;
  }).then(drain);
}

closeGate();

/**
 * Schedules the next drain, if none is scheduled and it need not follow the gate: `drives` must call `drain`. Returns the promise
 * of its result, or undefined if it will not be called.
 */
export function claim(drives: () => unknown): Promise<unknown> | undefined {
  if (draining || coming || spent || watched) return undefined;
  coming = true;
  const promise = soon.then(drives);
  notice(promise);
  return promise;
}

/**
 * Counts one reduction. False if the budget of this turn of the event loop is used up: then stop and be scheduled
 * again.
 */
export function reduce(): boolean {
  return --credit > 0 || look();
}

/** The number of reductions made so far by all processes. */
export function reductions(): number {
  return all - credit;
}

/** Whether the event loop is due. */
export function exhausted(): boolean {
  return spent;
}

/** Runs ready processes until none is left or the budget is used up. */
export function drain(): void {
  coming = false;
  draining = true;
  const domain = watched ? leaveDomain() : undefined;
  while (first !== undefined && !spent) {
    const process = first;
    first = process.nextReady;
    if (first === undefined) last = undefined;
    else process.nextReady = undefined;
    process.ready = false;
    const made = granted - credit;
    enter(process);
    // Not by `run`: each function between here and a callback is a frame in the stack of every error that it throws.
    try {
      // oxlint-disable-next-line typescript/unbound-method -- it is called on the process
      if (isolating) entranceTo(process).runInAsyncScope(process.turn, process);
      else process.turn();
    } catch (error) {
      fault(process, error);
    }
    process.reductions += (granted - credit - made) | 0;
    if (credit <= 0) look();
  }
  enter(undefined);
  if (opened) closeGate();
  if (domain !== undefined) backTo(domain);
  draining = false;
  if (undecided.size > 0 || stillUndecided.size > 0) decide();
}

/** A reply that may come with a drain. */
export interface Undecided {
  /** The reply did not come: sets up the wait. Called in any case; has no effect if it came. */
  keepWaiting(): void;
}

let undecided = new Batch<Undecided>();
/** The same, from before a drain that ended early because the event loop was due. */
let stillUndecided = new Batch<Undecided>();

/**
 * Calls `keepWaiting` when the drain that is coming or running has ended. If it ends early, because the event loop is due,
 * the reply gets one more drain, which is certain to come.
 */
export function whenDrained(reply: Undecided): void {
  undecided.push(reply);
}

function decide(): void {
  const first = stillUndecided;
  if (first.size > 0) keepWaiting(first);
  if (undecided.size === 0) return;
  if (spent) {
    stillUndecided = undecided;
    undecided = first;
  } else keepWaiting(undecided);
}

function keepWaiting(batch: Batch<Undecided>): void {
  for (let index = 0; index < batch.size; index++) batch.at(index).keepWaiting();
  batch.clear();
}

/** Runs one turn of a process, for dispatchers without a queue to drain. */
export function run(process: Process): void {
  noticeNow();
  const domain = watched ? leaveDomain() : undefined;
  const before = enter(process);
  try {
    // oxlint-disable-next-line typescript/unbound-method -- it is called on the process
    if (isolating) entranceTo(process).runInAsyncScope(process.turn, process);
    else process.turn();
  } catch (error) {
    fault(process, error);
  }
  enter(before);
  backTo(domain);
}

// A turn does not throw. If one does, it is a bug in this package, which must not stop all other processes.
function fault(process: Process, error: unknown): void {
  outside(() => {
    report(
      "error",
      "runtime_fault",
      () => ({ pid: process.pid, error }),
      () => `Process ${process.pid} failed outside its own code: ${describe(error)}`,
    );
    die(process, reasonOf(error));
  });
}

// The first clock reading in a turn of the event loop sets a marker that fires in the next turn and opens a new budget.
function look(): boolean {
  const now = monotonic();
  if (!marked) {
    marked = true;
    outside(mark);
    if (started === undefined) started = lastLook = now;
  }
  used += stride;
  // A stride that took no time may grow; one that took too long shrinks to what would have fitted.
  const took = now - lastLook;
  stride = took <= QUARTER ? Math.min(STRIDE, stride * 2) : Math.max(1, Math.floor((stride * QUARTER) / took));
  lastLook = now;
  grant();
  if (used >= BUDGET || now - (started ?? now) >= SPAN) spent = true;
  return !spent;
}

function grant(): void {
  const more = stride - credit;
  granted = (granted + more) | 0;
  all += more;
  credit = stride;
}

function mark(): void {
  setImmediate(turned);
}

function turned(): void {
  noticeNow();
  marked = false;
  spent = false;
  used = 0;
  grant();
  started = undefined;
  if (waiting.size > 0) {
    for (let index = 0; index < waiting.size; index++) waiting.at(index)();
    waiting.clear();
  }
  if (first !== undefined) started = lastLook = monotonic();
  // Failing calls of other code may have used up the budget: then this is a callback of that code.
  if (!watched) drain();
  else if (!coming) ask();
}

const waiting = new Batch<() => void>();

/** Resolves when the event loop has turned. Only if `exhausted`. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve));
}
