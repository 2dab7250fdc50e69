import { setTimeout as sleep } from "node:timers/promises";

import { type EntryEvent, type EntryListener, watch_entries } from "./directory_watch.ts";
import { print_file, sample_file } from "./file_sample.ts";
import { watch_inode } from "./inode_watch.ts";
import { print_listing } from "./listing.ts";
import { type Route, type Station, route_of } from "./route.ts";

export interface FileWatchOptions {
  /** In ms. */
  readonly poll_interval: number;
  readonly use_polling: boolean;
  readonly max_bytes: number;
  /** Whether the path leads to a directory: then what counts is which entries it has. */
  readonly entries?: boolean;
}

/** How often (ms) at most the content is compared although nothing else tells of a change. */
const COMPARE = 5000;

/** Time (ms) between two looks, however many hints there are. */
const GAP = 20;

/** How long (ms) a change waits for others that are made with it, where several files are watched. */
const GATHER = 10;

/** How long (ms) a look may take before a load is asked for, which has a limit and says so. */
const STUCK = 10_000;

/** How long (ms) closing waits for a look that is running. */
const LETTING_GO = 1000;

/** Node's timers take no more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What a load saw. */
export interface Seen {
  readonly print: string;
  /** `undefined` where the content could not be read. */
  readonly digest: string | undefined;
}

/** Who is notified by a watch. */
export interface FileWatchOwner {
  /** What was last loaded, if anything. */
  seen(): Seen | undefined;
  /** A load is wanted. */
  changed(): void;
  /** An event came that may be one of this path. */
  stirred(): void;
  /** The path holds something else than what was loaded. */
  differs(): void;
  /** No event waits for an answer: the path holds what was loaded. */
  calm(): void;
  /**
   * Native events cannot be had of the path's directories, or of the file's own inode, and why; undefined when they can be
   * had again. The poll goes on meanwhile.
   */
  unwatched(what: "path" | "inode", error: unknown): void;
}

/** The watches of this process that are open. */
const open = new Set<FileWatch>();

/**
 * Watches a path for what may change its content.
 *
 * Native events come from every directory that the path leads through by a symbolic link, from the one it ends in (or the
 * nearest one there is), and from the file's own inode, for what is written under another name of it: a hard link, the
 * other side of a bind mount. An event is only a hint: what the path leads to is compared with what was loaded. The same
 * comparison runs every `poll_interval`, whatever the native watches do; a change that only the poll found makes all
 * native watches anew.
 *
 * Nothing of it keeps a process alive (except on Windows, see `directory_watch.ts`).
 */
export class FileWatch {
  private readonly path: string;
  private readonly options: FileWatchOptions;
  private readonly owner: FileWatchOwner;
  private readonly stopping = new AbortController();
  private readonly stations = new Map<string, Watched>();
  private inode: Watched | undefined;
  /** Native watches that are being closed. */
  private readonly closing = new Set<Promise<void>>();
  private poll: NodeJS.Timeout | undefined;
  /** The look that is running, and since when. */
  private looking: { readonly since: number; readonly over: Promise<void> } | undefined;
  private again = false;
  /** Whether someone waits for the watch to flow: only then does it keep the process alive. */
  private starting = true;
  /** The look that is running, or the next one, was asked for by the poll. */
  private byPoll = false;
  /** An event came since the last comparison. */
  private hinted = false;
  private readonly problems: { path: unknown; inode: unknown } = { path: undefined, inode: undefined };
  private compared = performance.now();
  /** The directory and name that the path ended with when it was last looked at. */
  private last: { readonly directory: string; readonly name: string } | undefined;
  /** What the events told since a name last came to the place that the path ends with. */
  private arrival: { touched: boolean } | undefined;
  /** When (ms since the epoch) the path was last looked at. */
  last_looked: number | undefined;

  constructor(path: string, options: FileWatchOptions, owner: FileWatchOwner) {
    this.path = path;
    this.options = options;
    this.owner = owner;
  }

  /** Resolves when native events flow, or cannot be had; what changed before is told as well. */
  async start(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    open.add(this);
    // Armed before anything is awaited, and by nothing else: whatever fails or hangs, the next look comes.
    this.poll = setInterval(() => this.polled(), Math.min(this.options.poll_interval, LONGEST_TIMER));
    this.poll.unref();
    await this.look();
    this.starting = false;
  }

