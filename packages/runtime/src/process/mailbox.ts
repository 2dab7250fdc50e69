/**
 * A process's queue of messages: first in, first out, with selective receive. It is a list linked through its entries:
 * an empty mailbox is two words, and removal from the middle moves nothing. A cast or a request is itself an entry; any
 * other message is in an envelope. The process itself adds and takes entries (`process.ts`).
 */
import { settleLayout } from "../term/shape.ts";

/** An entry of a mailbox: one message. */
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

/** A receive that waits for a message. Messages up to `looked` were checked and not accepted. */
export interface Waiter {
  looked: Entry | undefined;
  /** It gives up after one check (`after: 0`). */
  poll: boolean;
  /** Ends the wait. */
  end(): void;
}

/** The two ends of a mailbox. A process is its own mailbox. */
export interface Mailbox {
  head: Entry | undefined;
  tail: Entry | undefined;
  /** Takes out the entry after `before` (or the first, for undefined). There must be one. */
  take(before: Entry | undefined): Entry;
}

/** Removes the first ordinary message that `wanted` accepts from a process's mailbox, if there is one. */
export function discard(
  box: Mailbox & { readonly waiter: Waiter | undefined },
  wanted: (message: unknown) => boolean,
): void {
  let before: Entry | undefined;
  for (let entry = box.head; entry !== undefined; entry = entry.next) {
    if (entry instanceof Envelope && fits(wanted, entry.message)) {
      box.take(before);
      // The entry up to which a receive has checked may be the removed one.
      if (box.waiter !== undefined) box.waiter.looked = undefined;
      return;
    }
    before = entry;
  }
}

/** Drops all messages. Code that keeps one of the entries (a request is a reference too) must not retain the others. */
export function empty(box: Mailbox): void {
  for (let entry = box.head; entry !== undefined;) {
    const { next } = entry;
    entry.next = undefined;
    entry = next;
  }
  box.head = undefined;
  box.tail = undefined;
}

/** The entries in order, oldest first, without removing any. */
export function entries(box: Mailbox): Entry[] {
  const found: Entry[] = [];
  for (let entry = box.head; entry !== undefined; entry = entry.next) found.push(entry);
  return found;
}

settleLayout(Envelope);

// A message may throw on inspection: then it does not match.
function fits(wanted: (message: unknown) => boolean, message: unknown): boolean {
  try {
    return wanted(message);
  } catch {
    return false;
  }
}
