/**
 * The promise of a reply that a process will give.
 *
 * Mostly the reply is there as soon as the ready processes have run once. So the promise *is* the microtask that lets them
 * run, and takes the reply along: one promise and one microtask instead of two, and none of what waiting needs. Only if the
 * reply is not there then, it becomes an ordinary promise that waits.
 *
 * What a reply is, against how its promise stands:
 *
 * |          | its microtask drains       | undecided: a drain is coming | waiting: a promise of its own         |
 * | -------- | -------------------------- | ---------------------------- | ------------------------------------- |
 * | open     | drains; then it waits      | when drained, it waits       | lists of both processes, a time-out   |
 * | answered | the microtask's result     | resolved at once             | resolved at once                      |
 * | failed   | the microtask throws       | rejected two steps later     | rejected two steps later              |
 *
 * `reserveDrain` decides for the first, second or third column, `awaitReply` makes the promise, `keepWaiting` of the reply is the
 * step into the third column, `answer` and `refuse` are the steps down. Nothing is settled for a caller that is dead.
 * "At once" has one exception: replies arrive in the order in which they are given. The promise of who drains is settled
 * when its microtask ends, and one that had to go on waiting then is *late*: one step later still. From such a reply on, all
 * others are held until it has arrived.
 */
import { Batch } from "../process/batch.ts";
import { notice } from "../process/context.ts";
import { forever } from "../process/forever.ts";
import type { Process } from "../process/process.ts";
import { claim, drain, whenDrained } from "../process/scheduler.ts";
import { failWith } from "./failure.ts";

const soon = Promise.resolve();
const nothing = () => {};

/** A reply that somebody waits for. */
export interface PendingReply {
  readonly caller: Process | undefined;
  state: "open" | "answered" | "failed";
  /** The answer, or a function that makes the error. */
  value: unknown;
  resolve: ((value: never) => void) | undefined;
  /** Who drained for it had to wait for it after that: its promise is settled one step later than others. */
  late: boolean;
  /** The reply does not come at once: do what waiting needs. */
  keepWaiting(): void;
}

/** How a reply comes: with a microtask that drains, with a drain that is coming, or by waiting. */
export type Delivery = 0 | 1 | 2;
const WAITS: Delivery = 0;
const DRAINS: Delivery = 1;
const FOLLOWS: Delivery = 2;

/** All that this module remembers between two calls of it. */
const replies = {
  /** Whose promise the coming drain is: there is one such drain at a time, so one function serves all. */
  driver: undefined as PendingReply | undefined,
  /** Those whose reply may come with the drain that is coming. */
  undecided: new Batch<PendingReply>(),
  /** The same, from before a drain that ended early because the event loop was owed a turn. */
  stillUndecided: new Batch<PendingReply>(),
  /** Replies are held back, because one before them has not arrived. */
  holding: false,
  /** A microtask that gives held replies is on its way. */
  releasing: false,
  held: new Batch<PendingReply>(),
  /** How many of `held` have been given. */
  given: 0,
};

/**
 * Decides how a reply will come. Ask before the process that replies is woken, and pass the result to `awaitReply`, whatever
 * happens in between: a drain that was claimed and never run would be the last one.
 */
export function reserveDrain(prompt: boolean): Delivery {
  if (!prompt) return WAITS;
  return claim() ? DRAINS : FOLLOWS;
}

export function awaitReply(reply: PendingReply, delivery: Delivery): Promise<unknown> {
  if (delivery === DRAINS) {
    replies.driver = reply;
    const promise = soon.then(drive);
    notice(promise);
    return promise;
  }
  // A process that replies without a turn of its own may have done so already.
  if (reply.state !== "open") return soon.then(() => taken(reply));
  if (delivery === WAITS) return waiting(reply);
  replies.undecided.push(reply);
  return pending(reply);
}

function drive(): unknown {
  const reply = replies.driver as PendingReply;
  drain();
  replies.driver = undefined;
  if (!replies.holding) return taken(reply);
  const { held } = replies;
  const behind = reply.state === "answered" && held.has(reply);
  if (!replies.releasing) {
    if (held.size > 0) release(1);
    else replies.holding = false;
  }
  return behind ? takenLate(reply) : taken(reply);
}

// What is open when the drain is over has to wait. Where the drain ended early the next one, which is sure to come, may still
// bring the reply.
whenDrained((early) => {
  const { undecided, stillUndecided } = replies;
  if (stillUndecided.size > 0) keepWaiting(stillUndecided);
  if (undecided.size === 0) return;
  if (early) {
    replies.undecided = stillUndecided;
    replies.stillUndecided = undecided;
  } else keepWaiting(undecided);
});

function keepWaiting(batch: Batch<PendingReply>): void {
  for (let index = 0; index < batch.size; index++) {
    const reply = batch.at(index);
    if (reply.state === "open") reply.keepWaiting();
  }
  batch.clear();
}

/** The reply is there. */
export function answer(reply: PendingReply, value: unknown): void {
  reply.state = "answered";
  if (replies.holding || reply.resolve === undefined) {
    reply.value = value;
    if (replies.holding) replies.held.push(reply);
    else replies.holding = reply === replies.driver;
  } else {
    give(reply, value);
    if (reply.late) {
      replies.holding = true;
      release(2);
    }
  }
}

/** There will be no reply; `make` makes the error. */
export function refuse(reply: PendingReply, make: () => Error): void {
  reply.state = "failed";
  if (reply.resolve === undefined) reply.value = make;
  else if (reply.caller?.alive !== false) failWith(reply.caller, reply.resolve, make);
}

function release(steps: 1 | 2): void {
  replies.releasing = true;
  void (steps === 1 ? soon : soon.then(nothing)).then(giveHeld);
}

function giveHeld(): void {
  const { held } = replies;
  replies.releasing = false;
  while (replies.given < held.size) {
    const reply = held.at(replies.given++);
    give(reply, reply.value);
    if (reply.late) {
      release(2);
      return;
    }
  }
  held.clear();
  replies.given = 0;
  replies.holding = false;
}

function give(reply: PendingReply, value: unknown): void {
  if (reply.caller?.alive !== false) reply.resolve?.(value as never);
}

function taken(reply: PendingReply): unknown {
  if (reply.state === "open") reply.keepWaiting();
  if (reply.caller?.alive === false) return forever();
  if (reply.state === "answered") return reply.value;
  if (reply.state === "failed") throw (reply.value as () => Error)();
  return takenLate(reply);
}

// The driver's promise is settled with another one.
function takenLate(reply: PendingReply): unknown {
  if (reply.caller?.alive === false) return forever();
  reply.late = true;
  return pending(reply);
}

function waiting(reply: PendingReply): Promise<unknown> {
  const promise = pending(reply);
  reply.keepWaiting();
  return promise;
}

// The executor of a promise: one function for all, so that a promise makes no closure of ours.
let captured: (value: never) => void;
const capture = (resolve: (value: never) => void) => {
  captured = resolve;
};

function pending(reply: PendingReply): Promise<unknown> {
  const promise = new Promise<unknown>(capture);
  reply.resolve = captured;
  return promise;
}
