import { logger } from "@otpts/runtime";
import type { Ref } from "nact";
import systemMap from "nact/lib/system-map.js";
import { vi } from "vitest";

/** What nact keeps behind a reference. */
export interface Inside {
  readonly reference: Ref<unknown>;
  readonly children: Map<string, Inside>;
  readonly tempReferences: Map<unknown, unknown>;
  f(...args: unknown[]): unknown;
}

export function behind(reference: Ref<unknown>): Inside {
  const { name } = (reference as { system: { name: string } }).system;
  return systemMap.find(name, reference) as Inside;
}

/** The names of the actors right below a system or an actor. */
export function childrenOf(reference: Ref<unknown>): string[] {
  return [...behind(reference).children.keys()];
}

export function actorAt(system: Ref<unknown>, name: string): Inside {
  return behind(system).children.get(name) as Inside;
}

/** Runs `fun` without what nact and the logger print about crashes. */
export async function quiet<T>(fun: () => Promise<T>): Promise<T> {
  const handler = logger.set_handler(undefined);
  const console_ = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    return await fun();
  } finally {
    console_.mockRestore();
    logger.set_handler(handler);
  }
}
