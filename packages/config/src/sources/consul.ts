import type { ConfigSourceError } from "../errors.ts";
import type { Diagnostic } from "../core/layer.ts";
import { formatPath } from "../core/path.ts";
import type { Segments, Value } from "../core/value.ts";
import { BlobContent } from "./consul/blob_content.ts";
import { BlockingWatch } from "./consul/blocking_watch.ts";
import { ConsulCache } from "./consul/cache.ts";
import type { Answer, KeyQuery } from "./consul/client.ts";
import { source_error, tellable } from "./consul/failure.ts";
import { KeysContent } from "./consul/keys_content.ts";
import { type ConsulOptions, type ConsulSettings, consul_settings } from "./consul/options.ts";
import { ConsulSession } from "./consul/session.ts";
import { type ConsulStatus, consul_status } from "./consul/status.ts";
import { ConsulWriter } from "./consul/writer.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";

export type { ConsulOptions, ConsulTls } from "./consul/options.ts";
export type { ConsulStatus } from "./consul/status.ts";

/** Milliseconds until an absence is looked at again. */
const CONFIRM = 1000;

/**
 * Configuration in Consul's key/value store: every instance of an application follows it.
 *
 * - 200 is data.
 * - 404 with an index, and no grant missing, is absence: empty at first; later it counts when a second load confirms it.
 * - Everything else is an error: the last good values stay. No answer ends the source.
 *
 * `watch` follows changes with blocking queries; a load is always a reading of its own, so that `reload()` sees what was
 * written before it.
 *
 * ```ts
 * new ConsulSource("myapp/config");
 * new ConsulSource("myapp/config", "consul.internal", 8500);
 * new ConsulSource("myapp/config", { address: "https://consul.internal:8501", token_file: "/run/secrets/consul", required: true });
 * ```
 *
 * Source of the rules: Consul's HTTP API, "Blocking queries" and "KV store".
 */
export class ConsulSource implements Source {
  readonly name: string;
  readonly kind = "consul";
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  readonly key_prefix: string;
  /** Only with `write_through: true`. */
  readonly write?: (path: Segments, value: Value | undefined, context: SourceContext) => Promise<void>;

  readonly #settings: ConsulSettings;
  readonly #session: ConsulSession;
  readonly #content: KeysContent | BlobContent;
  readonly #writer: ConsulWriter;
  readonly #cache: ConsulCache | undefined;
  #env: SourceContext["env"] = process.env;
  #watch: BlockingWatch | undefined;
  /** Something was there at the last reading that told. */
  #there = false;
  /** Readings in a row that found nothing where there had been something. */
  #missed = 0;
  /** The manager must get data even where nothing changed: it has a layer from the cache file, or none. */
  #owes = true;
  #fromCache = false;
  #filtered = false;
  /** A write must be seen by the next load, also by one that may read old data. */
  #fresh = false;
  #keys = 0;
  #bytes = 0;
  #failure: { readonly code: string; readonly message: string; readonly since: number } | undefined;

