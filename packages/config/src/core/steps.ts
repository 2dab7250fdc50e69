/**
 * Work that may be interrupted. A rule that walks a large tree is a generator: it yields nothing every so often, so that
 * whoever drives it may let others run, and it yields a promise where it has to wait for one. The rule itself stays free of
 * clocks and of the event loop.
 */
export type Steps<T> = Generator<undefined | Promise<unknown>, T, unknown>;

/** Nodes between two yields: some tens of microseconds of work. */
export const NODES_PER_STEP = 256;

/** Counts visited nodes; `due()` every `NODES_PER_STEP` of them. One per run, shared by the walks of that run. */
export class Pace {
  nodes = 0;

  due(): boolean {
    return (++this.nodes & (NODES_PER_STEP - 1)) === 0;
  }
}

/**
 * Runs steps to their end at once.
 *
 * @throws Error when they wait for a promise: only rules without asynchronous parts can be finished like this
 */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value !== undefined) throw new Error("Cannot finish at once: the work waits for a promise");
  }
}
