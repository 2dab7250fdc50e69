import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { newBudget } from "../budget.ts";
import type { Diagnostic } from "../core/layer.ts";
import type { Override } from "../core/overrides.ts";
import { ConfigSourceError } from "../errors.ts";
import { DurableFile, type FileSystem } from "./durable_file.ts";
import { type FileLock, Locked, lock_file } from "./file_lock.ts";
import { DamagedRecord, ForeignRecord, NewerRecord, decode_overrides, encode_overrides } from "./override_record.ts";
import { NotRegular } from "./regular_file.ts";
import { systemFault } from "./system_words.ts";
import type { Loaded, OverridesFile, Source, SourceContext } from "./source.ts";

export interface RuntimeOptions {
  /** The file of the overrides; relative to the current working directory. Without it they are kept in memory. */
  readonly file?: string | URL;
  /** Name in `status`; by default `runtime`. */
  readonly name?: string;
  /** The file system, for tests of its failures. */
  readonly file_system?: FileSystem;
}

/** The result of loading overrides. */
export interface LoadedOverrides {
  /** In the order in which they were saved; values are frozen plain data. */
  readonly overrides: readonly Override[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Save {
  overrides: Iterable<Override>;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The values put at run time, always on top of all other sources, whatever its place in the list.
 *
 * With `file`, an acknowledged put is on disk: it survives the process and the machine. A damaged file is set aside as
 * `<file>.damaged-<time>` and reported. A path that is not a regular file, or is one of another kind, is refused and left alone. Only one manager
 * of one program may use a file at a time; a second one is refused, with the pid of the first.
 *
 * @example new RuntimeSource()
 * @example new RuntimeSource({ file: "/var/lib/myapp/overrides" })
 */
export class RuntimeSource implements Source {
  readonly kind = "runtime";
  readonly name: string;
  readonly required = true;
  readonly on_missing = "keep";
  /** Whether overrides survive the process. */
  readonly durable: boolean;
  readonly overrides: { readonly file: OverridesFile | undefined };
  readonly #shown: string;
  readonly #file: DurableFile | undefined;
  /** The current read or write; there is one at a time. */
  #running: Promise<unknown> = Promise.resolve();
  /** The save that waits for the running one; later ones join it. */
  #waiting: Save | undefined;
  /** Whether the file's content is known: unknown content must not be overwritten. */
  #known = false;
  /** Returns whether the manager that uses the file is still alive; undefined while there is none. */
  #in_use: (() => boolean) | undefined;
  #lock: FileLock | undefined;

  /** @throws TypeError for an unknown option or one of the wrong type */
  constructor(options: RuntimeOptions = {}) {
    const { file, name = "runtime", file_system, ...unknown } = options;
    for (const option of Object.keys(unknown)) {
      throw new TypeError(`Cannot make a RuntimeSource: there is no option "${option}"`);
    }
    if (
      file !== undefined &&
      !(file instanceof URL) &&
      (typeof file !== "string" || file === "" || file.includes("\0"))
    ) {
      throw new TypeError("Cannot make a RuntimeSource: file must be a path or a file URL");
    }
    this.name = name;
    this.durable = file !== undefined;
    const keeper: OverridesFile = {
      name,
      lock: (in_use) => this.lock(in_use),
      load: () => this.load_overrides(),
      save: (overrides) => this.persist(overrides),
      close: () => this.close(),
    };
    this.overrides = { file: file === undefined ? undefined : keeper };
    this.#shown = file instanceof URL ? fileURLToPath(file) : (file ?? "");
    this.#file = file === undefined ? undefined : new DurableFile(resolve(this.#shown), file_system);
  }

  /**
   * Locks the file for the manager of this source, until `close`. To be called before `load_overrides`.
   *
   * @param in_use returns whether that manager is still alive: if not, another one of this program may take the file
   * @throws ConfigSourceError `locked` if another manager or program uses the file; `not_a_file`, `unreadable` or
   *   `denied`
   */
  async lock(in_use: () => boolean): Promise<void> {
    await this.#next(async () => {
      this.#in_use = in_use;
      try {
        await this.#takeLock("read");
      } catch (error) {
        this.#in_use = undefined;
        throw error;
      }
    });
  }

  /**
   * Reads the saved overrides.
   *
   * @throws ConfigSourceError `not_a_file`, `unreadable` or `denied`; `version` for a file written by a later version;
   *   `damaged` for a damaged one that cannot be set aside. Until a later call succeeds, `persist` refuses, because it
   *   would overwrite unknown content.
   */
  load_overrides(): Promise<LoadedOverrides> {
    return this.#next(() => this.#load());
  }

  /**
   * Saves these overrides in place of the previous ones.
   *
   * Calls during a running save are saved together: the last one's overrides are written once.
   *
   * @param overrides all overrides; not to be changed until the promise settles
   * @returns resolves when they are on disk (at once without a file)
   * @throws ConfigSourceError `disk_full`, `read_only`, `denied`, `locked`, `not_a_file` or `not_saved`: the file is
   *   unchanged
   */
  persist(overrides: Iterable<Override>): Promise<void> {
    if (this.#file === undefined) return Promise.resolve();
    if (this.#waiting === undefined) {
      const { promise, resolve: fulfil, reject } = withResolvers();
      const save: Save = { overrides, done: promise, resolve: fulfil, reject };
      this.#waiting = save;
      void this.#next(async () => {
        this.#waiting = undefined;
        await this.#save(save.overrides).then(save.resolve, save.reject);
      });
    } else {
      this.#waiting.overrides = overrides;
    }
    return this.#waiting.done;
  }

