/**
 * Who wants to see each entry that is put into a mailbox: carriers, and traces. While nobody does, sending looks at one variable.
 */
import type { Entry, Mailbox } from "./mailbox.ts";

/** Sees an entry before it is put into a mailbox. A process is its own mailbox. Must not throw. */
export type Tap = (to: Mailbox, entry: Entry) => void;

/** Whether there is any. */
export let tapped = false;

let taps: readonly Tap[] = [];

/** Adds one. Returns what ends it. */
export function tap(next: Tap): () => void {
  set([...taps, next]);
  return () => set(taps.filter((each) => each !== next));
}

function set(next: readonly Tap[]): void {
  taps = next;
  tapped = next.length > 0;
}

/** Shows an entry to all. */
export function show(to: Mailbox, entry: Entry): void {
  for (const each of taps) each(to, entry);
}
