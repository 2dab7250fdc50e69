import { DurableFile } from "../durable_file.ts";
import { NotRegular } from "../regular_file.ts";
import { systemCode, systemFault } from "../system_words.ts";
import { turn } from "./backoff.ts";
import type { Entry } from "./entries.ts";

/** What a cache file belongs to: that of another prefix is not used. */
export interface CacheOwner {
  readonly root: string;
  readonly layout: "keys" | "blob";
}

/** Least time between two writings of the file, in milliseconds. */
const INTERVAL = 1000;
const VERSION = 1;
/** Entries handled between two turns of the event loop. */
const BATCH = 500;

/**
 * The cache file of one source: the last good entries, for a start while Consul is down. Written behind the loads, at most
 * once a second, the last state always; replaced whole, mode 0600, since it holds what Consul holds (but no token).
 *
 * A line of JSON for the head, one for each entry, and one for the end.
 */
export class ConsulCache {
  readonly #path: string;
  readonly #owner: CacheOwner;
  readonly #file: DurableFile;
  #waiting: readonly Entry[] | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #problem: string | undefined;

  constructor(path: string, owner: CacheOwner) {
    this.#path = path;
    this.#owner = owner;
    this.#file = new DurableFile(path);
  }

  /** Why the file could not be written, read or removed. Never what is in it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Writes these soon. */
  keep(entries: ReadonlyMap<string, Entry>): void {
    this.#waiting = [...entries.values()];
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    const wait = this.#last + INTERVAL - Date.now();
    if (wait <= 0) return this.#begin();
    this.#timer = setTimeout(() => this.#begin(), wait);
    // A program that ends by itself loses at most a second's changes.
    this.#timer.unref();
  }

  /** Writes what waits; resolves when nothing is being written. */
  async flush(): Promise<void> {
    this.#begin();
    while (this.#writing !== undefined) await this.#writing;
  }

  /** The entries; undefined where there is no file that can be used. */
  async read(): Promise<readonly Entry[] | undefined> {
    try {
      await this.#file.remove_leftovers();
      const text = await this.#file.read();
      return text === undefined ? undefined : await this.#entries(text.split("\n"));
    } catch (error) {
      const isSystems = systemCode(error) !== "unknown";
      const why = isSystems ? whyOf(error) : "it is damaged, or was written for another prefix";
      this.#problem = `Cannot use cache file "${this.#path}": ${why}`;
      return undefined;
    }
  }

  async remove(): Promise<void> {
    this.#waiting = undefined;
    await this.flush();
    await this.#file.remove().catch((error: unknown) => this.#note("remove", error));
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = this.#waiting;
    if (entries === undefined || this.#writing !== undefined) return;
    this.#waiting = undefined;
    this.#writing = this.#write(entries).then(() => {
      this.#writing = undefined;
      this.#last = Date.now();
      if (this.#waiting !== undefined) this.#begin();
    });
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    try {
      const parts = [JSON.stringify({ version: VERSION, ...this.#owner })];
      for (const { key, raw } of entries) if (parts.push(JSON.stringify([key, raw])) % BATCH === 0) await turn();
      parts.push(JSON.stringify({ entries: entries.length }), "");
      await this.#file.replace(parts.join("\n"));
      this.#problem = undefined;
    } catch (error) {
      this.#note("write", error);
    }
  }

  async #entries(lines: readonly string[]): Promise<readonly Entry[]> {
    const head = JSON.parse(lines[0] ?? "") as { version?: unknown; root?: unknown; layout?: unknown };
    const { root, layout } = this.#owner;
    if (head.version !== VERSION || head.root !== root || head.layout !== layout) throw new Error("other owner");
    const entries: Entry[] = [];
    for (let at = 1; at < lines.length - 2; at++) {
      const [key, raw] = JSON.parse(lines[at]!) as [unknown, unknown];
      if (typeof key !== "string" || typeof raw !== "string" || !key.startsWith(root)) throw new Error("not an entry");
      entries.push({ key, raw, modify_index: 0 });
      if (at % BATCH === 0) await turn();
    }
    const end = JSON.parse(lines.at(-2) ?? "") as { entries?: unknown };
    if (end.entries !== entries.length) throw new Error("cut");
    return entries;
  }

  #note(action: string, error: unknown): void {
    this.#problem = `Cannot ${action} cache file "${this.#path}": ${whyOf(error)}`;
  }
}

function whyOf(error: unknown): string {
  return error instanceof NotRegular ? error.message : systemFault(error).words;
}
