import { child, isTable } from "../../core/draft.ts";
import type { Knowledge } from "../../core/layer.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import { load_format } from "../../formats/by_extension.ts";
import { full_jitter } from "../../core/backoff.ts";
import { pause } from "../remote/waiting.ts";
import { blob_document, blob_format, blob_text } from "./blob_content.ts";
import { type Entry, EntryReader } from "./entries.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { Operation } from "./operation.ts";
import type { ConsulSettings } from "./options.ts";
import type { Asking, ConsulSession } from "./session.ts";
import { KeyTree } from "../remote/key_tree.ts";
import { MAX_WRITE_BYTES, table_with, write_plan } from "./write_plan.ts";

type Records = ReadonlyMap<string, Entry>;

/** The wait between tries of an update, in milliseconds. */
const RETRY = { min: 5, max: 100 };
/** Tries of an update before it gives up. With a hundred simultaneous writers it needs fewer. */
const TRIES = 1000;

/**
 * Writes to Consul. A write is applied only if the keys it was computed from have not changed (compare-and-set), and a
 * write of several keys is one transaction, never split.
 */
export class ConsulWriter {
  readonly #settings: ConsulSettings;
  readonly #session: ConsulSession;

  /** The shape that the schema and the layers below the source have at a path. */
  readonly #expected: Knowledge["expected"];

  constructor(settings: ConsulSettings, session: ConsulSession, expected: Knowledge["expected"]) {
    this.#settings = settings;
    this.#session = session;
    this.#expected = expected;
  }

  /**
   * Sets `path` to `value` (undefined: removes it).
   *
   * @param known the keys of the last load: the write is applied only if they have not changed
   * @throws RemoteFailure `conflict` if the value has changed meanwhile
   */
  async write(path: Segments, value: Value | undefined, known: Records | undefined, asking: Asking): Promise<void> {
    await this.#loadFormat();
    let records = known ?? (await this.#read(path, asking));
    for (let attempt = 0; ; attempt++) {
      const plan = this.#plan(path, value, records);
      if (plan.length === 0) return;
      if (await this.#commit(plan, asking, attempt === 0)) return;
      const now = await this.#read(path, asking);
      if (this.#plan(path, value, now).length === 0) return;
      // The same value was written again: only the index changed.
      if (!plan.every(({ key }) => now.get(key)?.raw === records.get(key)?.raw)) {
        throw new RemoteFailure("conflict", "it was changed meanwhile; read it again, or use an updater");
      }
      records = now;
    }
  }

  /** Writes the result of `updater` for the current value, and tries again after each conflict. */
  async update(
    path: Segments,
    updater: (current: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    asking: Asking,
  ): Promise<Value | undefined> {
    await this.#loadFormat();
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const records = await this.#read(path, asking);
      const next = await updater(this.#value(path, records));
      const plan = this.#plan(path, next, records);
      if (plan.length === 0 || (await this.#session.commit(plan, asking))) return next;
      await pause(full_jitter(RETRY, attempt, Math.random()), asking.signal);
    }
    throw new RemoteFailure("conflict", `others changed it first ${TRIES} times in a row`);
  }

  /**
   * A connection that was kept open may be dead. Then a reading shows the outcome of the write, as after a conflict.
   */
  async #commit(plan: readonly Operation[], asking: Asking, forgiving: boolean): Promise<boolean> {
    try {
      return await this.#session.commit(plan, asking);
    } catch (error) {
      if (forgiving && error instanceof RemoteFailure && /ECONNRESET|EPIPE/.test(error.message)) return false;
      throw error;
    }
  }

  /**
   * Loads the blob's format if the key or the options name it. By its text alone it is TOML, which is loaded already,
   * or JSON.
   */
  async #loadFormat(): Promise<void> {
    const { root, given, layout } = this.#settings;
    if (layout === "blob") await load_format(blob_format(root, given.format, ""));
  }

  /** The keys that a write at this path needs. */
  async #read(path: Segments, asking: Asking): Promise<Records> {
    const { root, layout } = this.#settings;
    const records = new Map<string, Entry>();
    const top = root + (path[0] ?? "");
    const reader = new EntryReader((entry) => {
      const within = path.length === 0 || entry.key === top || entry.key.startsWith(`${top}/`);
      if (layout === "blob" ? entry.key === root : within) records.set(entry.key, entry);
    });
    const shape = layout === "blob" ? "one" : "tree";
    await this.#session.get(
      { key: layout === "blob" ? root : top, shape, consistency: "default" },
      { ...asking, reader },
    );
    return records;
  }

  #plan(path: Segments, value: Value | undefined, records: Records): readonly Operation[] {
    const { root, layout } = this.#settings;
    return layout === "blob"
      ? this.#planBlob(path, value, records)
      : write_plan(root, path, value, records, this.#expected);
  }

  #planBlob(path: Segments, value: Value | undefined, records: Records): readonly Operation[] {
    const { root, given } = this.#settings;
    const entry = records.get(root);
    const { tree, format } =
      entry === undefined
        ? { tree: {}, format: blob_format(root, given.format, "") }
        : blob_document(entry, given.format);
    if (path.length === 0 && value !== undefined && !isTable(value)) {
      throw new RemoteFailure("invalid", "the whole document can only be a table");
    }
    const next = path.length === 0 ? ((value ?? {}) as Table) : table_with(tree, path, value);
    if (next === tree) return [];
    const bytes = Buffer.from(blob_text(next, format), "utf8");
    if (bytes.length > MAX_WRITE_BYTES) {
      throw new RemoteFailure(
        "too_large",
        `the document has ${bytes.length} bytes, Consul holds ${MAX_WRITE_BYTES} in a key`,
      );
    }
    if (entry !== undefined && bytes.toString("base64") === entry.raw) return [];
    return [{ verb: "set", key: root, value: bytes, index: entry?.modify_index ?? 0 }];
  }

  #value(path: Segments, records: Records): Value | undefined {
    const { root, layout, given } = this.#settings;
    let at: Value | undefined;
    if (layout === "blob") {
      const entry = records.get(root);
      at = entry === undefined ? {} : blob_document(entry, given.format).tree;
    } else {
      const edit = new KeyTree(root, "").edit();
      for (const entry of records.values()) edit.set(entry);
      at = edit.done().table(this.#expected);
    }
    for (const segment of path) at = child(at, segment);
    return at;
  }
}
