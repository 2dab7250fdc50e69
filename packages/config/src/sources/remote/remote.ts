import type { Contribution, Diagnostic } from "../../core/layer.ts";
import type { ConfigSourceError } from "../../errors.ts";
import type { Loaded, SourceContext, Watch } from "../source.ts";
import type { CacheFile } from "./cache_file.ts";
import { Follow, type FollowPort, type FollowState, type Pace } from "./follow.ts";
import { RemoteFailure } from "./failure.ts";

/** The result of one reading of a place. */
export type Reading =
  | { readonly found: false; readonly again?: boolean }
  | {
      readonly found: true;
      /** It differs from the previous content. */
      readonly changed: boolean;
      /** Size of the data that was read; absent if there was none. */
      readonly bytes?: number;
      /** Diagnostics of the content. */
      readonly notes?: readonly Diagnostic[];
      /** The wait in progress must begin anew: the place was reset to an earlier state, or is ahead of the wait. */
      readonly again?: boolean;
    };

/** The content of the last good reading. */
export interface Held {
  contribution(bytes: number, diagnostics: readonly Diagnostic[]): Contribution;
  clear(): void;
  /** The content for the cache file: plain data, one item a line. */
  items(): Iterable<unknown>;
  /** Takes the content of the cache file; undefined if there is none. @throws if it cannot be read */
  restore(cache: CacheFile): Promise<true | undefined>;
}

/** The parts that differ from source to source. */
export interface RemotePort extends Pace {
  /** Its name. */
  readonly source: string;
  /** The name of the place in diagnostics: `Consul`. */
  readonly place: string;
  readonly on_missing: "keep" | "clear";
  readonly held: Held;
  readonly cache: CacheFile | undefined;
  /** The error for the manager. */
  failed(error: unknown): ConfigSourceError;
  /** Closes the connections; resolves when they are closed. */
  release(): Promise<void>;
}

/** The state of the connection to a place. */
export interface RemoteStanding {
  readonly watch: FollowState | undefined;
  readonly failure: { readonly code: string; readonly message: string; readonly since: number } | undefined;
  readonly missing: boolean;
  readonly from_cache: boolean;
  readonly cache_problem: string | undefined;
  readonly bytes: number;
}

/** Milliseconds until an absence is checked again. */
const CONFIRM = 1000;

/**
 * The common part of all remote sources: which readings count, which values stay if there is none, and when to read again.
 *
 * - A reading with content is data.
 * - An empty place is an empty layer at first; later, once a second reading confirms it, `on_missing` decides.
 * - Any other outcome is an error: the last good values stay. If there are none yet, those of the cache file are used.
 * - A place that asked for a pause gets no request before its end.
 */
export class Remote {
  private readonly port: RemotePort;
  private follow: Follow | undefined;
  /** The last accepted reading had content. */
  private there = false;
  /** Consecutive readings that found no content after there had been some. */
  private missed = 0;
  /** The manager must get data even if nothing changed: it has a layer from the cache file, or none. */
  private owes = true;
  private fromCache = false;
  private notes: readonly Diagnostic[] = [];
  private bytes = 0;
  private failure: RemoteStanding["failure"];
  /** The pause that the place asked for: its end (`performance.now()`), and the failure that it came with. */
  private closed: { readonly until: number; readonly why: RemoteFailure } | undefined;

  constructor(port: RemotePort) {
    this.port = port;
  }

  /** There is content, from the last accepted reading or from the cache file. */
  get is_there(): boolean {
    return this.there;
  }

  get standing(): RemoteStanding {
    return {
      watch: this.follow?.state,
      failure: this.failure,
      missing: this.missed > 0 || (!this.there && !this.owes),
      from_cache: this.fromCache,
      cache_problem: this.port.cache?.problem,
      bytes: this.bytes,
    };
  }

  /** @param read one reading of the place. @throws ConfigSourceError */
  async load(context: SourceContext, read: () => Promise<Reading>): Promise<Loaded> {
    if (context.first) this.owes = true;
    const began = performance.now();
    try {
      if (this.closed !== undefined && began < this.closed.until) throw this.closed.why;
      const reading = await read();
      this.failure = undefined;
      this.closed = undefined;
      const loaded = reading.found ? this.found(reading) : await this.absent();
      const news = loaded.outcome === "data";
      this.follow?.loaded({ again: reading.again === true, took: performance.now() - began, news });
      if (this.missed === 1) this.follow?.remind(CONFIRM);
      return loaded;
    } catch (error) {
      return await this.failed(error, context);
    }
  }