  /** Resolves when no watch, timer or look is left; a look at a file system that hangs is left to it. Never rejects. */
  async close(): Promise<void> {
    this.stopping.abort();
    open.delete(this);
    clearInterval(this.poll);
    this.dropNative();
    const limit = new AbortController();
    const over = Promise.all([this.looking?.over, ...this.closing]);
    await Promise.race([over, sleep(LETTING_GO, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }

  /** Whether native events are had from the whole way that the path leads. */
  get native(): boolean {
    return !this.options.use_polling && this.problems.path === undefined && this.stations.size > 0;
  }

  /**
   * Whether the events say that the file came to its place by a rename, and was not written to since: then it is whole. A
   * file that was created there is written to after its name came. Only Linux's events tell the two apart.
   *
   * To be asked after the file was read; the caller waits for the events that had happened by then (`events_read`).
   */
  get renamed(): boolean {
    return process.platform === "linux" && this.arrival?.touched === false;
  }

  private polled(): void {
    const { looking } = this;
    if (looking === undefined) {
      this.byPoll = true;
      void this.look();
    } else if (performance.now() - looking.since > STUCK) {
      this.owner.changed();
    }
  }

  /** One look at a time; hints that come meanwhile make for one more. Never rejects. */
  private look(): Promise<void> {
    if (this.looking === undefined) {
      this.looking = { since: performance.now(), over: this.lookWhileHinted() };
    }
    this.again = true;
    return this.looking.over;
  }

  private async lookWhileHinted(): Promise<void> {
    const { signal } = this.stopping;
    // Begins in a turn of its own, so that `looking` is set, and is cleared with the last check of `again`.
    await Promise.resolve();
    while (this.again && !signal.aborted) {
      this.again = false;
      try {
        await this.lookOnce();
      } catch {
        // A look that fails says nothing: a load finds out, and can say what is wrong.
        this.owner.changed();
      }
      this.hinted = this.byPoll = false;
      if (this.again) await this.pause(GAP);
    }
    this.looking = undefined;
  }

  private async lookOnce(): Promise<void> {
    const changed = await this.differs();
    if (this.stopping.signal.aborted) return;
    this.last_looked = Date.now();
    if (changed) await this.report();
    else if (!this.again) this.owner.calm();
  }

  private async report(): Promise<void> {
    this.owner.differs();
    if (this.byPoll) await events_read();
    if (this.byPoll && !this.hinted) {
      // Whatever the native watches are worth, they did not tell of this.
      this.dropNative();
      await this.follow();
    }
    if (open.size > 1) await this.pause(GATHER);
    if (!this.stopping.signal.aborted) this.owner.changed();
  }

  private async differs(): Promise<boolean> {
    if (!this.options.use_polling) await this.follow();
    const seen = this.owner.seen();
    if (seen === undefined) return true;
    const print = this.options.entries === true ? print_listing : print_file;
    if ((await print(this.path)) !== seen.print) return true;
    // Time stamps are coarse, and some file systems keep them carelessly.
    if (seen.digest === undefined || performance.now() - this.compared < COMPARE) return false;
    this.compared = performance.now();
    try {
      return (await sample_file(this.path, this.options.max_bytes)).digest !== seen.digest;
    } catch {
      // Whatever is wrong is the load's to report.
      return true;
    }
  }

  /** Makes the native watches those of the way that the path leads, and looks again at what may have changed meanwhile. */
  private async follow(): Promise<void> {
    if (this.options.use_polling) return;
    for (let round = 0; round < 5 && !this.stopping.signal.aborted; round += 1) {
      const route = await route_of(this.path);
      if (this.stopping.signal.aborted) return;
      if (!this.followed(route) && route.whole) return;
    }
    this.again = true;
  }

  /** Whether a native watch had to be made. */
  private followed({ stations, end }: Route): boolean {
    let made = false;
    let problem: unknown;
    const watch = (place: string, identity: string, names: ReadonlySet<string> | undefined): Watched | undefined => {
      const watched: Watched = { identity, names: names ?? new Set(), close: () => undefined };
      try {
        watched.close = watch_entries(place, identity, names, this.listener(place, watched));
        made = true;
        return watched;
      } catch (error) {
        // What is gone by now is no trouble: the next round finds what is there.
        if (isGone(error)) made = true;
        else problem = error;
        return undefined;
      }
    };
    for (const [place, watched] of this.stations) {
      const station = stations.get(place);
      if (station !== undefined && isLike(station, watched)) continue;
      this.drop(place, watched);
    }
    for (const [place, { identity, names }] of stations) {
      if (this.stations.has(place)) continue;
      const watched = watch(place, identity, names);
      if (watched === undefined) continue;
      this.stations.set(place, watched);
      // What came to its place before is known by no event.
      if (place === this.last?.directory) this.arrival = undefined;
    }
    if (this.inode?.identity !== end?.identity) {
      this.dropInode();
      if (end !== undefined && this.options.entries === true) this.inode = watch(end.path, end.identity, undefined);
      else if (end?.regular === true) this.watchInode(end.path, end.identity);
    }
    this.noteEnd(stations);
    this.note("path", problem);
    return made;
  }

  private noteEnd(stations: Route["stations"]): void {
    const [directory, station] = [...stations].at(-1) ?? [];
    const name = [...(station?.names ?? [])].at(-1);
    if (directory === this.last?.directory && name === this.last?.name) return;
    // Events of another place say nothing of this one.
    this.arrival = undefined;
    this.last = directory === undefined || name === undefined ? undefined : { directory, name };
  }

  private note(what: "path" | "inode", problem: unknown): void {
    if (this.stopping.signal.aborted || codeOf(problem) === codeOf(this.problems[what])) return;
    this.problems[what] = problem;
    this.owner.unwatched(what, problem);
  }

  private listener(place: string, watched: Watched): EntryListener {
    return {
      event: (type, name) => {
        this.noteEvent(place, watched, type, name);
        this.hint();
      },
      gone: (error) => {
        if (this.stations.get(place) === watched) this.drop(place, watched);
        // Another directory may get the same inode.
        if (this.inode === watched) this.dropInode();
        if (error !== undefined) this.note("path", error);
        this.hint();
      },
    };
  }

  private noteEvent(place: string, watched: Watched, type: EntryEvent, name: string | undefined): void {
    // What had the file's name before says nothing of what has it from now on.
    if (watched.names.size === 0 && watched !== this.inode) return;
    if (watched === this.inode) {
      if (this.arrival !== undefined && type === "change") this.arrival.touched = true;
    } else if (place === this.last?.directory && name === this.last.name) {
      if (type === "rename") {
        this.arrival = { touched: false };
        this.dropInode();
      } else if (this.arrival !== undefined) {
        this.arrival.touched = true;
      }
    }
  }

  private hint(): void {
    if (this.stopping.signal.aborted) return;
    this.hinted = true;
    this.owner.stirred();
    void this.look();
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: this.starting, signal: this.stopping.signal }).catch(() => undefined);
  }

  private drop(place: string, watched: Watched): void {
    watched.close();
    this.stations.delete(place);
    if (place === this.last?.directory) this.arrival = undefined;
  }

  private dropNative(): void {
    for (const [place, watched] of this.stations) this.drop(place, watched);
    this.dropInode();
  }

  private watchInode(path: string, identity: string): void {
    const watched: Watched = { identity, names: new Set(), close: () => undefined };
    const listener = this.listener(path, watched);
    const close = watch_inode(path, {
      event: (type, name) => listener.event(type, name),
      // The directory's watch and the poll are there still; another try is made for the next inode.
      gone: (error) => {
        watched.close();
        if (error !== undefined && !isGone(error)) this.note("inode", error);
      },
      flows: () => {
        this.note("inode", undefined);
        if (!this.stopping.signal.aborted) void this.look();
      },
    });
    watched.close = () => {
      const closing = close().finally(() => this.closing.delete(closing));
      this.closing.add(closing);
    };
    this.inode = watched;
  }

  private dropInode(): void {
    this.inode?.close();
    this.inode = undefined;
  }
}

/** A place that is watched. */
interface Watched extends Station {
  close: () => void;
}

/** Resolves when the events of what has happened so far have been handled, as far as the system has queued them. */
export async function events_read(): Promise<void> {
  // Events are read between two of these phases of the event loop.
  for (let phase = 0; phase < 2; phase += 1) await new Promise((resolve) => setImmediate(resolve));
}

function isLike(one: Station, other: Station): boolean {
  return (
    one.identity === other.identity &&
    one.names.size === other.names.size &&
    [...one.names].every((name) => other.names.has(name))
  );
}

function isGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

function codeOf(error: unknown): string | undefined {
  return error === undefined ? undefined : ((error as NodeJS.ErrnoException).code ?? "unknown");
}
