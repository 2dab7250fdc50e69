/**
 * The promise of a reply that a process will give.
 *
 * Usually the reply is available as soon as the ready processes have run once. So the promise *is* the microtask that
 * runs them and returns the reply: one promise and one microtask instead of two, and nothing of the machinery of
 * waiting. Only if there is no reply by then, it becomes an ordinary promise that waits.
 *
 * The state of a reply (rows) and of its promise (columns):
 *
 * |          | its microtask drains       | undecided: a drain is coming | waiting: a promise of its own         |
 * | -------- | -------------------------- | ---------------------------- | ------------------------------------- |
 * | open     | drains; then it waits      | when drained, it waits       | lists of both processes, a time-out   |
 * | answered | the microtask's result     | resolved at once             | resolved at once                      |
 * | failed   | the microtask throws       | rejected two steps later     | rejected two steps later              |
 *
 * `drainFor` makes a promise of the first column, `awaitReply` one of the others, the reply's `keepWaiting` moves it into the
 * third column, and `answer` and `refuse` move it down. Nothing is settled for a dead caller. "At once" has one exception,
 * because replies must arrive in the order in which they are given: a promise that drains is settled only when its
 * microtask ends, and one that has to go on waiting after that is *late*, by one more step. Replies given after such a
 * one are held until it has arrived.
 */
import { Batch } from "../process/batch.ts";
import { forever } from "../process/forever.ts";
import type { Entry } from "../process/mailbox.ts";
import type { Process } from "../process/process.ts";
import { claim, drain, type Undecided, whenDrained } from "../process/scheduler.ts";
import { failWith } from "./failure.ts";

const soon = Promise.resolve();
const nothing = () => {};

/** An awaited reply. */
export interface PendingReply extends Undecided {
  readonly caller: Process | undefined;
  state: "open" | "answered" | "failed";
  /** The value, or a function that makes the error. */
  value: unknown;
  resolve: ((value: unknown) => void) | undefined;
  /** Its promise drained and then had to wait: it is settled one step later than others. */
  late: boolean;
}

/** The state of this module between calls. */
const replies = {
  /** The reply whose promise is the coming drain: there is only one such drain at a time. */
  driver: undefined as PendingReply | undefined,
  /** Replies are held back, because one before them has not arrived. */
  holding: false,
  /** A microtask that gives the held replies is scheduled. */
  releasing: false,
  held: new Batch<PendingReply>(),
  /** How many of `held` have been given. */
  given: 0,
};

/** A message that is awaited. */
export interface Awaited extends PendingReply, Entry {
  readonly callee: Process;
}

/**
 * Puts a request into the mailbox of its callee. Returns the promise of its reply. A dead caller sends nothing and waits for
 * ever.
 */
export function post(request: Awaited): Promise<unknown> {
  const { callee, caller } = request;
  if (caller?.alive === false) return forever();
  const drain = drainFor(request, callee.prompt);
  callee.enqueue(request);
  return drain ?? awaitReply(request, callee.prompt);
}

/**
 * The promise of a reply, if it can come with a drain of its own, as the result of its microtask. Otherwise undefined: then
 * use `awaitReply`. Call it before the replying process is woken.
 *
 * @param prompt whether that process usually replies in its next turn
 */
export function drainFor(reply: PendingReply, prompt: boolean): Promise<unknown> | undefined {
  if (!prompt) return undefined;
  const promise = claim(drive);
  if (promise !== undefined) replies.driver = reply;
  return promise;
}

/** The promise of a reply that has no drain of its own. Call it after the replying process was woken. */
export function awaitReply(reply: PendingReply, prompt: boolean): Promise<unknown> {
  // A process that needs no turn to reply may have replied already.
  if (reply.state !== "open") return soon.then(() => taken(reply));
  const promise = pending(reply);
  if (prompt) whenDrained(reply);
  else reply.keepWaiting();
  return promise;
}

function drive(): unknown {
  const reply = replies.driver as PendingReply;
  drain();
  replies.driver = undefined;
  if (replies.held.size > 0) return takenInOrder(reply);
  replies.holding = replies.releasing;
  return reply.state === "answered" && reply.caller?.alive !== false ? reply.value : taken(reply);
}

function takenInOrder(reply: PendingReply): unknown {
  const behind = reply.state === "answered" && replies.held.has(reply);
  if (!replies.releasing) release(1);
  return behind ? takenLate(reply) : taken(reply);
}

/** Gives the reply. */
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

/** Fails the reply, with the error that `make` makes. */
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
  if (reply.caller?.alive !== false) reply.resolve?.(value);
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

// The executor of all promises: one function, so that a promise needs no closure.
let captured: (value: unknown) => void;
const capture = (resolve: (value: unknown) => void) => {
  captured = resolve;
};

function pending(reply: PendingReply): Promise<unknown> {
  const promise = new Promise<unknown>(capture);
  reply.resolve = captured;
  return promise;
}