  /** Follows the place until that is closed or the context's signal fires. A running watch is closed first. */
  async watch(
    changed: () => void,
    context: SourceContext,
    ask: FollowPort["ask"],
    blind: FollowPort["blind"],
  ): Promise<Watch> {
    await this.follow?.close();
    const { cache, debounce, backoff, load_backoff, poll_interval, unrelated, polling } = this.port;
    const port: FollowPort = {
      ask,
      blind,
      ring: changed,
      healthy: () => this.failure === undefined,
      release: async () => {
        await Promise.all([this.port.release(), cache?.close()]);
      },
      debounce,
      backoff,
      load_backoff,
      poll_interval,
      unrelated,
      polling,
      random: Math.random,
    };
    this.follow = new Follow(port, context.signal);
    if (this.failure !== undefined) this.follow.load_failed(this.left());
    return this.follow;
  }

  private async failed(thrown: unknown, context: SourceContext): Promise<Loaded> {
    const error = this.port.failed(thrown);
    this.failure = { code: error.code, message: error.message, since: this.failure?.since ?? Date.now() };
    const wait = thrown instanceof RemoteFailure ? thrown.retry_after : undefined;
    if (wait !== undefined && thrown instanceof RemoteFailure && thrown !== this.closed?.why) {
      this.closed = { until: performance.now() + wait, why: thrown };
    }
    if (context.signal.aborted) throw error;
    this.follow?.load_failed(this.left());
    const cached = error.code === "stopped" ? undefined : await this.fromCacheFile();
    if (cached !== undefined) return cached;
    throw error;
  }

  /** Remaining milliseconds of the pause. */
  private left(): number | undefined {
    return this.closed === undefined ? undefined : Math.max(1, this.closed.until - performance.now());
  }

  private found({ changed, bytes = this.bytes, notes = [] }: Reading & { readonly found: true }): Loaded {
    const news = changed || this.owes || this.fromCache || !isSame(notes, this.notes);
    this.there = true;
    this.missed = 0;
    this.owes = false;
    this.fromCache = false;
    this.notes = notes;
    this.bytes = bytes;
    if (!news) return { outcome: "unchanged" };
    this.port.cache?.keep(this.port.held.items());
    return this.data();
  }

  /** One reading is not enough: a place that is being restored, or was restarted without its data, responds in the same way. */
  private async absent(): Promise<Loaded> {
    const { on_missing, cache, held } = this.port;
    if (!this.there) {
      const cached = on_missing === "keep" ? await this.fromCacheFile() : undefined;
      if (cached !== undefined) return cached;
      this.owes = false;
      return { outcome: "absent" };
    }
    this.missed += 1;
    if (this.missed === 1) {
      if (!this.owes) return { outcome: "unchanged" };
      this.owes = false;
      return this.data();
    }
    this.there = false;
    this.missed = 0;
    this.owes = false;
    this.fromCache = false;
    this.notes = [];
    this.bytes = 0;
    held.clear();
    if (on_missing === "clear") await cache?.remove();
    return { outcome: "absent" };
  }

  /** The last good values of an earlier run: only if this run has none, and never had any. */
  private async fromCacheFile(): Promise<Loaded | undefined> {
    const { cache, held } = this.port;
    if (cache === undefined || this.there || !this.owes) return undefined;
    if ((await held.restore(cache).catch(() => undefined)) === undefined) return undefined;
    this.there = true;
    this.owes = false;
    this.fromCache = true;
    this.bytes = 0;
    return this.data();
  }

  private data(): Loaded {
    const { source, place, held } = this.port;
    const message = `${place} has not responded yet: these are the last good values, from the cache file`;
    const cached = this.fromCache ? [{ source, code: "cached", message }] : [];
    return { outcome: "data", contribution: held.contribution(this.bytes, [...cached, ...this.notes]) };
  }
}

function isSame(some: readonly Diagnostic[], others: readonly Diagnostic[]): boolean {
  return some.length === others.length && some.every(({ message }, at) => message === others[at]!.message);
}
