/**
 * Work that may be asynchronous: a value is used at once, and only a promise is awaited. So a change without
 * asynchronous validation is synchronous.
 *
 *     andThen(2, (n) => n + 1)                    →  3
 *     andThen(Promise.resolve(2), (n) => n + 1)   →  Promise of 3
 */

/** Whether it is a promise or a thenable. @throws whatever a getter of it throws */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** The result of `next` for a value, or a promise of it. */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
