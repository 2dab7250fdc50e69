import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { median } from "./stopwatch.ts";

/** The configuration that every contender reads: tables of 100 leaves each, in a JSON file in a separate folder. */

export type Tree = Record<string, Record<string, number>>;

export interface Fixture {
  readonly folder: string;
  readonly file: string;
  readonly tree: Tree;
  /** 64 paths to read in turn, of `among` different leaves spread over the file. */
  paths(among: number, separator: string): string[];
  /** Writes the file anew, every leaf raised by one. */
  readonly change: () => Promise<void>;
  remove(): Promise<void>;
}

/** The tree of so many leaves; `version` is added to each value. */
export function tree(keys: number, version = 0): Tree {
  const made: Tree = {};
  for (let i = 0; i < keys; i++) (made[`table_${Math.floor(i / 100)}`] ??= {})[`key_${i % 100}`] = i + version;
  return made;
}

/** The dotted paths of the leaves of `tree(keys)`. */
export function paths(keys: number): string[] {
  return Array.from({ length: keys }, (_, i) => `table_${Math.floor(i / 100)}.key_${i % 100}`);
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
    paths(among, separator) {
      const leaves = Array.from({ length: among }, (_, i) => Math.floor((i * keys) / among));
      const names = leaves.map((leaf) => `table_${Math.floor(leaf / 100)}${separator}key_${leaf % 100}`);
      return Array.from({ length: 64 }, (_, i) => names[i % among] as string);
    },
    change: () => {
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
  // A separate loop for each kind of read: in a shared loop the compiler would inline none of them.
  // oxlint-disable-next-line typescript/no-implied-eval
  const loop = new Function(
    "read",
    "times",
    "let sum = 0; for (let i = 0; i < times; i++) sum ^= read(i & 63); return sum",
  ) as (read: (leaf: number) => unknown, times: number) => number;
  let sum = loop(read, n) ^ loop(read, n);
  const ns = median(
    Array.from({ length: 5 }, () => {
      const start = process.hrtime.bigint();
      sum ^= loop(read, n);
      return Number(process.hrtime.bigint() - start) / n;
    }),
  );
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  sum ^= loop(read, 10_000);
  // The smallest object is of 16 bytes. Less than half of that a read is memoryUsage's own, or the compiler's.
  const bytes = Math.max(0, process.memoryUsage().heapUsed - before) / 10_000;
  return { ns, bytes: bytes < 8 ? 0 : bytes, sum };
}

/** How long a reload takes and how long the event loop did not turn meanwhile, at the longest, in ms: medians of five. */
export async function reloads(
  change: () => Promise<unknown>,
  reload: () => Promise<unknown>,
): Promise<{ ms: number; block: number }> {
  const found: { ms: number; block: number }[] = [];
  for (let i = 0; i < 7; i++) {
    await change();
    found.push(await blocking(reload));
  }
  const measured = found.slice(2);
  return { ms: median(measured.map(({ ms }) => ms)), block: median(measured.map(({ block }) => block)) };
}

async function blocking(work: () => Promise<unknown>): Promise<{ ms: number; block: number }> {
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
  await new Promise((resolve) => setTimeout(resolve, 10));
  longest = 0;
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setImmediate(resolve));
  turning = false;
  return { ms, block: longest };
}
