import { setMaxListeners } from "node:events";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Diagnostic } from "../core/layer.ts";
import { ConfigSourceError } from "../errors.ts";
import { UnreadableFile, print_file } from "./file_sample.ts";
import type { WatchedBy } from "./file_watch.ts";
import { type Listing, print_listing } from "./listing.ts";
import type { SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import { WatchedDirectory } from "./watched_directory.ts";
import { type WatchedFileOptions, checked_options } from "./file_options.ts";
import { WatchedFile } from "./watched_file.ts";

/** The operations of a load on a set of files. Each file and directory it reads is watched from then on. */
export interface Round<T> {
  /**
   * The content of a file, parsed once while it stays the same; undefined if there is no file.
   *
   * @param path absolute
   * @param shown the path for messages
   * @throws ConfigSourceError if it cannot be read or parsed
   */
  file(path: string, shown: string, parse: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined>;
  /**
   * The names in a directory, sorted; a removed name stays until its file has been gone for `settle`. Undefined if
   * there is no directory.
   *
   * @throws ConfigSourceError if it cannot be read
   */
  directory(path: string, shown: string): Promise<readonly string[] | undefined>;
}

/** The result of loading a set. */
export interface Taken<R> {
  readonly result: R;
  /** Whether anything is different from the last load that succeeded. */
  readonly changed: boolean;
  /** Diagnostics about the files, apart from their content. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Maximum number of files in one set, and of directories. */
export const MOST = 1000;
/** Maximum number of files read at a time. */
const AT_ONCE = 64;
/** How often a set is read again because it changed meanwhile. */
const READINGS = 10;

/**
 * Files taken as one: each is read when it has settled, and their contents are taken only when all of them are
 * unchanged. So the new content of one is never visible beside the old content of another: neither when a link in front
 * of several is re-pointed, nor when they are written or renamed one after another within `debounce`.
 *
 * The files of a set may depend on the contents of directories and files: a load requests what it needs, and is
 * repeated if something changed meanwhile. Everything that the last loads requested is watched, even if a load failed.
 */
export class FileSet<T> {
  private readonly owner: string;
  readonly options: Required<WatchedFileOptions>;
  private readonly members = new Map<string, Member<T>>();
  private readonly directories = new Map<string, Folder>();
  private running: Running | undefined;
  private changed = false;

  /** @throws TypeError for an unknown option, RangeError for an invalid time or size */
  constructor(owner: string, shown: string | URL, options: WatchedFileOptions) {
    this.owner = owner;
    // Checks the options, and fills in the defaults.
    this.options = checked_options(owner, shown, options).options;
  }

  /** @throws the error of `plan`, ConfigSourceError if the files do not settle */
  async load<R>(source: string, given: SourceContext, plan: (round: Round<T>) => Promise<R>): Promise<Taken<R>> {
    const context = { ...given, signal: heardByMany(AbortSignal.any([given.signal])) };
    for (let reading = 1; ; reading += 1) {
      const round = new Reading<T>(this, source, { ...context, first: context.first && reading === 1 });
      const outcome = await plan(round).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      await round.over();
      await this.follow();
      context.signal.throwIfAborted();
      const isSteady = await this.steady(round, context.signal);
      if (!isSteady && reading < READINGS) continue;
      if ("error" in outcome) throw outcome.error;
      if (!isSteady) {
        const why = `its files have changed ${READINGS} times while they were read; write them in one step, or rename them into place`;
        throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "unsettled" });
      }
      await this.forget(round);
      const changed = this.changed || context.first;
      this.changed = false;
      const diagnostics = shortened(
        source,
        [...round.files.values()].flatMap(({ file }) => file.diagnostics(source)),
      );
      return { result: outcome.result, changed, diagnostics };
    }
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    const closing = new AbortController();
    heardByMany(closing.signal);
    const running: Running = {
      changed: () => void (this.running === running && changed()),
      context: { ...context, signal: closing.signal },
    };
    this.running = running;
    const close = async () => {
      closing.abort();
      context.signal.removeEventListener("abort", close);
      if (this.running === running) this.running = undefined;
      await Promise.all([...this.members.values(), ...this.directories.values()].map((one) => unwatched(one, running)));
    };
    context.signal.addEventListener("abort", close, { once: true });
    if (context.signal.aborted) await close();
    else await this.follow();
    return { close };
  }

  together(): Together {
    const all = [...this.members.values()].map(({ file }) => file.together());
    const directories = [...this.directories.values()].map(({ directory }) => directory.together());
    const times = (key: "stirred" | "answered") =>
      [...all, ...directories].map((one) => one[key]).filter((time) => time !== undefined);
    const [stirred, answered] = [times("stirred"), times("answered")];
    return {
      links: new Map(all.flatMap(({ links }) => [...links])),
      stirred: stirred.length === 0 ? undefined : Math.min(...stirred),
      answered: answered.length === 0 ? undefined : Math.max(...answered),
    };
  }

  /** How changes are noticed at the moment: by events only if every file and directory has them. */
  get watched(): WatchedBy {
    if (this.running === undefined) return "no";
    const files = [...this.members.values()].map(({ file }) => file.watched);
    const directories = [...this.directories.values()].map(({ directory }) => directory.watched);
    return [...files, ...directories].includes("polling") ? "polling" : "events";
  }

  /** When (ms since the epoch) the file or directory was checked that has not been checked for longest. */
  private get last_looked(): number | undefined {
    const files = [...this.members.values()].map(({ file }) => file.last_looked);
    const directories = [...this.directories.values()].map(({ directory }) => directory.last_looked);
    const times = [...files, ...directories].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The status for operators. */
  status(): object {
    const files = [...this.members.values()].filter(({ content }) => content !== undefined);
    const looked = this.last_looked;
    return {
      watched: this.watched,
      ...(looked === undefined ? {} : { last_looked: new Date(looked).toISOString() }),
      files: files.map(({ file }) => file.shown).sort(),
    };
  }

  /** The member at a path. */
  member(path: string, shown: string): Member<T> {
    let member = this.members.get(path);
    if (member === undefined) {
      const { must_exist: _, ...options } = this.options;
      // The path is absolute, whatever its form for messages.
      const file = new WatchedFile(this.owner, path, options, shown);
      this.members.set(path, (member = { file, content: undefined, loaded: false }));
    }
    return member;
  }

  folder(path: string): Folder {
    let folder = this.directories.get(path);
    if (folder === undefined) {
      this.directories.set(
        path,
        (folder = {
          directory: new WatchedDirectory(path, this.options),
          names: [],
          missing: new Map(),
          isThere: false,
        }),
      );
    }
    return folder;
  }

  /** Records that the next result differs. */
  noteChange(): void {
    this.changed = true;
  }

  /** The names of a directory, and those of the last successful load that have been missing for less than `settle`. */
  remembered(path: string, listing: Listing): readonly string[] {
    const folder = this.folder(path);
    const there = new Set(listing.names);
    const now = performance.now();
    const missing = folder.names.filter((name) => !there.has(name));
    folder.missing = new Map(missing.map((name) => [name, folder.missing.get(name) ?? now]));
    const gone = missing.filter((name) => now - folder.missing.get(name)! <= this.options.settle);
    return gone.length === 0 ? listing.names : [...new Set([...listing.names, ...gone])].sort();
  }

  /** Watches all files and directories of the set. */
  private async follow(): Promise<void> {
    const { running } = this;
    if (running === undefined) return;
    await Promise.all([
      ...[...this.members.values()].map(async (member) => {
        if (member.watch?.running === running) return;
        const watching = member.file.watch(running.changed, running.context);
        member.watch = { running, watching };
        await watching;
      }),
      ...[...this.directories.values()].map(async (folder) => {
        if (folder.watch?.running === running) return;
        const watching = folder.directory.watch(running.changed);
        folder.watch = { running, watching };
        await watching;
      }),
    ]);
    // The watch was closed meanwhile.
    if (this.running !== running) {
      await Promise.all([...this.members.values(), ...this.directories.values()].map((one) => unwatched(one, running)));
    }
  }

  /** Whether everything that was read is unchanged, and has been for a moment. */
  private async steady({ files, folders }: Reading<T>, signal: AbortSignal): Promise<boolean> {
    if (this.changed && files.size > 1) {
      const age = Date.now() - Math.max(...[...files.values()].map(({ file }) => file.changed));
      const { debounce } = this.options;
      if (age >= 0 && age < debounce) await sleep(debounce - age, undefined, { signal });
    }
    const checks = [
      ...[...files].map(async ([path, { file }]) => {
        return file.print === undefined || file.print === (await print_file(path));
      }),
      ...[...folders].map(async ([path, { directory }]) => {
        return directory.print === undefined || directory.print === (await print_listing(path));
      }),
    ];
    return (await Promise.all(checks)).every((isSame) => isSame);
  }

  /** Releases everything that a successful load did not request. */
  private async forget({ files, folders }: Reading<T>): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const [path, member] of this.members) {
      if (files.has(path)) continue;
      this.members.delete(path);
      if (member.content !== undefined) this.changed = true;
      closing.push(unwatched(member));
    }
    for (const [path, folder] of this.directories) {
      if (folders.has(path)) {
        folder.names = [...files.keys()]
          .filter((file) => dirname(file) === path && this.members.get(file)?.content !== undefined)
          .map((file) => basename(file));
        continue;
      }
      this.directories.delete(path);
      closing.push(unwatched(folder));
    }
    await Promise.all(closing);
  }
}

