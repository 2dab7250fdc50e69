import { setTimeout as sleep } from "node:timers/promises";

import { LONGEST_TIMER } from "../core/longest_timer.ts";
import { print_file, sample_file } from "./file_sample.ts";
import { print_listing } from "./listing.ts";
import { events_read } from "./native_watch.ts";
import { RouteWatch } from "./route_watch.ts";

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
 * A native event (`route_watch.ts`) is only a hint: the current content is compared with the loaded one. The same
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
  private readonly route: RouteWatch;
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
  private compared = performance.now();
  /** When (ms since the epoch) the path was last checked. */
  last_looked: number | undefined;

  constructor(path: string, options: FileWatchOptions, owner: FileWatchOwner) {
    this.path = path;
    this.options = options;
    this.owner = owner;
    this.route = new RouteWatch(path, options.entries === true, {
      event: () => this.hint(),
      flows: () => void this.look(),
      unwatched: (what, error) => owner.unwatched(what, error),
    });
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
    const limit = new AbortController();
    const over = Promise.all([this.route.close(), this.looking?.over]);
    await Promise.race([over, sleep(LETTING_GO, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }

  /** How changes are noticed at the moment. */
  get watched(): WatchedBy {
    return this.route.isWatched ? "events" : "polling";
  }

  /**
   * Whether, according to the events, the file came into place by a rename and was not written to since. To be read after
   * the file; the caller first waits for the events up to then (`events_read`).
   */
  get renamed(): boolean {
    return this.route.renamed;
  }

  private polled(): void {
    const { looking } = this;
    if (looking === undefined) {
      this.byPoll = true;
      this.route.retryInode();
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
    if (!changed) {
      if (!this.again) this.owner.calm();
      return;
    }
    this.owner.differs();
    if (this.byPoll) await events_read();
    if (this.byPoll && !this.hinted) {
      // The native watches did not report this change.
      this.route.drop();
      await this.follow();
    }
    if (open.size > 1) await this.pause(GATHER);
    if (!this.stopping.signal.aborted) this.owner.changed();
  }

  private async differs(): Promise<boolean> {
    await this.follow();
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

  /** Watches the current route of the path; checks again if it is changing. */
  private async follow(): Promise<void> {
    if (!this.options.use_polling && !(await this.route.follow())) this.again = true;
  }

  private hint(): void {
    this.hinted = true;
    this.owner.stirred();
    void this.look();
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: this.starting, signal: this.stopping.signal }).catch(() => undefined);
  }
}
