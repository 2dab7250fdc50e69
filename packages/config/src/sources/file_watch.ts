import { setTimeout as sleep } from "node:timers/promises";

import { LONGEST_TIMER } from "../core/longest_timer.ts";
import { print_file, sample_file } from "./file_sample.ts";
import { print_listing } from "./listing.ts";
import { type EntryEvent, type EntryListener, watch_entries, watch_inode } from "./native_watch.ts";
import { type Route, type Station, route_of } from "./route.ts";

export interface FileWatchOptions {
  /** In ms. */
  readonly poll_interval: number;
  readonly use_polling: boolean;
  readonly max_bytes: number;
  /** Whether the path is that of a directory, of which only the list of entries counts. */
  readonly entries?: boolean;
}

/** How often (ms) at most the content is compared without another sign of a change. */
const COMPARE = 5000;

/** Minimum time (ms) between two checks, however many hints there are. */
const GAP = 20;

/** How long (ms) a change waits for others that belong to it, if several files are watched. */
const GATHER = 10;

/** How long (ms) a check may take before a load is requested, which has a time limit and reports it. */
const STUCK = 10_000;

/** How long (ms) closing waits for a running check. */
const LETTING_GO = 1000;

/** The state seen by a load. */
export interface Seen {
  readonly print: string;
  /** `undefined` if the content could not be read. */
  readonly digest: string | undefined;
}

/** The owner of a watch, which it notifies. */
export interface FileWatchOwner {
  /** The state seen by the last load, if any. */
  seen(): Seen | undefined;
  /** A load is needed. */
  changed(): void;
  /** An event arrived that may be one of this path. */
  stirred(): void;
  /** The content of the path differs from the loaded one. */
  differs(): void;
  /** No event is pending: the content of the path is the loaded one. */
  calm(): void;
  /**
   * Native events of the path's directories, or of the file's own inode, are not available, and why; undefined when
   * they are available again. The poll goes on meanwhile.
   */
  unwatched(what: "path" | "inode", error: unknown): void;
}

/** How changes are noticed: by events of the system and polling, by polling alone, or not at all. */
export type WatchedBy = "events" | "polling" | "no";

/** The open watches of this process. */
const open = new Set<FileWatch>();

/**
 * Watches a path for possible changes of its content.
 *
 * Native events come from every directory that the path passes through by a symbolic link, from the one it ends in (or
 * the nearest existing parent), and from the file's own inode, for writes under another of its names: a hard link, the
 * other side of a bind mount. An event is only a hint: the current content is compared with the loaded one. The same
 * comparison runs every `poll_interval`, independently of the native watches; if only the poll found a change, all
 * native watches are set up again.
 *
 * It does not keep the program alive (except on Windows, see `native_watch.ts`).
 */
export class FileWatch {
  private readonly path: string;
  private readonly options: FileWatchOptions;
  private readonly owner: FileWatchOwner;
  private readonly stopping = new AbortController();
  private readonly stations = new Map<string, Watched>();
  private inode: Watched | undefined;
  /** Native watches being closed. */
  private readonly closing = new Set<Promise<void>>();
  private poll: NodeJS.Timeout | undefined;
  /** The running check, and when it began. */
  private looking: { readonly since: number; readonly over: Promise<void> } | undefined;
  private again = false;
  /** Whether its start is being waited for: only then does it keep the program alive. */
  private starting = true;
  /** Whether the running or next check was requested by the poll. */
  private byPoll = false;
  /** Whether there was an event since the last comparison. */
  private hinted = false;
  private readonly problems: { path: unknown; inode: unknown } = { path: undefined, inode: undefined };
  private compared = performance.now();
  /** The directory and name of the path's end at the last check. */
  private last: { readonly directory: string; readonly name: string } | undefined;
  /** The events since a name was last added at the path's end. */
  private arrival: { touched: boolean } | undefined;
  /** When (ms since the epoch) the path was last checked. */
  last_looked: number | undefined;

  constructor(path: string, options: FileWatchOptions, owner: FileWatchOwner) {
    this.path = path;
    this.options = options;
    this.owner = owner;
  }

  /** Resolves when native events are available, or known not to be; earlier changes are reported as well. */
  async start(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    open.add(this);
    // Armed before anything is awaited, and independently: whatever fails or hangs, the next check will run.
    this.poll = setInterval(() => this.polled(), Math.min(this.options.poll_interval, LONGEST_TIMER));
    this.poll.unref();
    await this.look();
    this.starting = false;
  }

  /** Resolves when no watch, timer or check is left; a check of a hanging file system is abandoned. Never rejects. */
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

  /** Whether native events are available for the whole route of the path. */
  private get native(): boolean {
    return !this.options.use_polling && this.problems.path === undefined && this.stations.size > 0;
  }

  /** How changes are noticed at the moment. */
  get watched(): WatchedBy {
    return this.native ? "events" : "polling";
  }

  /**
   * Whether, according to the events, the file came into place by a rename and was not written to since: then it is
   * complete. A file that was created there is written to after its name was added. Only Linux's events distinguish the
   * two.
   *
   * To be read after the file; the caller first waits for the events up to then (`events_read`).
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

  /** Checks once at a time; hints that arrive meanwhile cause one more check. Never rejects. */
  private look(): Promise<void> {
    if (this.looking === undefined) {
      this.looking = { since: performance.now(), over: this.lookWhileHinted() };
    }
    this.again = true;
    return this.looking.over;
  }

  private async lookWhileHinted(): Promise<void> {
    const { signal } = this.stopping;
    // Begins in a separate turn, so that `looking` is set, and is cleared with the last check of `again`.
    await Promise.resolve();
    while (this.again && !signal.aborted) {
      this.again = false;
      try {
        await this.lookOnce();
      } catch {
        // A failing check is not reported: a load finds the problem, and can report it.
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
      // The native watches did not report this change.
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
    // Time stamps are coarse, and some file systems do not maintain them carefully.
    if (seen.digest === undefined || performance.now() - this.compared < COMPARE) return false;
    this.compared = performance.now();
    try {
      return (await sample_file(this.path, this.options.max_bytes)).digest !== seen.digest;
    } catch {
      // The load reports any problem.
      return true;
    }
  }

  /** Sets up the native watches for the current route of the path, and checks again for changes made meanwhile. */
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
        // A directory that has been removed meanwhile is no problem: the next round finds the new route.
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
      // No event is known for a file that was there before.
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
    // Events of another place do not apply to this one.
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
    // Events of an earlier file of this name do not apply to the new one.
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
      // The directory's watch and the poll still work; the next inode is tried again.
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

/** A watched place. */
interface Watched extends Station {
  close: () => void;
}

/** Resolves when the events queued by the system so far have been handled. */
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
