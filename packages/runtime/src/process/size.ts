/** The approximate memory of a mailbox, to find the one that fills the heap. */
import { isTuple } from "../term/guarded.ts";
import type { Entry, Mailbox } from "./mailbox.ts";

// The maximum number of visited parts; the rest is estimated from those.
const PARTS = 10_000;
const OBJECT = 24;
const SLOT = 8;

/** The number of waiting messages. */
export function lengthOf(box: Mailbox): number {
  let length = 0;
  for (let entry = box.head; entry !== undefined; entry = entry.next) length++;
  return length;
}

/** The approximate size of a mailbox's messages in bytes. Shared parts count once; no getter and no trap is called. */
export function memoryOf(box: Mailbox): number {
  const seen = new Set<unknown>();
  let bytes = 0;
  let messages = 0;
  let entry: Entry | undefined = box.head;
  for (; entry !== undefined && seen.size < PARTS; entry = entry.next) {
    bytes += OBJECT + SLOT + sizeOf(entry.term, seen);
    messages++;
  }
  let rest = 0;
  for (; entry !== undefined; entry = entry.next) rest++;
  return rest === 0 ? bytes : Math.round((bytes / messages) * (messages + rest));
}

// Processed from a list: a message may be arbitrarily deep.
function sizeOf(term: unknown, seen: Set<unknown>): number {
  let bytes = 0;
  const terms = [term];
  while (terms.length > 0) {
    const next = terms.pop();
    if (typeof next === "string") bytes += OBJECT + next.length;
    if (typeof next !== "object" || next === null || seen.has(next) || seen.size >= PARTS) continue;
    seen.add(next);
    bytes += OBJECT;
    try {
      if (ArrayBuffer.isView(next)) bytes += next.byteLength;
      else if (isTuple(next)) {
        bytes += SLOT * next.length;
        for (let index = 0; index < next.length && terms.length < PARTS; index++) terms.push(next[index]);
      } else if (isPlain(next)) {
        for (const { value } of Object.values(Object.getOwnPropertyDescriptors(next)) as PropertyDescriptor[]) {
          bytes += SLOT;
          if (terms.length < PARTS) terms.push(value);
        }
      }
    } catch {
      // A proxy that throws on inspection.
    }
  }
  return bytes;
}

// Everything else (pids, references, instances) is shared with other holders.
function isPlain(term: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(term);
  return prototype === Object.prototype || prototype === null;
}
