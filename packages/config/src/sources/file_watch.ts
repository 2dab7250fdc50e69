import { lstat, readlink } from "node:fs/promises";
import { basename, join, parse as parsePath, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type FSWatcher, watch as watchNatively } from "chokidar";

import { print_file, sample_file } from "./file_sample.ts";
import type { Watch } from "./source.ts";

export interface FileWatchOptions {
  readonly poll_interval: number;
  readonly use_polling: boolean;
  readonly max_bytes: number;
}

/** How often (ms) at most the content is compared although nothing else tells of a change. */
const COMPARE = 5000;

/** Time (ms) between two looks, however many hints there are. */
const GAP = 20;

/** What a load saw. */
export interface Seen {
  readonly print: string;
  /** `undefined` where the content could not be read. */
  readonly digest: string | undefined;
}

/**
 * Watches a path for what may change its content.
 *
 * Native events come from every directory that the path leads through by a symbolic link, and from the one it ends in (or
 * the nearest one there is): so a re-pointed link, a ConfigMap swap and a recreated parent are seen as well. An event is
 * only a hint: what the path leads to is compared with what was loaded. The same comparison runs every `poll_interval`,
 * for what no event told.
 *
 * Nothing of it keeps a process alive (except on Windows, where a native watch without that may fail without a handler).
 *
 * @param seen what was last loaded, if anything
 * @param changed is told when the path holds something else
 * @param failed is told why native events cannot be had, if they cannot: the poll goes on
 */
export async function watch_file(
  path: string,
  options: FileWatchOptions,
  seen: () => Seen | undefined,
  changed: () => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<Watch> {
  const watch = new FileWatch(path, options, seen, changed, failed);
  const close = () => void watch.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  else await watch.start();
  return {
    async close() {
      signal.removeEventListener("abort", close);
      await watch.close();
    },
  };
}

class FileWatch {
  readonly #path: string;
  readonly #options: FileWatchOptions;
  readonly #seen: () => Seen | undefined;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  /** Whether someone waits for the watch to flow: only then does it keep the process alive. */
  #starting = true;
  #closed = false;
  #stop!: () => void;
  readonly #stopped = new Promise<void>((resolve) => (this.#stop = resolve));
  #timer: NodeJS.Timeout | undefined;
  /** The look that is running, if one is. */
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #native: FSWatcher | undefined;
  #nativeRoute = "";
  readonly #closing: Promise<void>[] = [];
  #compared = performance.now();

  constructor(
    path: string,
    options: FileWatchOptions,
    seen: () => Seen | undefined,
    changed: () => void,
    failed: (error: unknown) => void,
  ) {
    this.#path = path;
    this.#options = options;
    this.#seen = seen;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Resolves when native events flow; what changed before is told as well. */
  async start(): Promise<void> {
    await this.#look();
    this.#starting = false;
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    clearTimeout(this.#timer);
    await this.#looking;
    this.#dropNative();
    await Promise.all(this.#closing);
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look().then(() => this.#arm()), this.#options.poll_interval);
    this.#timer.unref();
  }

  /** One look at a time; hints that come meanwhile make for one more. Never rejects. */
  #look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return this.#looking;
    }
    const looking = (async () => {
      do {
        if (this.#lookAgain) await Promise.race([sleep(GAP, undefined, { ref: this.#starting }), this.#stopped]);
        this.#lookAgain = false;
        if (!this.#options.use_polling) await this.#followRoute();
        if (!this.#closed && (await this.#differs()) && !this.#closed) this.#changed();
      } while (this.#lookAgain && !this.#closed);
      this.#looking = undefined;
    })();
    this.#looking = looking;
    return looking;
  }

  async #differs(): Promise<boolean> {
    const seen = this.#seen();
    if (seen === undefined) return true;
    if ((await print_file(this.#path)) !== seen.print) return true;
    // Time stamps are coarse, and some file systems keep them carelessly.
    if (seen.digest === undefined || performance.now() - this.#compared < COMPARE) return false;
    this.#compared = performance.now();
    try {
      return (await sample_file(this.#path, this.#options.max_bytes)).digest !== seen.digest;
    } catch {
      // Whatever is wrong is the load's to report.
      return true;
    }
  }

  async #followRoute(): Promise<void> {
    const directories = await routeOf(this.#path);
    const route = [...directories]
      .map(([directory, { identity, names }]) => [identity, directory, ...names].join("/"))
      .join("\n");
    if (route === this.#nativeRoute || this.#closed) return;
    this.#dropNative();
    this.#nativeRoute = route;
    const native = watchNatively([...directories.keys()], {
      persistent: process.platform === "win32",
      ignoreInitial: true,
      followSymlinks: false,
      depth: 0,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (entry) => !directories.has(entry),
    });
    this.#native = native;
    const hint = () => {
      if (this.#native === native && !this.#closed) void this.#look();
    };
    native.on("all", hint);
    native.on("raw", (_event, name, details) => {
      // Others may write much in the same directory. An event of the directory itself bears its own name, or none.
      const directory = (details as { readonly watchedPath?: string } | undefined)?.watchedPath ?? "";
      const names = directories.get(directory)?.names;
      if (names === undefined || !name || names.has(name) || name === basename(directory)) hint();
    });
    native.on("error", this.#failed);
    await Promise.race([new Promise<void>((resolve) => native.once("ready", resolve)), this.#stopped]);
    this.#lookAgain = true;
  }

  #dropNative(): void {
    if (this.#native === undefined) return;
    this.#closing.push(this.#native.close());
    this.#native = undefined;
    this.#nativeRoute = "";
  }
}

interface Station {
  readonly identity: string;
  /** The entries that the path leads through. */
  readonly names: ReadonlySet<string>;
}

/** The directories whose entries decide what a path leads to (plain directories on the way apart). */
async function routeOf(path: string): Promise<Map<string, Station>> {
  const directories = new Map<string, Station>();
  let { root: at } = parsePath(path);
  let rest = partsOf(path.slice(at.length));
  const note = async (name: string) => {
    const { dev, ino } = await lstat(at, { bigint: true });
    directories.set(at, { identity: `${dev}:${ino}`, names: new Set(directories.get(at)?.names).add(name) });
  };
  try {
    for (let hops = 0; rest.length > 0 && hops < 40;) {
      const [part, ...after] = rest;
      const entry = join(at, part!);
      const stats = await lstat(entry).catch(() => undefined);
      if (stats?.isSymbolicLink() === true) {
        await note(part!);
        hops += 1;
        const target = await readlink(entry);
        const { root } = parsePath(target);
        if (root !== "") at = root;
        rest = [...partsOf(target.slice(root.length)), ...after];
      } else if (stats?.isDirectory() === true && after.length > 0) {
        at = entry;
        rest = after;
      } else {
        await note(part!);
        break;
      }
    }
  } catch {
    // Something on the way went while it was looked at: what is known so far is watched, the next look knows more.
  }
  return directories;
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== "");
}
