import type { Atom, Pid } from "@otpts/runtime";
import type { Segments, Value } from "../core/value.ts";
import type { Notification } from "./delivery_queue.ts";
import type { Event } from "./event.ts";

/**
 * The messages between the processes of one manager. The tags are symbols, not atoms: no other code can make such a
 * message, so a message with the tag has the right shape.
 */

/** To the manager, from its own processes and timers. */
export const EVENT: unique symbol = Symbol("event");
/** Manager to source: load, and report. */
export const LOAD: unique symbol = Symbol("load");
/** Manager to source: write through, load, and report. */
export const WRITE: unique symbol = Symbol("write");
/** Manager to delivery: call the callback. */
export const NOTIFY: unique symbol = Symbol("notify");
/** Manager to delivery: end when the callback is done. */
export const CLOSE: unique symbol = Symbol("close");

export type EventMessage = readonly [tag: typeof EVENT, event: Event];
export type LoadMessage = readonly [tag: typeof LOAD, manager: Pid, gathering: number | undefined];
export type WriteMessage = readonly [
  tag: typeof WRITE,
  manager: Pid,
  write: number,
  path: Segments,
  value: Value | undefined,
];
export type NotifyMessage = readonly [tag: typeof NOTIFY, manager: Pid, sequence: number, notification: Notification];
export type CloseMessage = readonly [tag: typeof CLOSE];

/** Whether a message is a tuple with this tag. A message may be anything, even an object that throws on inspection. */
export function isTagged<M extends readonly [Atom | symbol, ...unknown[]]>(message: unknown, tag: M[0]): message is M {
  return tagOf(message) === tag;
}

/** The first element of a message, if it is a tuple. */
export function tagOf(message: unknown): unknown {
  try {
    return Array.isArray(message) ? (message as unknown[])[0] : undefined;
  } catch {
    return undefined;
  }
}

/** A copy of a message from outside, whose elements are read once; empty if it cannot be read. */
export function elementsOf(message: unknown): readonly unknown[] {
  try {
    return Array.isArray(message) ? [...(message as unknown[])] : [];
  } catch {
    return [];
  }
}
