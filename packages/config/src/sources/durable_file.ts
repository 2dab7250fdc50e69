import * as node_fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What is used of the file system, so that its failures can be tested. */
export type FileSystem = Pick<
  typeof node_fs,
  "open" | "rename" | "unlink" | "readdir" | "mkdir" | "readFile" | "realpath"
>;

/**
 * A small file that is replaced whole, or not at all.
 *
 * New content is written to a file beside it (mode 0600), synced, and renamed into place; then the directory is synced.
 * So at any moment, whatever dies, the file holds either the old content or the new one; and when `replace` has resolved,
 * the new one, even if the machine loses power.
 */
export class DurableFile {
  readonly #path: string;
  readonly #fs: FileSystem;
  /** The file itself, where `path` is a symbolic link to it. */
  #target: string;
  /** Content that is known to be on disk; `undefined` where there is no file. */
  #content: string | undefined;
  #count = 0;

  constructor(path: string, file_system: FileSystem = node_fs) {
    this.#path = path;
    this.#target = path;
    this.#fs = file_system;
  }

  /** The content, or `undefined` where there is no file. Throws what the system says. */
  async read(): Promise<string | undefined> {
    try {
      this.#target = await this.#fs.realpath(this.#path);
      this.#content = await this.#fs.readFile(this.#target, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      this.#content = undefined;
    }
    return this.#content;
  }

  /**
   * Replaces the content. When this rejects (with what the system says) the old content stays: also where only the last
   * step failed, as far as the system still lets it be put back.
   */
  async replace(content: string): Promise<void> {
    const temporary = await this.#writeAside(content);
    try {
      await this.#fs.rename(temporary, this.#target);
    } catch (error) {
      await this.#discard(temporary);
      throw error;
    }
    try {
      await this.#syncDirectory();
    } catch (error) {
      await this.#putBack();
      throw error;
    }
    this.#content = content;
  }

  /** Renames the file to a free name that begins with its own and `suffix`. Returns that name. */
  async set_aside(suffix: string): Promise<string> {
    const directory = dirname(this.#target);
    const taken = new Set(await this.#fs.readdir(directory));
    let name = `${basename(this.#target)}${suffix}`;
    for (let n = 2; taken.has(name); n += 1) name = `${basename(this.#target)}${suffix}-${n}`;
    await this.#fs.rename(this.#target, join(directory, name));
    await this.#syncDirectory();
    this.#content = undefined;
    return join(directory, name);
  }

  /** Removes what writers that died left beside the file. Throws what the system says. */
  async remove_leftovers(): Promise<void> {
    const directory = dirname(this.#target);
    const names = await this.#fs.readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const begin = temporaryPrefix(this.#target);
    for (const name of names) {
      const owner = name.startsWith(begin) ? Number(/^(\d+)-\d+$/.exec(name.slice(begin.length))?.[1]) : Number.NaN;
      if (Number.isNaN(owner) || (owner !== process.pid && isAlive(owner))) continue;
      await this.#fs.unlink(join(directory, name));
    }
  }

  async #writeAside(content: string): Promise<string> {
    const directory = dirname(this.#target);
    const temporary = join(directory, `${temporaryPrefix(this.#target)}${process.pid}-${(this.#count += 1)}`);
    const file = await this.#fs.open(temporary, "wx", 0o600).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await this.#fs.mkdir(directory, { recursive: true, mode: 0o700 });
      return this.#fs.open(temporary, "wx", 0o600);
    });
    try {
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await this.#discard(temporary);
      throw error;
    }
    return temporary;
  }

  /** The failure that led here is the one to report; a leftover is removed at the next start. */
  async #discard(temporary: string): Promise<void> {
    await this.#fs.unlink(temporary).catch(() => undefined);
  }

  /** The new content has its name, but may lose it: give the name back to the old content. */
  async #putBack(): Promise<void> {
    try {
      if (this.#content === undefined) await this.#fs.unlink(this.#target);
      else await this.#fs.rename(await this.#writeAside(this.#content), this.#target);
    } catch {
      // The failure that led here is the one to report. Whatever is replaced next is written whole again.
    }
  }

  async #syncDirectory(): Promise<void> {
    // Windows has no such thing: there a rename is made durable by the system.
    if (process.platform === "win32") return;
    const directory = await this.#fs.open(dirname(this.#target), "r");
    try {
      await directory.sync();
    } catch (error) {
      // Some file systems cannot sync a directory and say so: they have no more to give.
      if (!["EINVAL", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    } finally {
      await directory.close();
    }
  }
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.writing-`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
