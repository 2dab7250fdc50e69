import { type EntryEvent, type EntryListener, watch_entries, watch_inode } from "./native_watch.ts";
import { type Route, type Station, route_of } from "./route.ts";

/** How often a route that changes while it is followed is followed anew. */
const ROUNDS = 5;

/** The system's errors that may be over a while later. */
const EXHAUSTED: ReadonlySet<string> = new Set(["ENOSPC", "EMFILE", "ENFILE", "EACCES"]);

/** The owner of a watch, which it notifies until it is closed. */
export interface RouteWatchOwner {
  /** Something on the route may have changed. */
  event(): void;
  /** A watch of the file's inode has begun: something may have changed before. */
  flows(): void;
  /**
   * Native events of the path's directories, or of the file's own inode, are not available, and why; undefined when they
   * are available again.
   */
  unwatched(what: "path" | "inode", error: unknown): void;
}

/**
 * Native events for the route of a path: from every directory that it passes through by a symbolic link, from the one it
 * ends in (or the nearest existing parent), and from the file's own inode, for writes under another of its names: a hard
 * link, the other side of a bind mount.
 */
export class RouteWatch {
  private readonly path: string;
  /** Whether the path is that of a directory, whose entries are watched. */
  private readonly entries: boolean;
  private readonly owner: RouteWatchOwner;
  private readonly stations = new Map<string, Watched>();
  private inode: Watched | undefined;
  private closed = false;
  /** Native watches being closed. */
  private readonly closing = new Set<Promise<void>>();
  private readonly problems: { path: unknown; inode: unknown } = { path: undefined, inode: undefined };
  /** The directory and name of the path's end when it was last followed. */
  private last: { readonly directory: string; readonly name: string } | undefined;
  /** The events since a name was last added at the path's end. */
  private arrival: { touched: boolean } | undefined;

  constructor(path: string, entries: boolean, owner: RouteWatchOwner) {
    this.path = path;
    this.entries = entries;
    this.owner = owner;
  }

  /** Whether native events are available for the whole route. */
  get isWatched(): boolean {
    return this.problems.path === undefined && this.stations.size > 0;
  }

  /**
   * Whether, according to the events, the file came into place by a rename and was not written to since: then it is
   * complete. A file that was created there is written to after its name was added. Only Linux's events distinguish the
   * two.
   */
  get renamed(): boolean {
    return process.platform === "linux" && this.arrival?.touched === false;
  }

  /**
   * Watches the current route of the path.
   *
   * @returns whether it is complete and did not change meanwhile: otherwise it must be followed again
   */
  async follow(): Promise<boolean> {
    for (let round = 0; round < ROUNDS && !this.closed; round += 1) {
      const route = await route_of(this.path);
      if (this.closed || (!this.followed(route) && route.whole)) return true;
    }
    return this.closed;
  }

  /** Ends the native watches; the next `follow` makes new ones. */
  drop(): void {
    for (const [place, watched] of this.stations) this.dropStation(place, watched);
    this.dropInode();
  }

  /** Lets the next `follow` try to watch the inode again, if the system had no watch left for it. */
  retryInode(): void {
    if (EXHAUSTED.has(codeOf(this.problems.inode) ?? "")) this.dropInode();
  }

  /** Resolves when no native watch is left. */
  async close(): Promise<void> {
    this.closed = true;
    this.drop();
    await Promise.all(this.closing);
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
      this.dropStation(place, watched);
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
      if (end !== undefined && this.entries) this.inode = watch(end.path, end.identity, undefined);
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
    if (this.closed || codeOf(problem) === codeOf(this.problems[what])) return;
    this.problems[what] = problem;
    this.owner.unwatched(what, problem);
  }

  private listener(place: string, watched: Watched): EntryListener {
    return {
      event: (type, name) => {
        this.noteEvent(place, watched, type, name);
        if (!this.closed) this.owner.event();
      },
      gone: (error) => {
        if (this.stations.get(place) === watched) this.dropStation(place, watched);
        // Another directory may get the same inode.
        if (this.inode === watched) this.dropInode();
        if (error !== undefined) this.note("path", error);
        if (!this.closed) this.owner.event();
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

  private dropStation(place: string, watched: Watched): void {
    watched.close();
    this.stations.delete(place);
    if (place === this.last?.directory) this.arrival = undefined;
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
        if (!this.closed) this.owner.flows();
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
