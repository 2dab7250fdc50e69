/** Values that may come later. */

/** Whether it is a promise, or acts like one. @throws what a getter of it throws */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Goes on with a value, at once or when its promise is settled. (A module that exported `then` would itself be taken for a promise.) */
export function andThen<T, R>(value: T | PromiseLike<T>, go: (value: T) => R | PromiseLike<R>): R | PromiseLike<R> {
  return isThenable(value) ? (value as PromiseLike<T>).then(go) : go(value);
}
