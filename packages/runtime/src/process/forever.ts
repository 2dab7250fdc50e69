/**
 * What a dead process's code waits for: a promise that is never settled. A new one each time: whatever waits for it can be
 * collected together with it, which a shared one would prevent.
 */
export function forever(): Promise<never> {
  return new Promise(() => {});
}
