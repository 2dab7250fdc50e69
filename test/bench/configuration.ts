import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** The configuration that every contender reads: tables of 100 leaves each, in a JSON file of its own folder. */

export type Tree = Record<string, Record<string, number>>;

export interface Fixture {
  readonly folder: string;
  readonly file: string;
  readonly tree: Tree;
  /** A spread of 64 leaves, as [table, key]. */
  readonly leaves: readonly (readonly [table: string, key: string])[];
  /** Writes the file anew, every leaf raised by one. */
  change(): Promise<void>;
  remove(): Promise<void>;
}

/** The tree of so many leaves; `version` is added to each value. */
export function tree(keys: number, version = 0): Tree {
  const made: Tree = {};
  for (let i = 0; i < keys; i++) (made[`table_${Math.floor(i / 100)}`] ??= {})[`key_${i % 100}`] = i + version;
  return made;
}

export async function fixture(keys: number, name = "default.json"): Promise<Fixture> {
  const folder = await mkdtemp(path.join(tmpdir(), "otpts-bench-"));
  const file = path.join(folder, name);
  let version = 0;
  const write = (): Promise<void> => writeFile(file, JSON.stringify(tree(keys, version)));
  await write();
  return {
    folder,
    file,
    tree: tree(keys),
    leaves: Array.from({ length: 64 }, (_, i) => {
      const leaf = Math.floor((i * keys) / 64);
      return [`table_${Math.floor(leaf / 100)}`, `key_${leaf % 100}`] as const;
    }),
    change() {
      version++;
      return write();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Nanoseconds and allocated bytes per read, `read` being given 0…63 in turn. `sum` is made of all that was read, so that
 * no compiler drops a read.
 */
export function reads(n: number, read: (leaf: number) => unknown): { ns: number; bytes: number; sum: number } {
  const loop = (times: number): number => {
    let sum = 0;
    for (let i = 0; i < times; i++) sum ^= read(i & 63) as number;
    return sum;
  };
  let sum = loop(n / 10);
  const start = process.hrtime.bigint();
  sum ^= loop(n);
  const ns = Number(process.hrtime.bigint() - start) / n;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  sum ^= loop(10_000);
  // What memoryUsage itself allocates is below a tenth of a byte a read.
  const bytes = Math.max(0, process.memoryUsage().heapUsed - before) / 10_000;
  return { ns, bytes: bytes < 0.5 ? 0 : bytes, sum };
}

/** The longest time the event loop did not turn while `work` ran, in ms, and how long it took. */
export async function blocking(work: () => Promise<unknown>): Promise<{ ms: number; block: number }> {
  let longest = 0;
  let last = performance.now();
  let turning = true;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (turning) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise((resolve) => setTimeout(resolve, 20));
  longest = 0;
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setImmediate(resolve));
  turning = false;
  return { ms, block: longest };
}
