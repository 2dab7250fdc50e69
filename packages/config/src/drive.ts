/** Work that has to wait here and there: it yields the promise that it waits for. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** How far steps got at once: to their end, or to where they must wait. */
export type Progress<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly rest: () => Promise<T> };

/** Runs steps as far as they go at once. What waits for nothing is done when this returns; the rest goes on in `rest`. */
export function drive<T>(steps: Steps<T>): Progress<T> {
  const step = steps.next();
  if (step.done === true) return { done: true, value: step.value };
  const { value } = step;
  return { done: false, rest: () => proceed(steps, value) };
}

/** Runs steps to their end. */
export async function driveToEnd<T>(steps: Steps<T>): Promise<T> {
  const progress = drive(steps);
  return progress.done ? progress.value : progress.rest();
}

async function proceed<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let waitsFor = first;
  for (;;) {
    const settled = await settle(waitsFor);
    const step = "error" in settled ? steps.throw(settled.error) : steps.next(settled.value);
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
