/**
 * A process's queue of messages: first in, first out, with selective receive. A list through its entries: an empty mailbox
 * is two words, and taking one out of the middle moves nothing. A cast or a request is an entry itself; any other message
 * has an envelope around it.
 */
import { settleLayout } from "../term/shape.ts";

/** What stands in a mailbox: one message. */
export interface Entry {
  next: Entry | undefined;
  /** The message as the process's code sees it: casts and requests are OTP's tuples. */
  readonly term: unknown;
}

/** An ordinary message. */
export class Envelope implements Entry {
  readonly message: unknown;
  next: Entry | undefined = undefined;

  constructor(message: unknown) {
    this.message = message;
  }

  get term(): unknown {
    return this.message;
  }
}

/** Who waits for a message of the mailbox. Messages before `looked` were looked at and not wanted. */
export interface Waiter {
  looked: Entry | undefined;
  /** It gives up after one look (`after: 0`). */
  poll: boolean;
  /** It waits no more. */
  end(): void;
}

/** What a mailbox looks like from here: the two ends. A process is its own mailbox. */
export interface Mailbox {
  head: Entry | undefined;
  tail: Entry | undefined;
  /** How many entries were taken out of it so far. */
  taken: number;
}

export function put(box: Mailbox, entry: Entry): void {
  if (box.tail === undefined) box.head = entry;
  else box.tail.next = entry;
  box.tail = entry;
}

/** Takes out the entry that follows `before` (or the first, for undefined). There must be one. */
export function take(box: Mailbox, before: Entry | undefined): Entry {
  const entry = (before === undefined ? box.head : before.next) as Entry;
  const { next } = entry;
  if (before === undefined) box.head = next;
  else before.next = next;
  box.taken++;
  if (next === undefined) box.tail = before;
  // Whoever keeps the entry (a request is a reference too) must not keep all that came after it.
  else entry.next = undefined;
  return entry;
}

/** Takes the first ordinary message that `wanted` wants out of a process's mailbox, if there is one, and tells nobody of it. */
export function discard(
  box: Mailbox & { readonly waiter: Waiter | undefined },
  wanted: (message: unknown) => boolean,
): void {
  let before: Entry | undefined;
  for (let entry = box.head; entry !== undefined; entry = entry.next) {
    if (entry instanceof Envelope && fits(wanted, entry.message)) {
      take(box, before);
      // Where a receive has looked to may just have gone.
      if (box.waiter !== undefined) box.waiter.looked = undefined;
      return;
    }
    before = entry;
  }
}

/** Drops all messages. Whoever keeps one of the entries (a request is a reference too) must not keep the others. */
export function empty(box: Mailbox): void {
  for (let entry = box.head; entry !== undefined;) {
    const { next } = entry;
    entry.next = undefined;
    entry = next;
  }
  box.head = undefined;
  box.tail = undefined;
}

/** The entries in order, oldest first, without taking any. */
export function entries(box: Mailbox): Entry[] {
  const found: Entry[] = [];
  for (let entry = box.head; entry !== undefined; entry = entry.next) found.push(entry);
  return found;
}

settleLayout(() => new Envelope(undefined));

// What somebody sent may throw when it is looked at: then it is not what is looked for.
function fits(wanted: (message: unknown) => boolean, message: unknown): boolean {
  try {
    return wanted(message);
  } catch {
    return false;
  }
}
