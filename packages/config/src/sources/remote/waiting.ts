import { RemoteFailure } from "./failure.ts";

/** Resolves after `ms`, or as soon as the signal fires. Leaves neither timer nor listener. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/**
 * Calls a function with a signal that fires when the time is over, or with the outer one. A
 * function that ignores the signal is not waited for; its later result is dropped.
 *
 * @param ms milliseconds
 * @param late the result when the time is over; left out if that is a failure
 * @throws RemoteFailure `timeout` or `stopped`; or the function's own error
 */
export async function timed<T>(
  ms: number,
  outer: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
  late?: T,
): Promise<T> {
  const inner = new AbortController();
  let end: () => void = () => undefined;
  const over = new Promise<T>((resolve, reject) => {
    const stop = (failure: RemoteFailure) => {
      reject(failure);
      inner.abort(failure);
    };
    const stopped = () => stop(new RemoteFailure("stopped", "the source was stopped"));
    const timer = setTimeout(() => {
      if (late !== undefined) resolve(late);
      stop(new RemoteFailure("timeout", `no answer within ${Math.round(ms)} ms`));
    }, ms);
    outer.addEventListener("abort", stopped, { once: true });
    end = () => {
      clearTimeout(timer);
      outer.removeEventListener("abort", stopped);
    };
    if (outer.aborted) stopped();
  });
  over.catch(() => undefined);
  try {
    return await Promise.race([over, (async () => call(inner.signal))()]);
  } catch (error) {
    // If the signal caused an error, the signal's reason is reported.
    throw inner.signal.aborted ? (inner.signal.reason as RemoteFailure) : error;
  } finally {
    end();
  }
}