  /**
   * @param key_prefix the folder in Consul, for example `myapp/config`; with `layout: "blob"` the key
   * @param consul_host host, or all other options
   * @param consul_port default 8500
   * @throws TypeError, RangeError for options that contradict each other or are out of range
   */
  constructor(key_prefix: string, consul_host?: string, consul_port?: number);
  constructor(key_prefix: string, options?: ConsulOptions);
  constructor(key_prefix: string, second?: string | ConsulOptions, consul_port?: number) {
    const options: ConsulOptions =
      typeof second === "object"
        ? second
        : {
            ...(second === undefined ? {} : { host: second }),
            ...(consul_port === undefined ? {} : { port: consul_port }),
          };
    const settings = consul_settings(key_prefix, options);
    this.name = options.name ?? `consul:${key_prefix}`;
    this.required = options.required ?? false;
    this.on_missing = options.on_missing ?? "keep";
    this.key_prefix = key_prefix;
    this.#settings = settings;
    this.#session = new ConsulSession(settings);
    this.#content =
      settings.layout === "blob"
        ? new BlobContent(settings.root, this.name, options.format)
        : new KeysContent(settings.root, this.name);
    const content = this.#content;
    this.#writer = new ConsulWriter(settings, this.#session, (path) =>
      content instanceof KeysContent ? content.expected(path) : undefined,
    );
    this.#cache =
      options.cache_file === undefined
        ? undefined
        : new ConsulCache(options.cache_file, { root: settings.root, layout: settings.layout });
    if (options.write_through === true) this.write = (path, value, context) => this.#write(path, value, context);
  }

  /**
   * Reads everything under the prefix.
   *
   * @throws ConfigSourceError whose code says why: `unreachable`, `timeout`, `denied`, `no_leader`, …
   */
  async load(context: SourceContext): Promise<Loaded> {
    this.#env = context.env;
    if (context.first) this.#owes = true;
    const began = performance.now();
    const before = this.#watch?.state.index ?? 0n;
    try {
      const { answer, loaded } = await this.#load(context);
      this.#failure = undefined;
      this.#watch?.loaded(
        answer.index,
        this.#settings.given.consistency === "stale" ? 0n : before,
        performance.now() - began,
      );
      if (this.#missed === 1) this.#watch?.remind(CONFIRM);
      return loaded;
    } catch (error) {
      const failed = this.#failed("read", error);
      this.#failure = { code: failed.code, message: failed.message, since: this.#failure?.since ?? Date.now() };
      this.#watch?.load_failed();
      const cached = failed.code === "stopped" ? undefined : await this.#fromCacheFile();
      if (cached !== undefined) return cached;
      throw failed;
    }
  }

  /** Follows changes until it is closed or the context's signal fires. A watch that runs already is closed first. */
  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    this.#env = context.env;
    await this.#watch?.close();
    const { layout, root, wait, debounce, backoff, given } = this.#settings;
    const query: KeyQuery = {
      key: root,
      shape: layout === "blob" ? "one" : "names",
      consistency: given.consistency ?? "default",
    };
    const watch = new BlockingWatch(
      {
        ask: (index, signal) =>
          this.#session.get(index === undefined ? query : { ...query, after: { index, wait } }, {
            env: context.env,
            signal,
          }),
        ring: changed,
        healthy: () => this.#failure === undefined,
        release: async () => {
          await Promise.all([this.#session.close(), this.#cache?.flush()]);
        },
        debounce,
        backoff,
        random: Math.random,
      },
      context.signal,
    );
    this.#watch = watch;
    return watch;
  }

  /**
   * Changes one value in Consul by what it is now: reads, computes, writes only if nobody wrote meanwhile, else again.
   *
   * @param path dotted segments, for example `["limits", "requests"]`
   * @param updater gets the present value (undefined: absent), returns the next (undefined: remove); may be called often
   * @returns the value that was written
   * @throws ConfigSourceError
   */
  async update(
    path: Segments,
    updater: (current: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    context: Pick<SourceContext, "signal" | "env"> = { signal: new AbortController().signal, env: this.#env },
  ): Promise<Value | undefined> {
    try {
      const next = await this.#writer.update(path, updater, context);
      this.#fresh = true;
      return next;
    } catch (error) {
      throw tellable(error) ? this.#failed(`write "${formatPath(path)}" under`, error) : error;
    }
  }

  /** How things stand, for an operator. Holds no secret. */
  status(): ConsulStatus {
    return consul_status({
      address: this.#session.address(this.#env),
      key_prefix: this.key_prefix,
      layout: this.#settings.layout,
      session: this.#session,
      watch: this.#watch?.state,
      failure: this.#failure,
      cache_problem: this.#cache?.problem,
      from_cache: this.#fromCache,
      missing: this.#missed > 0 || (!this.#there && !this.#owes),
      keys: this.#keys,
      bytes: this.#bytes,
    });
  }

  async #load(context: SourceContext): Promise<{ answer: Answer; loaded: Loaded }> {
    const { root, layout, given } = this.#settings;
    const reading = this.#content.begin();
    const stale = given.consistency === "stale" && this.#fresh;
    const answer = await this.#session.get(
      {
        key: root,
        shape: layout === "blob" ? "one" : "tree",
        consistency: stale ? "default" : (given.consistency ?? "default"),
      },
      { env: context.env, signal: context.signal, reader: reading.reader },
    );
    this.#fresh = false;
    if (answer.status === 404) {
      await this.#deniedOrAbsent(context);
      return { answer, loaded: await this.#absent() };
    }
    const { keys, changed } = await reading.commit(context.signal);
    // Nothing but an empty list: as good as a 404.
    if (keys === 0) return { answer, loaded: await this.#absent() };
    return { answer, loaded: this.#found(answer, keys, changed) };
  }

  #found(answer: Answer, keys: number, changed: boolean): Loaded {
    const news = changed || this.#owes || this.#fromCache || answer.filtered !== this.#filtered;
    this.#there = true;
    this.#missed = 0;
    this.#owes = false;
    this.#fromCache = false;
    this.#filtered = answer.filtered;
    this.#keys = keys;
    this.#bytes = answer.bytes;
    if (!news) return { outcome: "unchanged" };
    this.#cache?.keep(this.#content.entries);
    return { outcome: "data", contribution: this.#content.contribution(answer.bytes, this.#diagnostics()) };
  }

  /** Once is not enough: a server that is being restored, or was just restarted without its data, answers the same. */
  async #absent(): Promise<Loaded> {
    if (!this.#there) {
      const cached = this.on_missing === "keep" ? await this.#fromCacheFile() : undefined;
      if (cached !== undefined) return cached;
      this.#owes = false;
      return { outcome: "absent" };
    }
    this.#missed += 1;
    if (this.#missed === 1) return this.#last();
    this.#there = false;
    this.#missed = 0;
    this.#owes = false;
    this.#fromCache = false;
    this.#keys = 0;
    this.#bytes = 0;
    this.#content.clear();
    if (this.on_missing === "clear") await this.#cache?.remove();
    return { outcome: "absent" };
  }

  /** What was read last, once more. */
  #last(): Loaded {
    if (!this.#owes) return { outcome: "unchanged" };
    this.#owes = false;
    return { outcome: "data", contribution: this.#content.contribution(this.#bytes, this.#diagnostics()) };
  }

  /**
   * Without a grant Consul answers a reading of a prefix as if nothing were there; only the reading of a single key says
   * that it is forbidden.
   */
  async #deniedOrAbsent(context: SourceContext): Promise<void> {
    const { root, layout } = this.#settings;
    if (layout === "blob") return;
    const [known] = this.#content.entries.keys();
    const query = { key: known ?? root, shape: "one", consistency: "default" } as const;
    if (query.key !== "") await this.#session.get(query, { env: context.env, signal: context.signal });
  }

  /** The last good values of an earlier run: only where this run has none, and never had. */
  async #fromCacheFile(): Promise<Loaded | undefined> {
    if (this.#cache === undefined || this.#there || !this.#owes) return undefined;
    const entries = await this.#cache.read();
    if (entries === undefined) return undefined;
    try {
      await this.#content.restore(entries);
    } catch {
      return undefined;
    }
    this.#there = true;
    this.#owes = false;
    this.#fromCache = true;
    this.#keys = entries.length;
    return { outcome: "data", contribution: this.#content.contribution(0, this.#diagnostics()) };
  }

  #diagnostics(): readonly Diagnostic[] {
    const notes: Diagnostic[] = [];
    const note = (code: string, message: string) => notes.push({ source: this.name, code, message });
    if (this.#fromCache) note("cached", "Consul gave nothing yet: these are the last good values, from the cache file");
    if (this.#filtered) note("filtered", "Consul left out keys that the token may not read");
    return notes;
  }

  async #write(path: Segments, value: Value | undefined, context: SourceContext): Promise<void> {
    try {
      await this.#writer.write(path, value, this.#there ? this.#content.entries : undefined, context);
    } catch (error) {
      throw this.#failed(`write "${formatPath(path)}" under`, error);
    } finally {
      this.#fresh = true;
    }
  }

  #failed(action: string, error: unknown): ConfigSourceError {
    const { root } = this.#settings;
    const where = `${root === "" ? "the store" : `"${root}"`} in Consul at "${this.#session.address(this.#env)}"`;
    return source_error(this.name, `Cannot ${action} ${where}`, error);
  }
}
