/** Values that may come later. */

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
