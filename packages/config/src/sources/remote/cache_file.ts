import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";

import { newBudget } from "../../budget.ts";
import { DurableFile } from "../durable_file.ts";
import { NotRegular } from "../regular_file.ts";
import { systemCode, systemFault } from "../system_words.ts";

/** The owner of a cache file, in texts: the file of another owner is not used. */
export type CacheOwner = Readonly<Record<string, string>>;

/** Minimum time between two writes of the file, in milliseconds. */
const INTERVAL = 1000;
const VERSION = 2;

/**
 * The cache file of one source: the last good content, for a start while its place cannot be reached. It is written
 * after loads, at most once a second, and always with the last state; replaced whole, mode 0600, since it may contain
 * secrets.
 *
 * The file has a line of JSON for the head, one for each item, and one for the end. It is a regular file that only its owner may
 * write: any other file is not read, and a file that is not a cache file is not replaced.
 */
export class CacheFile {
  private readonly path: string;
  private readonly owner: CacheOwner;
  private readonly file: DurableFile;
  private waiting: Iterable<unknown> | undefined;
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private last = 0;
  private isOurs = false;
  /** The file without links, once it was written. */
  private place: string | undefined;
  private trouble: string | undefined;

  /**
   * @param path the file; it need not exist
   * @param owner the owner of the content
   */
  constructor(path: string, owner: CacheOwner) {
    this.path = path;
    this.owner = owner;
    this.file = new DurableFile(path);
  }

  /** The reason why the file could not be written, read or removed. Never quotes the file. */
  get problem(): string | undefined {
    return this.trouble;
  }

  /** Writes these soon. @param items plain data, each a line of JSON; small, since a line is written without a pause */
  keep(items: Iterable<unknown>): void {
    this.waiting = items;
    if (this.timer !== undefined || this.writing !== undefined) return;
    const wait = this.last + INTERVAL - performance.now();
    if (this.last === 0 || wait <= 0) return this.begin();
    this.timer = setTimeout(() => this.begin(), wait);
    // A program that ends by itself loses at most a second's changes.
    this.timer.unref();
  }

  /** Writes pending items and lets the file go; resolves when no write is in progress. */
  async close(): Promise<void> {
    await this.flush();
    if (this.place !== undefined && writers.get(this.place) === this) writers.delete(this.place);
  }

  /** Writes pending items; resolves when no write is in progress. */
  async flush(): Promise<void> {
    this.begin();
    while (this.writing !== undefined) await this.writing;
  }

  /**
   * Reads the items; undefined if there is no usable file.
   *
   * @param checked checks and converts an item, and throws for an invalid one
   */
  async read<T>(checked: (item: unknown) => T): Promise<readonly T[] | undefined> {
    try {
      await this.file.remove_leftovers();
      const text = await this.file.read();
      if (text === undefined || text === "") return undefined;
      await this.must_be_private();
      return await this.items(text, checked);
    } catch (error) {
      const isTold = error instanceof NotUsable || systemCode(error) !== "unknown";
      this.note("use", isTold ? error : new NotUsable("it is damaged"));
      return undefined;
    }
  }

  /** Removes the file, if there is one. */
  async remove(): Promise<void> {
    this.waiting = undefined;
    await this.flush();
    try {
      await this.must_be_ours();
      await this.file.remove();
    } catch (error) {
      this.note("remove", error);
    }
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const items = this.waiting;
    if (items === undefined || this.writing !== undefined) return;
    this.waiting = undefined;
    this.writing = this.write(items).then(() => {
      this.writing = undefined;
      this.last = performance.now();
      if (this.waiting !== undefined) this.begin();
    });
  }

  private async write(items: Iterable<unknown>): Promise<void> {
    try {
      await this.must_be_ours();
      await this.occupy();
      const lines = [JSON.stringify({ version: VERSION, ...this.owner })];
      const digest = createHash("sha256");
      const budget = newBudget();
      let entries = 0;
      for (const item of items) {
        const line = JSON.stringify(item);
        digest.update(line);
        lines.push(line);
        entries += 1;
        if (budget.spent()) await budget.turn();
      }
      lines.push(JSON.stringify({ entries, digest: digest.digest("hex") }), "");
      await this.file.replace(lines.join("\n"));
      this.trouble = undefined;
    } catch (error) {
      this.note("write", error);
    }
  }

  private async items<T>(text: string, checked: (item: unknown) => T): Promise<readonly T[]> {
    const lines = text.split("\n");
    const head = headOf(lines[0]);
    const isTheirs = Object.entries(this.owner).some(([key, value]) => head[key] !== value);
    if (head["version"] !== VERSION || isTheirs) throw new NotUsable("it was written for another place");
    const items: T[] = [];
    const digest = createHash("sha256");
    const budget = newBudget();
    for (const line of lines.slice(1, -2)) {
      digest.update(line);
      items.push(checked(JSON.parse(line)));
      if (budget.spent()) await budget.turn();
    }
    const end = JSON.parse(lines.at(-2) ?? "") as { readonly entries?: unknown; readonly digest?: unknown };
    if (end.entries !== items.length || end.digest !== digest.digest("hex")) throw new NotUsable("it is damaged");
    return items;
  }

  /** A file that other users may write is not trusted. */
  private async must_be_private(): Promise<void> {
    if (process.platform === "win32") return;
    const { mode, uid } = await stat(await this.file.place());
    if ((mode & 0o022) !== 0) throw new NotUsable("other users may write it; change its mode to 0600");
    const own = process.geteuid?.();
    if (uid !== own && uid !== 0) throw new NotUsable("it belongs to another user");
  }

  /** A file with other content is not replaced. Checked before the first write. */
  private async must_be_ours(): Promise<void> {
    if (this.isOurs) return;
    const place = await this.file.place();
    const handle = await open(place).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    });
    try {
      const { bytesRead, buffer } = (await handle?.read({ buffer: Buffer.alloc(HEAD) })) ?? {};
      if (bytesRead !== undefined && bytesRead > 0 && buffer !== undefined) {
        if (!isHead(buffer.toString("utf8", 0, bytesRead))) throw new NotUsable("it is not a cache file");
      }
    } finally {
      await handle?.close();
    }
    this.isOurs = true;
  }

  /** Two sources that write one file would overwrite each other's content. */
  private async occupy(): Promise<void> {
    this.place = await this.file.place();
    const other = writers.get(this.place);
    if (other !== undefined && !isSameOwner(other.owner, this.owner)) {
      throw new NotUsable("another source of this program writes it; give each source its own file");
    }
    writers.set(this.place, this);
  }

  private note(action: string, error: unknown): void {
    this.trouble = `Cannot ${action} cache file "${this.path}": ${whyOf(error)}`;
  }
}

/** The cache files that this program writes, by path. */
const writers = new Map<string, CacheFile>();

function isSameOwner(one: CacheOwner, other: CacheOwner): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Length of the beginning by which a cache file is recognised, in bytes. */
const HEAD = 64;

/** The first line begins with the version. */
function isHead(text: string): boolean {
  return /^\{"version":\d+[,}]/.test(text);
}

function headOf(line: string | undefined): Readonly<Record<string, unknown>> {
  if (line === undefined || !isHead(line)) throw new NotUsable("it is not a cache file");
  return JSON.parse(line) as Record<string, unknown>;
}

/** A file that is not used. The message has the reason. */
class NotUsable extends Error {}

function whyOf(error: unknown): string {
  return error instanceof NotRegular || error instanceof NotUsable ? error.message : systemFault(error).words;
}
