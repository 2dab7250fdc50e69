import type { Budget } from "./core/sliced.ts";

/** Milliseconds of work at a time: a part of a frame, well below anything noticeable. */
const SLICE = 5;

/**
 * A budget of time: 5 ms of work, then a turn of the event loop.
 *
 * @param ms milliseconds of work between two turns
 */
export function newBudget(ms: number = SLICE): Budget {
  let deadline = performance.now() + ms;
  return {
    spent: () => performance.now() >= deadline,
    turn: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      deadline = performance.now() + ms;
    },
  };
}
