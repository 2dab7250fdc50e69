import { contributionOf } from "../../core/contribution.ts";
import type { Contribution, Diagnostic, Knowledge, Layer } from "../../core/layer.ts";
import { andThen } from "../../core/maybe.ts";
import type { Shape } from "../../core/shape.ts";
import type { Segments } from "../../core/value.ts";
import { type Entry, EntryReader } from "./entries.ts";
import { KeyTree, type KeyTreeEdit } from "../remote/key_tree.ts";

/** The result of a reading. */
export interface Reading {
  /** The number of keys, including folders and skipped ones. */
  readonly keys: number;
  /** A value, or the set of keys, has changed. */
  readonly changed: boolean;
}

interface Known extends Entry {
  /** The last reading that contained it. */
  reading: number;
}

/**
 * The keys under a prefix, from the last reading. A new reading is collected separately and replaces them in one step,
 * so a failed one changes nothing.
 */
export class KeysContent {
  readonly #prefix: string;
  readonly #source: string;
  #tree: KeyTree;
  #known = new Map<string, Known>();
  #readings = 0;
  #lower: Knowledge | undefined;

  constructor(prefix: string, source: string) {
    this.#prefix = prefix;
    this.#source = source;
    this.#tree = new KeyTree(prefix, source);
  }

  /** The shape that the schema and the layers below had at a path at the last reading. */
  expected(path: Segments): Shape | undefined {
    return this.#lower?.expected(path);
  }

  /** The keys with the indexes that were read. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#known;
  }

  begin(): { readonly reader: EntryReader; commit(): Reading } {
    const reading = ++this.#readings;
    const fresh = new Map<string, Known>();
    const edit = this.#tree.edit();
    let keys = 0;
    let changed = false;
    const reader = new EntryReader((entry) => {
      if (!entry.key.startsWith(this.#prefix)) return;
      keys += 1;
      const known = this.#known.get(entry.key);
      if (known !== undefined) known.reading = reading;
      if (known?.raw === entry.raw && known.modify_index === entry.modify_index) return;
      fresh.set(entry.key, { ...entry, reading });
      if (known?.raw === entry.raw) return;
      changed = true;
      edit.set(entry);
    });
    return {
      reader,
      commit: () => {
        // An empty list means absence, which the caller judges.
        if (keys === 0) return { keys, changed: false };
        if (this.#forget(reading, edit)) changed = true;
        for (const [key, known] of fresh) this.#known.set(key, known);
        if (changed) this.#tree = edit.done();
        return { keys, changed };
      },
    };
  }

  /** Takes entries from the cache file. */
  restore(entries: Iterable<Entry>): void {
    const edit = this.#tree.edit();
    for (const entry of entries) {
      this.#known.set(entry.key, { ...entry, reading: this.#readings });
      edit.set(entry);
    }
    this.#tree = edit.done();
  }

  clear(): void {
    this.#known.clear();
    this.#tree = new KeyTree(this.#prefix, this.#source);
  }

  contribution(bytes: number, more: readonly Diagnostic[]): Contribution {
    const tree = this.#tree;
    const source = this.#source;
    const diagnostics = [...more, ...tree.diagnostics];
    let last: Layer | undefined;
    return contributionOf((lower, budget) => {
      this.#lower = lower;
      return andThen(tree.table(lower.expected, budget), (table) => {
        if (last?.tree === table) return last;
        const origin: Layer["origin"] = (path) => {
          const key = tree.key(path);
          return key === undefined ? { source } : { source, key };
        };
        return (last = { source, tree: table, origin, diagnostics, bytes });
      });
    });
  }

  /** Removes the keys that this reading did not contain. */
  #forget(reading: number, edit: KeyTreeEdit): boolean {
    let any = false;
    for (const [key, known] of this.#known) {
      if (known.reading === reading) continue;
      this.#known.delete(key);
      edit.remove(key);
      any = true;
    }
    return any;
  }
}
