import { randomBytes } from "node:crypto";
import { closeSync, lstatSync, openSync, unlinkSync } from "node:fs";
import { link, lstat, mkdir, rename, unlink } from "node:fs/promises";
import { type Server, createConnection, createServer } from "node:net";
import { basename, dirname, join } from "node:path";

/**
 * One program at a time for a file.
 *
 * The lock is a Unix domain socket beside the file (`.NAME.lock`) that its holder listens on: the system itself says whether
 * somebody does. A program that was killed listens no more, whatever became of its pid; one in another container, with
 * another idea of pids, or behind a bind mount, is heard all the same. Who connects is told the holder's pid.
 *
 * Where the file system has no sockets or cannot be written to, or a path is too long for one, the file is not locked.
 */
export interface FileLock {
  /** Whether the lock is still this program's: its file may have been removed or replaced by others. */
  held(): Promise<boolean>;
  /** Lets go of it. May be called twice. Never rejects. */
  release(): Promise<void>;
}

/** The file is in use. */
export class Locked extends Error {
  override readonly name = "Locked";
  readonly code = "locked";
  /** The pid of the program that uses it, in its own container; undefined where it did not say. */
  readonly pid: number | undefined;
  /** Whether it is this program. */
  readonly own: boolean;

  constructor(pid: number | undefined, own: boolean) {
    super(pid === undefined ? "another program uses it" : `the program with pid ${pid} uses it`);
    this.pid = pid;
    this.own = own;
  }
}

/** How long (ms) a holder has to say its pid, and how often the lock of one that died is tried to be taken. */
const ANSWER = 500;
const ROUNDS = 20;

/** What a socket's path may have at most, in bytes, on every system. */
const LONGEST = 100;

/** Tells this program from others: in another container one may have the same pid. */
const PROGRAM = randomBytes(8).toString("hex");

const held = new Set<Held>();

/**
 * Locks a file.
 *
 * @param path of the file, without symbolic links; its directory must be there
 * @returns undefined where a lock cannot be had at all
 * @throws Locked; what the system says
 */
export async function lock_file(path: string): Promise<FileLock | undefined> {
  if (process.platform === "win32") return undefined;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await locked(path);
  } catch (error) {
    // Where nothing can be written, nobody writes over anybody; and what is saved there says why it cannot be.
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

  /** When the program ends. */
  drop(): void {
    try {
      if (lstatSync(this.place).ino === this.ino) unlinkSync(this.place);
    } catch {
      // What is left is no lock: nobody listens on it.
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

/** Listens, and tells who connects the pid. Undefined where the file system has no sockets. */
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
    // Workers of a cluster would else share one socket, and so one lock.
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

/** Who listens on a lock; undefined when nobody does. */
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
      // A queue that is full, a socket of another user: somebody is there.
      else if (["EAGAIN", "EACCES", "ECONNRESET", "EPIPE"].includes(code)) resolve({ pid: undefined });
      else if (code === "ENOTSOCK") reject(new Error("its lock is no socket", { cause: error }));
      else reject(error);
    });
  });
}

/** Takes the lock of a program that died out of the way: that one, and not the lock of who was faster. */
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

/** Paths of sockets have some hundred bytes: on Linux a directory has a short name by its descriptor. */
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
