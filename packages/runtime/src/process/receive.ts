import { BADARG, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { settleLayout } from "../term/shape.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { type Entry, Envelope, type Waiter } from "./mailbox.ts";
import type { Process } from "./process.ts";
import { report } from "./report.ts";
import { exhausted, reduce } from "./scheduler.ts";
import { cancel, wait } from "./timer.ts";
import { Deadline } from "./deadline.ts";
import { forever } from "./forever.ts";

/** Selects the message to take: returns true for an accepted one. */
export type Match = (message: unknown) => boolean;

/** A receive that waits. */
class Receive implements Waiter {
  readonly process: Process;
  readonly match: Match | undefined;
  readonly resolve: (message: unknown) => void;
  readonly reject: (error: unknown) => void;
  looked: Entry | undefined = undefined;
  /** When it gives up, if its time is limited. */
  deadline: Deadline | undefined = undefined;
  poll = false;

  constructor(
    process: Process,
    match: Match | undefined,
    resolve: (message: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.process = process;
    this.match = match;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Starts its time-out. */
  limit(ms: number): void {
    wait((this.deadline = new Deadline(() => this.#giveUp())), ms);
  }

  end(): void {
    this.process.waiter = undefined;
    if (this.deadline !== undefined) cancel(this.deadline);
  }

  #giveUp(): void {
    this.process.waiter = undefined;
    this.resolve(TIMEOUT);
  }
}

/**
 * Takes the first message that `match` accepts out of the process's mailbox, and waits for it up to `after` ms.
 * Resolves with the message, or with `TIMEOUT`.
 */
export function receive(process: Process, match: Match | undefined, after: Timeout): Promise<unknown> {
  if (!process.alive) return forever();
  if (match !== undefined && typeof match !== "function") {
    throw new ErlangError(
      BADARG,
      `Cannot receive: the match must be a function from a message to true or false, got ${describe(match)}; without one, give undefined before the options`,
    );
  }
  const ms = milliseconds(after, "receive");
  if (process.waiter !== undefined) {
    throw new ErlangError(
      BADARG,
      `Cannot receive in ${process.pid}: it is already waiting in another receive, and a process does one thing at a time`,
    );
  }
  // A process that always finds a message must let the event loop turn too.
  if (reduce() && !exhausted()) {
    const found = search(process, match, undefined);
    if (found !== undefined) return Promise.resolve(process.take(found.before).term);
    if (ms === 0) return Promise.resolve(TIMEOUT);
  }
  return new Promise((resolve, reject) => {
    const waiter = new Receive(process, match, resolve, reject);
    process.waiter = waiter;
    waiter.poll = ms === 0;
    if (ms > 0 && ms !== Infinity) waiter.limit(ms);
    if (ms === 0 || process.head !== undefined) process.wake();
  });
}

/** Checks for a message that the waiting receive accepts. Called in the process's turn. */
export function look(process: Process): void {
  const waiter = process.waiter as Receive;
  let found: { before: Entry | undefined } | undefined;
  try {
    found = search(process, waiter.match, waiter.looked);
  } catch (error) {
    waiter.end();
    waiter.reject(error);
    return;
  }
  if (found === undefined) {
    waiter.looked = process.tail;
    if (waiter.poll) {
      waiter.end();
      waiter.resolve(TIMEOUT);
    }
    return;
  }
  waiter.end();
  waiter.resolve(process.take(found.before).term);
}

function search(
  process: Process,
  match: Match | undefined,
  looked: Entry | undefined,
): { before: Entry | undefined } | undefined {
  let before = looked;
  let entry = looked === undefined ? process.head : looked.next;
  while (entry !== undefined) {
    const wanted = match === undefined || match(entry.term);
    if ((before === undefined ? process.head : before.next) !== entry) {
      // The match itself removed messages (`demonitor` with flush), this one or the one before it: start again.
      before = undefined;
      entry = process.head;
      continue;
    }
    if (wanted) {
      if (canBeAwaited(entry)) return { before };
      drop(process, entry, before);
      entry = before === undefined ? process.head : before.next;
      continue;
    }
    before = entry;
    entry = entry.next;
  }
  return undefined;
}

// A promise reads the `then` of its value. If that throws (a revoked proxy), the receiver would fail for its sender's
// fault.
function canBeAwaited(entry: Entry): boolean {
  if (!(entry instanceof Envelope)) return true;
  const { message } = entry;
  if ((typeof message !== "object" && typeof message !== "function") || message === null) return true;
  try {
    void (message as { then?: unknown }).then;
    return true;
  } catch {
    return false;
  }
}

function drop(process: Process, entry: Entry, before: Entry | undefined): void {
  process.take(before);
  const { pid, name } = process;
  const { message } = entry as Envelope;
  report(
    "warning",
    "unhandled_message",
    () => ({ pid, name, message }),
    () =>
      `Process ${pid} cannot receive a message: it throws when a promise looks at it (${describe(message)}). It was dropped`,
  );
}

const nothing = (): void => {};
settleLayout(Receive, undefined, undefined, nothing, nothing);
