/**
 * Rejecting a promise so that the error's stack shows the code that waits for it.
 *
 * V8 adds `at async …` frames to an error made inside a promise reaction: those of the functions that await its result.
 * So the error is not made where the failure happens, on an unrelated stack, but in a reaction that leads to the
 * waiting promise. A promise that succeeds pays nothing for this.
 */
import { onBehalfOf } from "../process/context.ts";
import { forever } from "../process/forever.ts";
import type { Process } from "../process/process.ts";

const soon = Promise.resolve();
const nothing = () => {};

/**
 * Rejects the promise behind `resolve`, which `caller` waits for, with the error that `make` makes, unless the caller
 * dies before the promise is rejected.
 */
export function failWith(caller: Process | undefined, resolve: (value: unknown) => void, make: () => Error): void {
  onBehalfOf(caller, () => fail(caller, resolve, make));
}

function fail(caller: Process | undefined, resolve: (value: unknown) => void, make: () => Error): void {
  // The empty step lets the waiting promise attach to this chain before the error is made.
  const chain = soon.then(nothing).then(() => {
    if (caller?.alive === false) return forever();
    throw make();
  });
  resolve(chain);
}