/** The refusal of a set that is too large. */
export function too_many(source: string, what: "files" | "directories"): ConfigSourceError {
  const message = `Cannot load "${source}": there are more than ${MOST} ${what}, the limit for one source`;
  return new ConfigSourceError(message, { source, code: "too_many" });
}

/** How many files that cannot be watched are named. */
const MOST_NAMED = 3;

/** The first diagnostics of the files that cannot be watched, and how many more there are: often it is all of them. */
function shortened(source: string, all: readonly Diagnostic[]): readonly Diagnostic[] {
  if (all.length <= MOST_NAMED) return all;
  const message = `Of "${source}" there are ${all.length - MOST_NAMED} more problems of this kind`;
  return [...all.slice(0, MOST_NAMED), { source, code: all[0]!.code, message }];
}

/** A running watch of the whole set. */
interface Running {
  readonly changed: () => void;
  readonly context: SourceContext;
}

interface Watched {
  watch?: { readonly running: Running; readonly watching: Promise<Watch> };
}

interface Member<T> extends Watched {
  readonly file: WatchedFile;
  content: T | undefined;
  loaded: boolean;
}

interface Folder extends Watched {
  readonly directory: WatchedDirectory;
  isThere: boolean;
  /** The files that the last load took. */
  names: readonly string[];
  /** Those of them that are no longer listed, and since when (ms of `performance.now()`). */
  missing: ReadonlyMap<string, number>;
}

