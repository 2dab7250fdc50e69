import { atom, type Atom, type Ref } from "@otpts/runtime";
import type { Contribution } from "./core/layer.ts";
import type { Segments, Value } from "./core/value.ts";

/** What the processes of one manager say to each other. */

/** Manager to source: load, and answer with this reference. */
export const LOAD = atom.ensure("load");
/** Manager to source: write through. */
export const WRITE = atom.ensure("write");
/** Source to manager: it is there (again). */
export const SOURCE_UP = atom.ensure("source_up");
/** Source to manager: what a load found. */
export const SOURCE_LOADED = atom.ensure("source_loaded");
/** To itself: the source says that something may have changed. */
export const SOURCE_CHANGED = atom.ensure("source_changed");
/** Source to manager: a write is done, or failed. */
export const WRITTEN = atom.ensure("written");
/** Manager to delivery: something is due. */
export const WAKE = atom.ensure("wake");
/** Delivery to manager: a callback is done. */
export const DELIVERED = atom.ensure("delivered");
/** Of a job, a load, a callback, to the process that waits for it: it is over. */
export const FINISHED = atom.ensure("finished");
/** A timer of the manager's: what is over. */
export const ELAPSED = atom.ensure("elapsed");

/** What a load found, as the manager is told. */
export type LoadOutcome =
  | { readonly outcome: "data" | "unchanged"; readonly contribution: Contribution }
  | { readonly outcome: "absent" }
  | { readonly outcome: "error"; readonly error: Error };

export type SourceLoaded = readonly [tag: typeof SOURCE_LOADED, slot: number, answers: readonly Ref[], LoadOutcome];
export type LoadRequest = readonly [tag: typeof LOAD, ref: Ref];
export type WriteRequest = readonly [tag: typeof WRITE, ref: Ref, path: Segments, value: Value | undefined];
export type Written = readonly [tag: typeof WRITTEN, ref: Ref, error: Error | undefined];

/** Whether a message is a tuple with this tag. */
export function isTagged<M extends readonly [Atom, ...unknown[]]>(message: unknown, tag: M[0]): message is M {
  return Array.isArray(message) && message[0] === tag;
}
