import type { Atom, Ref } from "@otpts/runtime";
import type { Contribution } from "./core/layer.ts";
import type { Segments, Value } from "./core/value.ts";
import type { Together } from "./sources/together.ts";

/**
 * What the processes of one manager say to each other. The tags are symbols, not atoms: nobody else can make such a message,
 * so that what has the tag has the shape.
 */

/** Manager to source: load, and answer with this reference. */
export const LOAD: unique symbol = Symbol("load");
/** Manager to source: write through. */
export const WRITE: unique symbol = Symbol("write");
/** Source to manager: it is there (again). */
export const SOURCE_UP: unique symbol = Symbol("source_up");
/** Source to manager: what a load found. */
export const SOURCE_LOADED: unique symbol = Symbol("source_loaded");
/** To itself: the source says that something may have changed. */
export const SOURCE_CHANGED: unique symbol = Symbol("source_changed");
/** Source to manager: a write is done, or failed. */
export const WRITTEN: unique symbol = Symbol("written");
/** Manager to delivery: something is due. */
export const WAKE: unique symbol = Symbol("wake");
/** Delivery to manager: a callback is done. */
export const DELIVERED: unique symbol = Symbol("delivered");
/** Of a job, a load, a callback, to the process that waits for it: it is over. */
export const FINISHED: unique symbol = Symbol("finished");
/** A timer of the manager's: what is over. */
export const ELAPSED: unique symbol = Symbol("elapsed");

/** A timer of a source's process: a load takes too long. */
export const OVERDUE: unique symbol = Symbol("overdue");

/** What a load found, as the manager is told. */
export type LoadOutcome =
  | { readonly outcome: "data" | "unchanged"; readonly contribution: Contribution }
  | { readonly outcome: "absent" }
  | { readonly outcome: "error" | "late"; readonly error: Error };

/** With the links that its last good load read through: what the source says of itself may be newer than this message. */
export type SourceLoaded = readonly [
  tag: typeof SOURCE_LOADED,
  slot: number,
  answers: readonly Ref[],
  outcome: LoadOutcome,
  links?: Together["links"],
];
export type LoadRequest = readonly [tag: typeof LOAD, ref: Ref];
export type WriteRequest = readonly [tag: typeof WRITE, ref: Ref, path: Segments, value: Value | undefined];
export type Written = readonly [tag: typeof WRITTEN, ref: Ref, error: Error | undefined];

/** Whether a message is a tuple with this tag. A message may be anything, also an object that throws when it is looked at. */
export function isTagged<M extends readonly [Atom | symbol, ...unknown[]]>(message: unknown, tag: M[0]): message is M {
  return tagOf(message) === tag;
}

/** What a message begins with, where it is a tuple. */
export function tagOf(message: unknown): unknown {
  try {
    return Array.isArray(message) ? (message as unknown[])[0] : undefined;
  } catch {
    return undefined;
  }
}

/** A copy of a message from outside, whose elements are read once: no element where it does not let itself be read. */
export function elementsOf(message: unknown): readonly unknown[] {
  try {
    return Array.isArray(message) ? [...(message as unknown[])] : [message];
  } catch {
    return [];
  }
}