  /** Releases the file. Resolves when nothing is being read or written. */
  async close(): Promise<void> {
    await this.#next(async () => {
      this.#in_use = undefined;
      await this.#unlock();
    });
  }

  /** The manager keeps overrides as its own layer: among the sources there is nothing to load. */
  async load(context: SourceContext): Promise<Loaded> {
    if (!context.first) return { outcome: "unchanged" };
    const source = this.name;
    return { outcome: "data", contribution: { source, tree: {}, origin: () => ({ source }), diagnostics: [] } };
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    holders.delete(this);
    await lock?.release();
  }

  async #takeLock(verb: "read" | "save"): Promise<void> {
    if (this.#file === undefined || this.#in_use === undefined) return;
    if (this.#lock !== undefined && (await this.#lock.held())) return;
    await this.#unlock();
    const where = verb === "read" ? "read the runtime overrides in" : "save the runtime overrides in";
    const action = `Cannot ${where} "${this.#shown}"`;
    try {
      const place = await this.#file.place();
      this.#lock = await lock_file(place).catch(async (error: unknown) => {
        const last = error instanceof Locked && error.own ? RuntimeSource.#abandoned(place) : undefined;
        if (last === undefined) throw error;
        await last.#unlock();
        return lock_file(place);
      });
      holders.set(this, place);
    } catch (error) {
      if (!(error instanceof Locked)) throw this.#failure(action, error, "unreadable");
      const uses = error.own ? `another manager of this program (pid ${process.pid}) uses it` : error.message;
      const message = `${action}: ${uses}; each needs a separate file`;
      throw new ConfigSourceError(message, { source: this.name, code: "locked", file: this.#shown });
    }
  }

  /** The source of this program that has a file whose manager has ended. */
  static #abandoned(place: string): RuntimeSource | undefined {
    for (const [source, at] of holders) if (at === place && source.#in_use?.() !== true) return source;
    return undefined;
  }

  #next<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#running.then(action);
    this.#running = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  async #load(): Promise<LoadedOverrides> {
    if (this.#file === undefined) return { overrides: [], diagnostics: [] };
    this.#known = false;
    const diagnostics: Diagnostic[] = [];
    let text: string | undefined;
    try {
      text = await this.#file.read();
    } catch (error) {
      throw this.#failure(`Cannot read the runtime overrides in "${this.#shown}"`, error, "unreadable");
    }
    await this.#file.remove_leftovers().catch((error: unknown) => {
      const message = `Unfinished files beside "${this.#shown}" could not be removed: ${wordsOf(error).words}`;
      diagnostics.push({ source: this.name, code: "leftover", message });
    });
    let overrides: readonly Override[] = [];
    try {
      if (text !== undefined) overrides = decode_overrides(text);
    } catch (error) {
      if (error instanceof NewerRecord) {
        const message = `Cannot read the runtime overrides in "${this.#shown}": ${error.message}`;
        throw new ConfigSourceError(message, { source: this.name, code: "version", file: this.#shown });
      }
      if (error instanceof ForeignRecord) {
        const message = `Cannot read the runtime overrides in "${this.#shown}": ${error.message}, and is left alone; name another file, or remove it`;
        throw new ConfigSourceError(message, { source: this.name, code: "foreign", file: this.#shown });
      }
      diagnostics.push(await this.#setAside(this.#file, error));
    }
    this.#known = true;
    return { overrides, diagnostics };
  }

  async #setAside(file: DurableFile, error: unknown): Promise<Diagnostic> {
    const why = error instanceof DamagedRecord ? error.message : "its content is not what was saved";
    const time = new Date().toISOString().replaceAll(/[-:]/g, "");
    try {
      const kept = await file.set_aside(`.damaged-${time}`);
      const message = `The runtime overrides in "${this.#shown}" were damaged (${why}): the file is kept as "${kept}", its overrides are not used`;
      return { source: this.name, code: "damaged", message };
    } catch (failure) {
      const action = `Cannot set aside the damaged runtime overrides in "${this.#shown}" (${why})`;
      throw this.#failure(action, failure, "damaged", "damaged");
    }
  }

  async #save(overrides: Iterable<Override>): Promise<void> {
    const action = `Cannot save the runtime overrides in "${this.#shown}"`;
    if (!this.#known) {
      const message = `${action}: the content of the file is unknown, as it could not be read`;
      throw new ConfigSourceError(message, { source: this.name, code: "not_saved", file: this.#shown });
    }
    await this.#takeLock("save");
    const text = await encode_overrides(overrides, newBudget());
    try {
      await this.#file!.replace(text);
    } catch (error) {
      throw this.#failure(action, error, "not_saved");
    }
  }

  #failure(action: string, error: unknown, otherwise: string, always?: string): ConfigSourceError {
    const { code, words } = wordsOf(error);
    const place = { source: this.name, code: always ?? code ?? otherwise, file: this.#shown, cause: error };
    return new ConfigSourceError(`${action}: ${words}`, place);
  }
}

/** The sources of this program that have a file, with its path. */
const holders = new Map<RuntimeSource, string>();

function wordsOf(error: unknown): { readonly code: string | undefined; readonly words: string } {
  if (error instanceof NotRegular) return { code: error.code, words: error.message };
  return systemFault(error);
}

function withResolvers() {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
