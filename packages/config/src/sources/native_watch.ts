import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";

import type { FSWatcher as InodeWatcher } from "chokidar";

/**
 * The system's events: for entries of a directory, for a file by its inode. Each is only a hint that something may have
 * changed.
 */

/** An event of the system for an entry: `rename` if a name was added or removed, `change` if its file changed. */
export type EntryEvent = "rename" | "change";

/** A listener for events of some entries of a directory, or of a file. */
export interface EntryListener {
  /** `name` is undefined for an event of the watched place itself, and if the system did not report the entry. */
  event(type: EntryEvent, name: string | undefined): void;
  /** The watch has ended: its place was removed, moved or replaced, or the system failed (`error`). */
  gone(error?: unknown): void;
}

/**
 * Native watches, shared: however many files of a directory are watched, the system has one watch of it, and an event
 * for a name without a listener costs one map look-up. Nothing is read from the disk here.
 *
 * A watch belongs to an inode and ends with it: when the system reports that the place itself was removed or moved, the
 * watch is closed, its listeners are notified, and a new watch is made of whatever has the name then.
 */
class SharedWatch {
  private readonly own: string;
  private readonly native: FSWatcher;
  private readonly byName = new Map<string, Set<EntryListener>>();
  private readonly listeners = new Map<EntryListener, readonly string[] | undefined>();
  /** Listeners to every name. */
  private readonly ofAll = new Set<EntryListener>();
  private readonly forget: () => void;

  /** @throws the system's error */
  constructor(path: string, forget: () => void) {
    this.own = folded(basename(path));
    this.forget = forget;
    // On Windows, a watch that does not keep the process alive may fail without calling a handler.
    this.native = watch(path, { persistent: process.platform === "win32" });
    this.native.on("change", (type, name) => this.event(type as EntryEvent, name as string | null));
    this.native.on("error", (error) => this.end(error));
  }

  add(listener: EntryListener, names: readonly string[] | undefined): void {
    this.listeners.set(listener, names);
    if (names === undefined) this.ofAll.add(listener);
    for (const name of names ?? []) {
      const listeners = this.byName.get(name) ?? new Set();
      this.byName.set(name, listeners.add(listener));
    }
  }

  remove(listener: EntryListener): void {
    for (const name of this.listeners.get(listener) ?? []) {
      const listeners = this.byName.get(name);
      listeners?.delete(listener);
      if (listeners?.size === 0) this.byName.delete(name);
    }
    this.ofAll.delete(listener);
    if (!this.listeners.delete(listener) || this.listeners.size > 0) return;
    this.forget();
    this.native.close();
  }

  private event(type: EntryEvent, given: string | null): void {
    const name = given === null ? undefined : folded(given);
    if (name !== undefined) {
      for (const listener of this.byName.get(name) ?? []) listener.event(type, name);
      for (const listener of this.ofAll) listener.event(type, name);
    }
    if (name !== undefined && name !== this.own) return;
    if (name !== undefined && type === "rename") return this.end();
    for (const listener of this.listeners.keys()) listener.event(type, undefined);
  }

  private end(error?: unknown): void {
    this.forget();
    this.native.close();
    const listeners = [...this.listeners.keys()];
    this.listeners.clear();
    this.byName.clear();
    this.ofAll.clear();
    for (const listener of listeners) listener.gone(error);
  }
}

const shared = new Map<string, SharedWatch>();

/**
 * Watches entries of a directory, or a file by its inode (then without names).
 *
 * @param path without symbolic links
 * @param names the entries; undefined for all entries of a directory
 * @param identity distinguishes the directory or file at the path from earlier ones: a watch is shared only for the
 *   same identity
 * @returns a function that ends it; may be called twice
 * @throws the system's error
 */
export function watch_entries(
  path: string,
  identity: string,
  names: Iterable<string> | undefined,
  listener: EntryListener,
): () => void {
  const key = `${identity} ${path}`;
  let one = shared.get(key);
  if (one === undefined) {
    const made: SharedWatch = new SharedWatch(path, () => {
      if (shared.get(key) === made) shared.delete(key);
    });
    shared.set(key, (one = made));
  }
  one.add(listener, names === undefined ? undefined : Array.from(names, folded));
  return () => one.remove(listener);
}

/**
 * Watches a file by its inode, for writes under another of its names: a hard link, the other side of a bind mount.
 * Returns at once; chokidar is loaded with the first watch. The listener gets an event without a name when the watch is
 * ready, because something may have changed before.
 *
 * @param path without symbolic links
 * @returns a function that ends it and resolves when nothing of it is left
 */
export function watch_inode(path: string, listener: EntryListener & { flows(): void }): () => Promise<void> {
  let ended = false;
  const watching = import("chokidar").then(
    ({ watch }): InodeWatcher | undefined => {
      if (ended) return undefined;
      const watcher = watch(path, {
        // As for `SharedWatch`.
        persistent: process.platform === "win32",
        ignoreInitial: true,
        followSymlinks: false,
        depth: 0,
        atomic: false,
        ignorePermissionErrors: true,
        // Without this, chokidar would read the whole directory when the file is removed.
        ignored: (entry) => entry !== path,
      });
      watcher.on("raw", (type) => listener.event(type === "rename" ? "rename" : "change", undefined));
      watcher.on("error", (error) => listener.gone(error));
      watcher.once("ready", () => listener.flows());
      return watcher;
    },
    (error: unknown) => {
      listener.gone(error);
      return undefined;
    },
  );
  return async () => {
    ended = true;
    await (await watching)?.close();
  };
}

/** Resolves when the events queued by the system so far have been handled. */
export async function events_read(): Promise<void> {
  // Events are read between two of these phases of the event loop.
  for (let phase = 0; phase < 2; phase += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** File systems that ignore case or composition may spell a name differently from the path. */
function folded(name: string): string {
  return process.platform === "linux" ? name : name.normalize("NFC").toLowerCase();
}
