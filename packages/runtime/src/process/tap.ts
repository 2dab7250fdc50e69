/**
 * Functions that see each entry put into a mailbox: carriers and traces. While there are none, sending reads one
 * variable.
 */
import type { Entry, Mailbox } from "./mailbox.ts";

/** Called with an entry before it is put into a mailbox. A process is its own mailbox. Must not throw. */
export type Tap = (to: Mailbox, entry: Entry) => void;

/** Whether there are any taps. */
export let tapped = false;

let taps: readonly Tap[] = [];

/** Adds a tap. Returns a function that removes it. */
export function tap(next: Tap): () => void {
  set([...taps, next]);
  return () => set(taps.filter((each) => each !== next));
}

function set(next: readonly Tap[]): void {
  taps = next;
  tapped = next.length > 0;
}

/** Passes an entry to all taps. */
export function show(to: Mailbox, entry: Entry): void {
  for (const each of taps) each(to, entry);
}
