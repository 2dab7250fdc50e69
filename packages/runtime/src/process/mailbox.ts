/**
 * A process's queue of messages: first in, first out, with selective receive. A singly linked list: an empty mailbox is two
 * words, a message in it four, and taking one out of the middle moves nothing.
 */

import { settle } from "../term/shape.ts";

/** One message in a mailbox. */
export class Envelope {
  message: unknown;
  next: Envelope | undefined = undefined;

  constructor(message: unknown) {
    this.message = message;
  }
}

/** What a mailbox looks like from here: the two ends. A process is its own mailbox. */
export interface Mailbox {
  head: Envelope | undefined;
  tail: Envelope | undefined;
}

export function put(box: Mailbox, message: unknown): void {
  const envelope = new Envelope(message);
  if (box.tail === undefined) box.head = envelope;
  else box.tail.next = envelope;
  box.tail = envelope;
}

/** Takes out the envelope that follows `before` (or the first, for undefined). There must be one. */
export function take(box: Mailbox, before: Envelope | undefined): unknown {
  const envelope = (before === undefined ? box.head : before.next) as Envelope;
  if (before === undefined) box.head = envelope.next;
  else before.next = envelope.next;
  if (box.tail === envelope) box.tail = before;
  return envelope.message;
}

/** Takes the first message that `wanted` wants out of a process's mailbox, if there is one, and tells nobody of it. */
export function discard(
  box: Mailbox & { readonly waiter: { looked: Envelope | undefined } | undefined },
  wanted: (message: unknown) => boolean,
): void {
  let before: Envelope | undefined;
  for (let envelope = box.head; envelope !== undefined; envelope = envelope.next) {
    if (wanted(envelope.message)) {
      take(box, before);
      // Where a receive has looked to may just have gone.
      if (box.waiter !== undefined) box.waiter.looked = undefined;
      return;
    }
    before = envelope;
  }
}

/** The messages in order, oldest first, without taking any. */
export function contents(box: Mailbox): unknown[] {
  const messages: unknown[] = [];
  for (let envelope = box.head; envelope !== undefined; envelope = envelope.next) messages.push(envelope.message);
  return messages;
}

settle(() => new Envelope(undefined));
