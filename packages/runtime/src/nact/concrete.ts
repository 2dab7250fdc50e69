/**
 * The object behind a nact reference. nact looks it up by the reference's system and path at every dispatch; its types
 * do not show it, and nothing public reports when an actor stops. Everything in this package that depends on nact's
 * internals is in this file.
 */
import systemMap from "nact/lib/system-map.js";
import type { Ref as ActorRef } from "nact";

/** The methods that nact's functions call on the object behind a reference, if they exist. */
export interface Concrete {
  dispatch?(message: unknown, sender?: unknown): void;
  query?(message: unknown, timeout: number): Promise<unknown>;
  stop?(): void;
  assertNotStopped?(): boolean;
}

/** Decides about an actor that failed: its result is one of the symbols in the context. */
export type OnCrash = (message: unknown, error: unknown, context: Record<string, unknown>, child: unknown) => unknown;

/** A system or an actor: it can have children and be stopped. */
export interface Parent extends Concrete {
  readonly children: ReadonlyMap<string, Actor>;
  /** The parent of an actor; undefined once the actor has stopped. */
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

/** The object behind the reference now; undefined if it has stopped or never existed. */
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

/** Whether it looks like a reference made by nact. */
export function isReference(value: unknown, ...types: readonly string[]): boolean {
  return typeof value === "object" && value !== null && types.includes((value as { type?: string }).type as string);
}

/** A reference that is not an actor's: it provides the object behind it itself. */
export abstract class BridgeRef {
  readonly system = { name: SYSTEM };
  abstract readonly type: "actor" | "temp";
  /** @internal */
  abstract behind(): Concrete | undefined;
}

// nact looks in the system that a reference names, so these references name a system whose `find` delegates to the
// reference. The system retains nothing: an unused reference can be collected.
const SYSTEM = "@otpts/runtime";
systemMap.add({
  name: SYSTEM,
  find: (reference) => (reference as Partial<BridgeRef> | undefined)?.behind?.(),
});
