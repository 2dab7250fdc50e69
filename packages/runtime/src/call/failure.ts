/**
 * Failing a promise so that the error's stack shows who waits for it.
 *
 * V8 adds `at async …` frames to an error made inside a promise's reaction: those of the functions that await what comes of
 * it. So the error is not made where the failure happens, on somebody else's stack, but in a reaction that leads to the
 * waiting promise. A promise that succeeds pays nothing for it.
 */
import { onBehalfOf } from "../process/context.ts";
import type { Process } from "../process/process.ts";

const soon = Promise.resolve();
const nothing = () => {};

/** Rejects the promise behind `resolve`, which `caller` waits for, with the error that `make` makes. */
export function failWith(caller: Process | undefined, resolve: (value: never) => void, make: () => Error): void {
  onBehalfOf(caller, () => fail(resolve, make));
}

function fail(resolve: (value: never) => void, make: () => Error): void {
  // The empty step lets the waiting promise take hold of this chain before the error is made.
  const chain = soon.then(nothing).then(() => {
    throw make();
  });
  resolve(chain as never);
}
