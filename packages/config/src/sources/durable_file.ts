import { createHash } from "node:crypto";
import { constants } from "node:fs";
import * as node_fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { newBudget } from "../budget.ts";
import { type Budget, eachInTurn } from "../core/sliced.ts";
import { boot_id } from "./boot.ts";
import { make_directory } from "./make_directory.ts";
import { must_be_regular, regular_place } from "./regular_file.ts";

/** The functions used of the file system, so that its failures can be tested. */
export type FileSystem = Pick<
  typeof node_fs,
  "open" | "rename" | "unlink" | "readdir" | "mkdir" | "readFile" | "lstat" | "readlink"
>;

/**
 * A small file that is replaced as a whole, or not at all. It must be a regular file: anything else is refused and left
 * alone.
 *
 * New content is written to a temporary file beside it (mode 0600) and synced, and so is the directory; the last step
 * renames it into place. A failure before that step leaves the file unchanged, and after that step nothing can fail: if
 * `replace` rejects, nothing needs undoing, and the content is not there after a restart.
 *
 * When the machine loses power, that last rename may be lost. So the name of the temporary file contains its target,
 * the boot of the machine, and the digests: `read` finds it after a reboot and renames it again. Within the same boot
 * it was left by a program that died, or by a failure, and is removed.
 */
export class DurableFile {
  private readonly path: string;
  private readonly fs: FileSystem;
  private readonly boot: string;
  /** The file itself, if `path` is a symbolic link to it. */
  private target: string;
  /** Digest of the content; `""` if there is no file. */
  private digest = "";

  /** @param boot identifies this boot of the machine */
  constructor(path: string, file_system: FileSystem = node_fs, boot: string = boot_id()) {
    this.path = path;
    this.target = path;
    this.fs = file_system;
    this.boot = boot.slice(0, 8);
  }

  /** The path of the file, without symbolic links. @throws NotRegular; what the system says */
  async place(): Promise<string> {
    return (this.target = await regular_place(this.path, this.fs));
  }

  /** The content, or `undefined` if there is no file. @throws NotRegular; what the system says */
  async read(): Promise<string | undefined> {
    await this.place();
    await this.recover();
    const content = await this.content(this.target);
    this.digest = content === undefined ? "" : digestOf(content);
    return content;
  }

  /** Replaces the content. If this rejects, with NotRegular or the system's error, the file is unchanged. */
  async replace(content: string): Promise<void> {
    const bytes = Buffer.from(content);
    const digest = await digestWithin(bytes, newBudget());
    const aside = await this.writeAside(bytes, digest);
    try {
      await this.syncDirectory();
      // Only our own file is renamed over, even if something else has taken its place since it was read.
      await regular_place(this.target, this.fs);
      await this.fs.rename(aside, this.target);
    } catch (error) {
      // The original failure is the one to report; a leftover is removed at the next start.
      await this.fs.unlink(aside).catch(() => undefined);
      throw error;
    }
    this.digest = digest;
  }

  /** Renames the file to a free name that begins with its own and `suffix`. Returns that name. */
  async set_aside(suffix: string): Promise<string> {
    await regular_place(this.target, this.fs);
    const directory = dirname(this.target);
    const taken = new Set(await this.fs.readdir(directory));
    let name = `${basename(this.target)}${suffix}`;
    for (let n = 2; taken.has(name); n += 1) name = `${basename(this.target)}${suffix}-${n}`;
    await this.fs.rename(this.target, join(directory, name));
    await this.syncDirectory();
    this.digest = "";
    return join(directory, name);
  }

  /** Removes the file, if there is one. @throws NotRegular; what the system says */
  async remove(): Promise<void> {
    try {
      await this.fs.unlink(await this.place());
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.digest = "";
  }

  /** Removes temporary files left by dead writers. @throws what the system says */
  async remove_leftovers(): Promise<void> {
    for (const { name } of await this.leftovers()) await this.unlinkBeside(name);
  }

  /** Completes the last rename if a loss of power interrupted it. */
  private async recover(): Promise<void> {
    const leftovers = await this.leftovers();
    for (const { name, boot, before, after } of leftovers) {
      if (boot === this.boot) continue;
      const [old, made] = await Promise.all([
        this.content(this.target),
        this.content(join(dirname(this.target), name)),
      ]);
      if (before !== (old === undefined ? NOTHING : digestOf(old)) || made === undefined) continue;
      if (after !== digestOf(made)) continue;
      await this.fs.rename(join(dirname(this.target), name), this.target);
      await this.syncDirectory();
      return;
    }
  }

  private async leftovers() {
    const begin = temporaryPrefix(this.target);
    let names: string[];
    try {
      names = await this.fs.readdir(dirname(this.target));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    return names.flatMap((name) => {
      const [, pid, boot, before, after] = name.startsWith(begin)
        ? (/^(\d+)-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)$/.exec(name.slice(begin.length)) ?? [])
        : [];
      if (boot === undefined) return [];
      const isOthers = boot === this.boot && Number(pid) !== process.pid && isAlive(Number(pid));
      return isOthers ? [] : [{ name, boot, before, after }];
    });
  }

  private async unlinkBeside(name: string): Promise<void> {
    try {
      await this.fs.unlink(join(dirname(this.target), name));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  private async content(place: string): Promise<string | undefined> {
    try {
      // Anything but a regular file is not even opened: opening alone may block for ever or have an effect.
      must_be_regular(await this.fs.lstat(place));
      const handle = await this.fs.open(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      try {
        must_be_regular(await handle.stat());
        return await this.fs.readFile(handle, "utf8");
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  private async writeAside(content: Uint8Array, digest: string): Promise<string> {
    const directory = dirname(this.target);
    const mark = [process.pid, this.boot, this.digest === "" ? NOTHING : this.digest, digest].join("-");
    const aside = join(directory, `${temporaryPrefix(this.target)}${mark}`);
    const open = () => this.fs.open(aside, "wx", 0o600);
    const file = await open().catch(async (error: NodeJS.ErrnoException) => {
      // The same change was tried before, and its file could not be removed when it failed.
      if (error.code === "EEXIST") await this.fs.unlink(aside);
      else if (error.code === "ENOENT")
        await make_directory(directory, 0o700, (path, mode) => this.fs.mkdir(path, mode));
      else throw error;
      return open();
    });
    try {
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await this.fs.unlink(aside).catch(() => undefined);
      throw error;
    }
    return aside;
  }

  private async syncDirectory(): Promise<void> {
    // Windows does not have this: there the system makes a rename durable.
    if (process.platform === "win32") return;
    const directory = await this.fs.open(dirname(this.target), "r");
    try {
      await directory.sync();
    } catch (error) {
      // Some file systems report that they cannot sync a directory; nothing more can be done.
      if (!["EINVAL", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    } finally {
      await directory.close();
    }
  }
}

/** Used in place of a digest if there was no file. */
const NOTHING = "0";

/** Bytes that are hashed in one go: about a millisecond. */
const PIECE = 512 * 1024;

async function digestWithin(bytes: Uint8Array, budget: Budget): Promise<string> {
  const hash = createHash("sha256");
  const starts = Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, i) => i * PIECE);
  await eachInTurn(starts, (start) => void hash.update(bytes.subarray(start, start + PIECE)), budget);
  return hash.digest("hex").slice(0, 16);
}

function digestOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.writing-`;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
