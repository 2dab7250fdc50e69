import { erlang, logger, type Pid } from "@otpts/runtime";
import type { Ref } from "nact";
import { vi } from "vitest";
import { concrete } from "../../src/nact/concrete.ts";
import { death, eventually } from "../kit/inside.ts";

/** What nact keeps behind a reference. */
export interface Inside {
  readonly reference: Ref<unknown>;
  readonly children: Map<string, Inside>;
  /** Its code. */
  f: (...args: unknown[]) => unknown;
}

export function behind(reference: Ref<unknown>): Inside {
  return concrete(reference) as unknown as Inside;
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

/** Monitors a process that lives; `end` is its exit reason. Resolves when the monitor is there. */
export async function watch(pid: Pid): Promise<{ readonly end: Promise<unknown> }> {
  const monitors = (): number => erlang.process_info(pid, "monitored_by")?.length ?? Infinity;
  const already = monitors();
  const end = death(pid);
  await eventually(() => monitors() > already);
  return { end };
}
