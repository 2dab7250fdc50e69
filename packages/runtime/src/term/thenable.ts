/** Values that may come later. */
import { types } from "node:util";

// The engine's own class, also where a library has put another one in place of `Promise`, as zone.js and bluebird do.
const Native = (async () => {})().constructor as PromiseConstructor;
// oxlint-disable-next-line typescript/unbound-method -- it is called on promises
const { then } = Native.prototype;

/** Whether it is a promise or a thenable. @throws whatever a getter of it throws */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/**
 * Continues with a value, at once or when its promise is settled. (A module that exported `then` would itself count as
 * a promise.)
 */
export function andThen<T, R>(value: T | PromiseLike<T>, go: (value: T) => R | PromiseLike<R>): R | PromiseLike<R> {
  return isThenable(value) ? (value as PromiseLike<T>).then(go) : go(value);
}

/**
 * Calls one of two functions when a promise is settled, as `await` does it: whatever `then` the promise may have, and whatever
 * class of promises the program uses. A foreign thenable may answer twice, at once, or throw after its answer; it counts once.
 */
export function onceSettled<T, R>(
  promise: PromiseLike<T>,
  fulfilled: (value: T) => R | PromiseLike<R>,
  rejected: (error: unknown) => R | PromiseLike<R>,
): Promise<R> {
  const settled: Promise<T> = types.isPromise(promise) ? (promise as Promise<T>) : Native.resolve(promise);
  return then.call(settled, fulfilled as (value: unknown) => R, rejected) as Promise<R>;
}
