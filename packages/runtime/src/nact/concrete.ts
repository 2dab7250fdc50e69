/**
 * What stands behind a nact reference. nact looks it up by the reference's system and path at every dispatch; its types do
 * not show it, and nothing public tells when an actor stops. All this package knows of nact's inside is on this page.
 */
import systemMap from "nact/lib/system-map.js";
import type { Ref as ActorRef } from "nact";

/** What nact's functions call on the thing behind a reference, where it is there. */
export interface Concrete {
  dispatch?(message: unknown, sender?: unknown): void;
  query?(message: unknown, timeout: number): Promise<unknown>;
  stop?(): void;
  assertNotStopped?(): boolean;
}

/** Decides what becomes of an actor that failed: its result is one of the symbols in the context. */
export type OnCrash = (message: unknown, error: unknown, context: Record<string, unknown>, child: unknown) => unknown;

/** What can have children and be stopped: a system, or an actor. */
export interface Parent extends Concrete {
  readonly children: ReadonlyMap<string, Actor>;
  /** Of an actor; gone once it has stopped. */
  readonly parent?: Parent;
  stop(): void;
}

/** An actor. */
export interface Actor extends Parent {
  readonly reference: ActorRef<unknown>;
  readonly path: { toString(): string };
  onCrash: OnCrash;
  dispatch(message: unknown, sender?: unknown): void;
}

/** What the reference leads to now; undefined if it has stopped or never was. */
export function concrete(reference: unknown): Concrete | undefined {
  const system = (reference as { system?: { name?: unknown } } | null | undefined)?.system;
  return typeof system?.name === "string"
    ? (systemMap.find(system.name, reference) as Concrete | undefined)
    : undefined;
}

export function isParent(found: Concrete | undefined): found is Parent {
  return found !== undefined && "children" in found && typeof found.stop === "function";
}

export function isActor(found: Concrete | undefined): found is Actor {
  return isParent(found) && "onCrash" in found && typeof found.dispatch === "function";
}

/** Whether it looks like a reference of the kind nact hands out. */
export function isReference(value: unknown, ...types: readonly string[]): boolean {
  return typeof value === "object" && value !== null && types.includes((value as { type?: string }).type as string);
}

/** A reference that is no actor's: it knows itself what stands behind it. */
export abstract class BridgeRef {
  readonly system = { name: SYSTEM };
  abstract readonly type: "actor" | "temp";
  /** @internal */
  abstract behind(): Concrete | undefined;
}

// nact asks the system a reference names, so these references name one whose `find` asks the reference. It holds nothing:
// a reference that nobody keeps is gone.
const SYSTEM = "@otpts/runtime";
systemMap.add({
  name: SYSTEM,
  find: (reference) => (reference as Partial<BridgeRef> | undefined)?.behind?.(),
});
