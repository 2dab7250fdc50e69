/** Measuring inside a contender's process: elapsed nanoseconds, live bytes, percentiles. */

/** Nanoseconds per turn, of `n` turns that `work` does. */
export async function per(n: number, work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / n;
}

/** Microseconds that this program's threads computed for while `work` was done. */
export async function processorTime(work: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Live bytes after a full collection: the JavaScript heap, and memory outside that it refers to. */
export async function liveBytes(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("Cannot measure live bytes: Node must run with --expose-gc, and does not");
  // Two collections with a turn between: finalizers and weak cells let go of their targets only then.
  gc();
  await new Promise((resolve) => setImmediate(resolve));
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The smallest value that at least `share` of the samples do not exceed (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
