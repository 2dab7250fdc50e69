import { randomBytes } from "node:crypto";
import { closeSync, lstatSync, openSync, unlinkSync } from "node:fs";
import { link, lstat, rename, unlink } from "node:fs/promises";
import { type Server, createConnection, createServer } from "node:net";
import { basename, dirname, join } from "node:path";

import { make_directory } from "./make_directory.ts";

/**
 * One program at a time for a file.
 *
 * The lock is a Unix domain socket beside the file (`.NAME.lock`) on which its holder listens, so the operating system
 * knows whether the holder is alive. A killed program no longer listens, even if its pid is used again; one in another
 * container, with other pids, or behind a bind mount, is still detected. A client that connects gets the holder's pid.
 *
 * If the file system has no sockets or cannot be written to, or a path is too long for a socket, the file is not
 * locked.
 */
export interface FileLock {
  /** Whether this program still has the lock: its file may have been removed or replaced. */
  held(): Promise<boolean>;
  /** Releases the lock. May be called twice. Never rejects. */
  release(): Promise<void>;
}

/** The file is in use. */
export class Locked extends Error {
  override readonly name = "Locked";
  readonly code = "locked";
  /** The pid of the program that uses it, in its own container; undefined if unknown. */
  readonly pid: number | undefined;
  /** Whether the holder is this program. */
  readonly own: boolean;

  constructor(pid: number | undefined, own: boolean) {
    super(pid === undefined ? "another program uses it" : `the program with pid ${pid} uses it`);
    this.pid = pid;
    this.own = own;
  }
}

/** How long (ms) a holder has to send its pid, and how often to try to take the lock of a dead one. */
const ANSWER = 500;
const ROUNDS = 20;

/** Maximum length of a socket's path, in bytes, on every system. */
const LONGEST = 100;

/** Identifies this program: one in another container may have the same pid. */
const PROGRAM = randomBytes(8).toString("hex");

const held = new Set<Held>();

/**
 * Locks a file.
 *
 * @param path the path of the file, without symbolic links; its directory must exist
 * @returns undefined if locking is not possible
 * @throws Locked, or the system's error
 */
export async function lock_file(path: string): Promise<FileLock | undefined> {
  if (process.platform === "win32") return undefined;
  try {
    await make_directory(dirname(path), 0o700);
    return await locked(path);
  } catch (error) {
    // If nothing can be written, there are no conflicting writes, and saving reports the reason.
    if (["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(codeOf(error))) return undefined;
    throw error;
  }
}

async function locked(path: string): Promise<FileLock | undefined> {
  const place = join(dirname(path), `.${basename(path)}.lock`);
  const own = `${place}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const short = new ShortPath(dirname(path));
  try {
    const server = await listening(short.of(own));
    if (server === undefined) return undefined;
    try {
      const { ino } = await lstat(own);
      for (let round = 0; ; round += 1) {
        if (await linked(own, place)) {
          await unlink(own);
          const lock = new Held(server, place, ino);
          held.add(lock);
          return lock;
        }
        const holder = await holderOf(short.of(place));
        if (holder !== undefined || round === ROUNDS) throw new Locked(holder?.pid, holder?.program === PROGRAM);
        await takeAway(place, short);
      }
    } catch (error) {
      server.close();
      await unlink(own).catch(() => undefined);
      throw error;
    }
  } finally {
    short.close();
  }
}

class Held implements FileLock {
  private readonly server: Server;
  private readonly place: string;
  private readonly ino: number;

  constructor(server: Server, place: string, ino: number) {
    this.server = server;
    this.place = place;
    this.ino = ino;
  }

  async held(): Promise<boolean> {
    return held.has(this) && (await this.isOurs());
  }

  async release(): Promise<void> {
    if (!held.delete(this)) return;
    if (await this.isOurs()) await unlink(this.place).catch(() => undefined);
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Removes the lock when the program ends. */
  drop(): void {
    try {
      if (lstatSync(this.place).ino === this.ino) unlinkSync(this.place);
    } catch {
      // The remaining file is not a lock, because nothing listens on it.
    }
  }

  private async isOurs(): Promise<boolean> {
    return lstat(this.place).then(
      ({ ino }) => ino === this.ino,
      () => false,
    );
  }
}

process.on("exit", () => {
  for (const lock of held) lock.drop();
});

/** Listens, and sends the pid to clients. Undefined if the file system has no sockets. */
function listening(path: string): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > LONGEST) return Promise.resolve(undefined);
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(`${process.pid} ${PROGRAM}\n`);
    socket.unref();
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const unable = ["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EAFNOSUPPORT"];
      if (unable.includes(error.code ?? "")) resolve(undefined);
      else reject(error);
    });
    // Otherwise the workers of a cluster would share one socket, and so one lock.
    server.listen({ path, exclusive: true }, () => resolve(server));
  });
}

async function linked(own: string, place: string): Promise<boolean> {
  try {
    await link(own, place);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

interface Holder {
  readonly pid: number | undefined;
  readonly program?: string;
}

/** The holder that listens on a lock; undefined if there is none. */
function holderOf(path: string): Promise<Holder | undefined> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = createConnection({ path });
    const answered = () => {
      socket.destroy();
      const [, pid, program] = /^(\d+) (\w+)\n$/.exec(text) ?? [];
      resolve(program === undefined ? { pid: undefined } : { pid: Number(pid), program });
    };
    socket.setTimeout(ANSWER, answered);
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => (text += part));
    socket.on("end", answered);
    socket.on("error", (error) => {
      socket.destroy();
      const code = codeOf(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve(undefined);
      // A full queue or a socket of another user: there is a holder.
      else if (["EAGAIN", "EACCES", "ECONNRESET", "EPIPE"].includes(code)) resolve({ pid: undefined });
      else if (code === "ENOTSOCK") reject(new Error("its lock is not a socket", { cause: error }));
      else reject(error);
    });
  });
}

/** Removes the lock of a dead program, but not one that another program has taken meanwhile. */
async function takeAway(place: string, short: ShortPath): Promise<void> {
  const aside = `${place}-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await rename(place, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await holderOf(short.of(aside))) !== undefined) await linked(aside, place);
  await unlink(aside);
}

/** Paths of sockets are limited to about a hundred bytes: on Linux a directory has a short name by its descriptor. */
class ShortPath {
  private readonly directory: number | undefined;

  constructor(directory: string) {
    this.directory = process.platform === "linux" ? openSync(directory, "r") : undefined;
  }

  of(path: string): string {
    return this.directory === undefined ? path : `/proc/self/fd/${this.directory}/${basename(path)}`;
  }

  close(): void {
    if (this.directory !== undefined) closeSync(this.directory);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
