/**
 * The promise of an answer that a process will give.
 *
 * Mostly the answer is there as soon as the ready processes have run once. So the promise *is* the microtask that lets them
 * run, and takes the answer along: one promise and one microtask instead of two, and none of what waiting needs. Only if
 * the answer is not there then, it becomes an ordinary promise that waits.
 */
import { Batch } from "./batch.ts";
import { notice } from "./context.ts";
import { failWith } from "./failure.ts";
import type { Process } from "./process.ts";
import { claim, drain, whenDrained } from "./scheduler.ts";
import { forever } from "./forever.ts";

const soon = Promise.resolve();
const nothing = () => {};

/** Somebody waits for an answer. What is told to the dead is not told. */
export interface Awaited {
  readonly caller: Process | undefined;
  state: "open" | "answered" | "failed";
  /** The answer, or a function that makes the error. */
  value: unknown;
  resolve: ((value: never) => void) | undefined;
  /** Its promise had to be taken on by the one that drained: it is settled one step later than others. */
  late: boolean;
  /** The answer is not there at once: do what waiting needs. */
  keepWaiting(): void;
}

// The executor of a promise: one function for all, so that a promise makes no closure of ours.
let captured: (value: never) => void;
const capture = (resolve: (value: never) => void) => {
  captured = resolve;
};

/** How an answer comes: with a microtask that drains, with a drain that is on its way, or by waiting. */
export type Ride = 0 | 1 | 2;
const WAITS: Ride = 0;
const DRAINS: Ride = 1;
const FOLLOWS: Ride = 2;

/**
 * Decides how an answer will come. Ask before whoever answers is woken, and pass the result to `expect`, whatever happens in
 * between: a drain that was claimed and never run would be the last one.
 */
export function board(prompt: boolean): Ride {
  if (!prompt) return WAITS;
  return claim() ? DRAINS : FOLLOWS;
}

export function expect(awaited: Awaited, ride: Ride): Promise<unknown> {
  if (ride === DRAINS) {
    driver = awaited;
    const promise = soon.then(drive);
    notice(promise);
    return promise;
  }
  // Whoever answers without a turn of its own may have done so already.
  if (awaited.state !== "open") return soon.then(() => taken(awaited));
  if (ride === WAITS) return later(awaited);
  probation.push(awaited);
  return pending(awaited);
}

// Only one drain is on its way at a time, so one variable says whose promise it is, and one function serves all.
let driver: Awaited | undefined;

/*
 * Replies arrive in the order in which they were given, but two kinds of promises are settled later than their reply is
 * given: the driver's, when its microtask ends; and a *late* one, which a driver had to take on because its answer was not
 * there yet, one step after. From such a reply on, all others are held until it has arrived.
 */
let holding = false;
let releasing = false;
const held = new Batch<Awaited>();
let gone = 0;

function drive(): unknown {
  const awaited = driver as Awaited;
  drain();
  driver = undefined;
  if (!holding) return taken(awaited);
  const behind = awaited.state === "answered" && held.has(awaited);
  if (!releasing) {
    if (held.size > 0) release(1);
    else holding = false;
  }
  return behind ? takenOn(awaited) : taken(awaited);
}

function release(steps: 1 | 2): void {
  releasing = true;
  void (steps === 1 ? soon : soon.then(nothing)).then(letGo);
}

function letGo(): void {
  releasing = false;
  while (gone < held.size) {
    const awaited = held.at(gone++);
    give(awaited);
    if (awaited.late) {
      release(2);
      return;
    }
  }
  held.clear();
  gone = 0;
  holding = false;
}

function give({ caller, resolve, value }: Awaited): void {
  if (caller?.alive !== false) resolve?.(value as never);
}

// Those whose answer may come with the drain that is on its way. What is open when it is over has to wait; where it ended
// because the event loop was owed a turn, the next one, which is sure to come, may still bring the answer.
let probation = new Batch<Awaited>();
let extended = new Batch<Awaited>();
whenDrained((early) => {
  if (extended.size > 0) conclude(extended);
  if (probation.size === 0) return;
  if (early) [probation, extended] = [extended, probation];
  else conclude(probation);
});

function conclude(batch: Batch<Awaited>): void {
  for (let index = 0; index < batch.size; index++) {
    const awaited = batch.at(index);
    if (awaited.state === "open") awaited.keepWaiting();
  }
  batch.clear();
}

export function answer(awaited: Awaited, value: unknown): void {
  awaited.state = "answered";
  if (holding || awaited.resolve === undefined) {
    awaited.value = value;
    if (holding) held.push(awaited);
    else holding = awaited === driver;
  } else {
    if (awaited.caller?.alive !== false) awaited.resolve(value as never);
    if (awaited.late) {
      holding = true;
      release(2);
    }
  }
}

export function refuse(awaited: Awaited, make: () => Error): void {
  awaited.state = "failed";
  if (awaited.resolve === undefined) awaited.value = make;
  else if (awaited.caller?.alive !== false) {
    failWith(awaited.caller, awaited.resolve, make);
  }
}

function taken(awaited: Awaited): unknown {
  if (awaited.state === "open") awaited.keepWaiting();
  if (awaited.caller?.alive === false) return forever();
  if (awaited.state === "answered") return awaited.value;
  if (awaited.state === "failed") throw (awaited.value as () => Error)();
  return takenOn(awaited);
}

// The driver's promise is settled with another one.
function takenOn(awaited: Awaited): unknown {
  if (awaited.caller?.alive === false) return forever();
  awaited.late = true;
  return pending(awaited);
}

function later(awaited: Awaited): Promise<unknown> {
  const promise = pending(awaited);
  awaited.keepWaiting();
  return promise;
}

function pending(awaited: Awaited): Promise<unknown> {
  const promise = new Promise<unknown>(capture);
  awaited.resolve = captured;
  return promise;
}
