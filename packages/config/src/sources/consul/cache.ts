import { randomBytes } from "node:crypto";
import { type FileHandle, open, readFile, rename, unlink } from "node:fs/promises";

import { turn } from "./backoff.ts";
import type { Entry } from "./entries.ts";

/** What a cache file belongs to: that of another prefix is not used. */
export interface CacheOwner {
  readonly root: string;
  readonly layout: "keys" | "blob";
}

const VERSION = 1;
/** Entries written between two turns of the event loop. */
const BATCH = 500;

/**
 * Writes the entries aside, syncs, and renames: the file is always whole. Mode 0600, since it holds what Consul holds.
 *
 * One line of JSON for the head, one for each entry, and one for the end.
 */
export async function write_cache(path: string, owner: CacheOwner, entries: Iterable<Entry>): Promise<void> {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  const file = await open(aside, "wx", 0o600);
  try {
    try {
      const count = await writeLines(file, owner, entries);
      await file.write(`${JSON.stringify({ entries: count })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    throw error;
  }
}

/**
 * Reads the entries back.
 *
 * @returns undefined where there is no file
 * @throws Error whose message says why the file cannot be used, never what is in it
 */
export async function read_cache(path: string, owner: CacheOwner): Promise<readonly Entry[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return undefined;
    throw new Error(`it cannot be read (${code ?? "unknown error"})`, { cause: undefined });
  }
  const lines = text.split("\n");
  const entries: Entry[] = [];
  try {
    const head = JSON.parse(lines[0] ?? "") as { version?: unknown; root?: unknown; layout?: unknown };
    if (head.version !== VERSION || head.root !== owner.root || head.layout !== owner.layout)
      throw new Error("other owner");
    for (let at = 1; at < lines.length - 2; at++) {
      const [key, raw] = JSON.parse(lines[at]!) as [unknown, unknown];
      if (typeof key !== "string" || typeof raw !== "string" || !key.startsWith(owner.root))
        throw new Error("not an entry");
      entries.push({ key, raw, modify_index: 0 });
      if (at % BATCH === 0) await turn();
    }
    const end = JSON.parse(lines.at(-2) ?? "") as { entries?: unknown };
    if (end.entries !== entries.length || lines.at(-1) !== "") throw new Error("cut");
  } catch {
    throw new Error("it is damaged, or was written for another prefix");
  }
  return entries;
}

/** Removes the file, where there is one. */
export async function remove_cache(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  });
}

async function writeLines(file: FileHandle, owner: CacheOwner, entries: Iterable<Entry>): Promise<number> {
  let lines = [JSON.stringify({ version: VERSION, root: owner.root, layout: owner.layout })];
  let count = 0;
  for (const { key, raw } of entries) {
    lines.push(JSON.stringify([key, raw]));
    count += 1;
    if (lines.length < BATCH) continue;
    await file.write(`${lines.join("\n")}\n`);
    lines = [];
  }
  if (lines.length > 0) await file.write(`${lines.join("\n")}\n`);
  return count;
}

/** Least time between two writings of the file, in milliseconds. */
const INTERVAL = 1000;

/** The cache file of one source: written behind the loads, at most once a second, the last state always. */
export class ConsulCache {
  readonly #path: string;
  readonly #owner: CacheOwner;
  #waiting: readonly Entry[] | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #problem: string | undefined;

  constructor(path: string, owner: CacheOwner) {
    this.#path = path;
    this.#owner = owner;
  }

  /** Why the file could not be written or read, in words. */
  get problem(): string | undefined {
    return this.#problem;
  }

  keep(entries: ReadonlyMap<string, Entry>): void {
    this.#waiting = [...entries.values()];
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    const wait = Math.max(0, this.#last + INTERVAL - Date.now());
    if (wait === 0) return this.#begin();
    this.#timer = setTimeout(() => this.#begin(), wait);
    // What is lost with a program that ends by itself is at most a second's changes.
    this.#timer.unref();
  }

  /** Writes what waits; resolves when nothing is being written. */
  async flush(): Promise<void> {
    this.#begin();
    while (this.#writing !== undefined) await this.#writing;
  }

  async read(): Promise<readonly Entry[] | undefined> {
    try {
      return await read_cache(this.#path, this.#owner);
    } catch (error) {
      this.#problem = `Cannot use cache file "${this.#path}": ${(error as Error).message}`;
      return undefined;
    }
  }

  async remove(): Promise<void> {
    this.#waiting = undefined;
    await this.flush();
    await remove_cache(this.#path).catch((error: unknown) => this.#note("remove", error));
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = this.#waiting;
    if (entries === undefined || this.#writing !== undefined) return;
    this.#waiting = undefined;
    this.#writing = write_cache(this.#path, this.#owner, entries).then(
      () => void (this.#problem = undefined),
      (error: unknown) => this.#note("write", error),
    );
    this.#writing = this.#writing.then(() => {
      this.#writing = undefined;
      this.#last = Date.now();
      if (this.#waiting !== undefined) this.#begin();
    });
  }

  #note(action: string, error: unknown): void {
    const { code } = error as { code?: string };
    this.#problem = `Cannot ${action} cache file "${this.#path}": ${code ?? "unknown error"}`;
  }
}