/** Each file listens to the signal while it waits, and there may be many files. */
function heardByMany(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

async function unwatched(one: Watched, running = one.watch?.running): Promise<void> {
  if (one.watch === undefined || one.watch.running !== running) return;
  const { watching } = one.watch;
  delete one.watch;
  await (await watching).close();
}

/** One reading of the files that a load requests. */
class Reading<T> implements Round<T> {
  readonly files = new Map<string, Member<T>>();
  readonly folders = new Map<string, Folder>();
  private readonly set: FileSet<T>;
  private readonly source: string;
  private readonly context: SourceContext;
  private readonly contents = new Map<string, Promise<T | undefined>>();
  private readonly listings = new Map<string, Promise<readonly string[] | undefined>>();
  private free = AT_ONCE;
  private readonly waiting: (() => void)[] = [];

  constructor(set: FileSet<T>, source: string, context: SourceContext) {
    this.set = set;
    this.source = source;
    this.context = context;
  }

  file(path: string, shown: string, parse: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    let content = this.contents.get(path);
    if (content === undefined) {
      // A file beyond the limit is neither read nor watched.
      if (this.contents.size >= MOST) return Promise.reject(too_many(this.source, "files"));
      const member = this.set.member(path, shown);
      this.files.set(path, member);
      this.contents.set(path, (content = this.read(member, parse)));
    }
    return content;
  }

  directory(path: string, shown: string): Promise<readonly string[] | undefined> {
    let listing = this.listings.get(path);
    if (listing === undefined) {
      const folder = this.set.folder(path);
      this.folders.set(path, folder);
      this.listings.set(path, (listing = this.list(path, shown, folder)));
    }
    return listing;
  }

  /** Resolves when nothing is being read. */
  async over(): Promise<void> {
    await Promise.allSettled([...this.contents.values(), ...this.listings.values()]);
  }

  private async read(member: Member<T>, parse: (bytes: Uint8Array) => Promise<T>): Promise<T | undefined> {
    while (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.free -= 1;
    try {
      let parsed: T | undefined;
      const first = this.context.first || !member.loaded;
      const loaded = await member.file.load(this.source, { ...this.context, first }, async (bytes) => {
        parsed = await parse(bytes);
        return { source: this.source, tree: {}, origin: () => ({ source: this.source }), diagnostics: [] };
      });
      if (loaded.outcome === "absent") {
        if (member.content !== undefined) this.set.noteChange();
        member.content = undefined;
      } else if (loaded.outcome === "data") {
        this.set.noteChange();
        member.content = parsed;
      }
      member.loaded = true;
      return member.content;
    } finally {
      this.free += 1;
      this.waiting.shift()?.();
    }
  }

  private async list(path: string, shown: string, folder: Folder): Promise<readonly string[] | undefined> {
    const before = folder.directory.print;
    try {
      let listing = await folder.directory.list();
      if (listing.absent && folder.isThere) {
        // It may be created again in a moment.
        await sleep(this.set.options.settle, undefined, { signal: this.context.signal });
        listing = await folder.directory.list();
      }
      if (listing.print !== before) this.set.noteChange();
      folder.isThere = !listing.absent;
      return listing.absent ? undefined : this.set.remembered(path, listing);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      const message = `Cannot read "${shown}": ${error.message}`;
      throw new ConfigSourceError(message, { source: this.source, file: shown, code: error.code, cause: error.cause });
    }
  }
}
