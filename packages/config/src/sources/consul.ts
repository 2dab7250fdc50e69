import type { Diagnostic } from "../core/layer.ts";
import type { ConfigSourceError } from "../errors.ts";
import { formatPath } from "../core/path.ts";
import type { Segments, Value } from "../core/value.ts";
import { BlobContent } from "./consul/blob_content.ts";
import { ConsulIndex } from "./consul/consul_index.ts";
import { type Entry, entry_of } from "./consul/entries.ts";
import type { Answer, KeyQuery } from "./consul/client.ts";
import { KeysContent } from "./consul/keys_content.ts";
import { type ConsulOptions, type ConsulSettings, consul_settings } from "./consul/options.ts";
import { ConsulSession } from "./consul/session.ts";
import { type ConsulStatus, consul_status } from "./consul/status.ts";
import { ConsulWriter } from "./consul/writer.ts";
import { CacheFile } from "./remote/cache_file.ts";
import { source_error, tellable } from "./remote/failure.ts";
import { type Reading, Remote } from "./remote/remote.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";

export type { ConsulOptions, ConsulTls } from "./consul/options.ts";
export type { ConsulStatus } from "./consul/status.ts";

/** The wait before a load that failed is repeated, in milliseconds. */
const LOAD_BACKOFF = { min: 500, max: 30_000 };
/** Slowest pace of loads when the index changes and our keys do not, in milliseconds. */
const UNRELATED = 250;
/** Slowest pace with a server that does not block or has no index, in milliseconds: then the source polls. */
const POLLING = 5000;

/**
 * Reads configuration from Consul's key/value store, and follows its changes.
 *
 * - 200 is data.
 * - A 404 with an index, without a missing permission, means that the prefix is empty. After a load with data a second
 *   load must confirm it.
 * - Any other response is an error: the last good values stay.
 *
 * `watch` follows changes with blocking queries; a load always reads from Consul, so that `reload()` includes every
 * earlier write.
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
  readonly #remote: Remote;
  readonly #index = new ConsulIndex();
  #env: SourceContext["env"] = process.env;
  /** The next load must include our last write, even if the consistency mode allows old data. */
  #fresh = false;
  #keys = 0;

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
    this.#remote = new Remote({
      source: this.name,
      place: "Consul",
      on_missing: this.on_missing,
      held: {
        contribution: (bytes, diagnostics) => content.contribution(bytes, diagnostics),
        clear: () => content.clear(),
        items: () => Array.from(content.entries.values(), ({ key, raw }) => [key, raw]),
        restore: (cache) => this.#restore(cache),
      },
      cache:
        options.cache_file === undefined
          ? undefined
          : new CacheFile(options.cache_file, { root: settings.root, layout: settings.layout }),
      debounce: settings.debounce,
      backoff: settings.backoff,
      load_backoff: LOAD_BACKOFF,
      poll_interval: 0,
      unrelated: UNRELATED,
      polling: POLLING,
      failed: (error) => this.#failed("read", error),
      release: () => this.#session.close(),
    });
    if (options.write_through === true) this.write = (path, value, context) => this.#write(path, value, context);
  }

  /**
   * Reads all keys under the prefix.
   *
   * @throws ConfigSourceError with a code: `unreachable`, `timeout`, `denied`, `no_leader`, …
   */
  async load(context: SourceContext): Promise<Loaded> {
    this.#env = context.env;
    const before = this.#settings.given.consistency === "stale" ? 0n : this.#index.value;
    return this.#remote.load(context, async () => {
      const { answer, reading } = await this.#read(context);
      // The index is lower than before: the store was restored or replaced, and a query that waits for a higher one
      // would wait in vain.
      return { ...reading, again: answer.index >= 1n && answer.index < before };
    });
  }

  /** Follows changes until it is closed or the context's signal fires. A running watch is closed first. */
  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    this.#env = context.env;
    const { layout, root, wait, given } = this.#settings;
    const query: KeyQuery = {
      key: root,
      shape: layout === "blob" ? "one" : "names",
      consistency: given.consistency ?? "default",
    };
    const ask = async (again: boolean, signal: AbortSignal) => {
      if (again) this.#index.forget();
      const after = this.#index.value > 0n ? { index: this.#index.value, wait } : undefined;
      const answer = await this.#session.get(after === undefined ? query : { ...query, after }, {
        env: context.env,
        signal,
      });
      return this.#index.heard(answer);
    };
    return this.#remote.watch(changed, context, ask, () => false);
  }

  /**
   * Changes one value in Consul: reads it, computes the new one, and writes it if the value has not changed
   * meanwhile; otherwise tries again.
   *
   * @param path dotted segments, for example `["limits", "requests"]`
   * @param updater gets the current value (undefined: absent) and returns the new one (undefined: removes it); may be
   *   called several times
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

  /** The state of the source, without secrets. */
  status(): ConsulStatus {
    return consul_status({
      address: this.#session.address(this.#env),
      key_prefix: this.key_prefix,
      layout: this.#settings.layout,
      session: this.#session,
      index: this.#index.value,
      standing: this.#remote.standing,
      keys: this.#remote.is_there ? this.#keys : 0,
    });
  }

  async #read(context: SourceContext): Promise<{ answer: Answer; reading: Reading }> {
    const { root, layout, given } = this.#settings;
    const begun = this.#content.begin();
    const stale = given.consistency === "stale" && this.#fresh;
    const answer = await this.#session.get(
      {
        key: root,
        shape: layout === "blob" ? "one" : "tree",
        consistency: stale ? "default" : (given.consistency ?? "default"),
      },
      { env: context.env, signal: context.signal, reader: begun.reader },
    );
    this.#fresh = false;
    if (answer.status === 404) {
      await this.#deniedOrAbsent(context);
      return { answer, reading: { found: false } };
    }
    const { keys, changed } = await begun.commit(context.signal);
    // An empty list means the same as a 404.
    if (keys === 0) return { answer, reading: { found: false } };
    this.#keys = keys;
    return { answer, reading: { found: true, changed, bytes: answer.bytes, notes: this.#notes(answer) } };
  }

  /** Without the permission Consul reports a prefix as empty; only a request for a single key is refused. */
  async #deniedOrAbsent(context: SourceContext): Promise<void> {
    const { root, layout } = this.#settings;
    if (layout === "blob") return;
    const [known] = this.#content.entries.keys();
    const query = { key: known ?? root, shape: "one", consistency: "default" } as const;
    if (query.key !== "") await this.#session.get(query, { env: context.env, signal: context.signal });
  }

  /** The last good values of an earlier run. */
  async #restore(cache: CacheFile): Promise<true | undefined> {
    const { root } = this.#settings;
    const entries: readonly Entry[] | undefined = await cache.read((item) => entry_of(item, root));
    if (entries === undefined) return undefined;
    await this.#content.restore(entries);
    this.#keys = entries.length;
    return true;
  }

  #notes({ filtered }: Answer): readonly Diagnostic[] {
    if (!filtered) return [];
    return [{ source: this.name, code: "filtered", message: "Consul left out keys that the token may not read" }];
  }

  async #write(path: Segments, value: Value | undefined, context: SourceContext): Promise<void> {
    try {
      await this.#writer.write(path, value, this.#remote.is_there ? this.#content.entries : undefined, context);
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
