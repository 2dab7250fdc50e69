import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";

/** What the system tells of an entry: `rename` where a name came or went, `change` where what it names changed. */
export type EntryEvent = "rename" | "change";

/** Who is notified of the events of some entries of a directory, or of a file. */
export interface EntryListener {
  /** `name` is undefined for an event of the watched place itself, and where the system did not say which entry. */
  event(type: EntryEvent, name: string | undefined): void;
  /** The watch has ended: its place was removed, moved or exchanged, or the system failed (`error`). */
  gone(error?: unknown): void;
}

/**
 * Native watches, shared: however many files of a directory are watched, the system has one watch of it, and an event of a
 * name that nobody asked for costs one look into a map. Nothing is read from the disk here.
 *
 * A watch belongs to an inode. It ends with it: when the system says that the place itself was removed or moved, the
 * watch is closed, whoever listens is notified, and a new watch is made of what has the name then.
 */
class SharedWatch {
  private readonly own: string;
  private readonly native: FSWatcher;
  private readonly byName = new Map<string, Set<EntryListener>>();
  private readonly listeners = new Map<EntryListener, readonly string[] | undefined>();
  /** Those that are notified of every name. */
  private readonly ofAll = new Set<EntryListener>();
  private readonly forget: () => void;

  /** @throws what the system says */
  constructor(path: string, forget: () => void) {
    this.own = folded(basename(path));
    this.forget = forget;
    // A watch that keeps no process alive may fail on Windows without a handler being called.
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
 * @param names the entries; undefined for all of a directory
 * @param identity tells what is at the path apart from what was there before: a watch is shared only with its like
 * @returns ends it; may be called twice
 * @throws what the system says
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

/** File systems that do not tell case or composition apart may spell a name differently than the path does. */
function folded(name: string): string {
  return process.platform === "linux" ? name : name.normalize("NFC").toLowerCase();
}
