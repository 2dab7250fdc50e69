/**
 * The promise that a dead process's code waits for: it never settles. A new one each time, so that it can be collected
 * together with the code that waits for it, which a shared one would prevent.
 */
export function forever(): Promise<never> {
  return new Promise(() => {});
}
