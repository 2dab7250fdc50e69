import type { Steps } from "./core/steps.ts";

/** How far steps got at once: to their end, or to where they must wait or give way. */
export type Progress<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly rest: () => Promise<T> };

/** Milliseconds of work in one go: a frame's share, well below what anybody would notice. */
const SLICE = 5;

/**
 * Runs steps for a slice of time. What takes no longer and waits for nothing is done when this returns; the rest goes on
 * where `rest` is called, giving the event loop its turn after every slice.
 */
export function drive<T>(steps: Steps<T>): Progress<T> {
  const deadline = performance.now() + SLICE;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { done: true, value: step.value };
    if (step.value !== undefined || performance.now() >= deadline) {
      const { value } = step;
      return { done: false, rest: () => proceed(steps, value, 0) };
    }
  }
}

/** Runs steps to their end, giving the event loop its turn after every slice. */
export function driveToEnd<T>(steps: Steps<T>): Promise<T> {
  return proceed(steps, undefined, performance.now() + SLICE);
}

async function proceed<T>(steps: Steps<T>, first: undefined | Promise<unknown>, until: number): Promise<T> {
  let waitsFor = first;
  let deadline = until;
  for (;;) {
    let step: IteratorResult<undefined | Promise<unknown>, T>;
    if (waitsFor === undefined) {
      if (performance.now() >= deadline) {
        await new Promise((resolve) => setImmediate(resolve));
        deadline = performance.now() + SLICE;
      }
      step = steps.next();
    } else {
      const settled = await settle(waitsFor);
      deadline = performance.now() + SLICE;
      step = "error" in settled ? steps.throw(settled.error) : steps.next(settled.value);
    }
    if (step.done === true) return step.value;
    waitsFor = step.value;
  }
}

async function settle(promise: Promise<unknown>): Promise<{ readonly value: unknown } | { readonly error: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
