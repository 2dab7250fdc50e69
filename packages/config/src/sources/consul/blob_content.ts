import { extname } from "node:path";

import type { Contribution, Diagnostic, Layer, Origin } from "../../core/layer.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import { type FormatName, format_named } from "../../formats/by_extension.ts";
import { SyntaxFault } from "../../formats/format.ts";
import { parse_bytes } from "../../formats/parse.ts";
import { decode_utf8 } from "../../formats/utf8.ts";
import { type Entry, EntryReader } from "./entries.ts";
import type { Reading } from "./keys_content.ts";

/** The last content of the one key that holds a document. */
export class BlobContent {
  readonly #key: string;
  readonly #source: string;
  readonly #format: FormatName | undefined;
  #entry: Entry | undefined;
  #layer: Layer | undefined;
  /** A document that could not be parsed: it is not parsed again. */
  #refused: { readonly raw: string; readonly fault: SyntaxFault } | undefined;

  constructor(key: string, source: string, format: FormatName | undefined) {
    this.#key = key;
    this.#source = source;
    this.#format = format;
  }

  get entries(): ReadonlyMap<string, Entry> {
    return new Map(this.#entry === undefined ? [] : [[this.#key, this.#entry]]);
  }

  /** `commit` throws a `SyntaxFault` for a document with a fault, and then changes nothing. */
  begin(): { readonly reader: EntryReader; commit(signal: AbortSignal): Promise<Reading> } {
    let found: Entry | undefined;
    const reader = new EntryReader((entry) => {
      if (entry.key === this.#key) found = entry;
    });
    return {
      reader,
      commit: async (signal) => {
        if (found === undefined) return { keys: 0, changed: false };
        const changed = found.raw !== this.#entry?.raw;
        if (changed) this.#layer = await this.#read(found, signal);
        this.#entry = found;
        return { keys: 1, changed };
      },
    };
  }

  async restore(entries: Iterable<Entry>): Promise<void> {
    for (const entry of entries) {
      this.#layer = await this.#read(entry, new AbortController().signal);
      this.#entry = entry;
    }
  }

  clear(): void {
    this.#entry = undefined;
    this.#layer = undefined;
  }

  contribution(bytes: number, diagnostics: readonly Diagnostic[]): Contribution {
    const layer = this.#layer ?? { source: this.#source, tree: {}, origin: () => ({ source: this.#source }) };
    return { ...layer, diagnostics, bytes };
  }

  /** A large document is parsed in a thread, so that the event loop goes on. */
  async #read(entry: Entry, signal: AbortSignal): Promise<Layer> {
    if (entry.raw === this.#refused?.raw) throw this.#refused.fault;
    try {
      return await this.#parsed(entry, signal);
    } catch (error) {
      if (error instanceof SyntaxFault) this.#refused = { raw: entry.raw, fault: error };
      throw error;
    }
  }

  async #parsed(entry: Entry, signal: AbortSignal): Promise<Layer> {
    const bytes = Buffer.from(entry.raw, "base64");
    const format = blob_format(entry.key, this.#format, decode_utf8(bytes));
    const { tree, locate } = await parse_bytes(bytes, format, signal);
    const source = this.#source;
    const origin = (path: Segments): Origin => ({ source, key: entry.key, ...locate(path) });
    return { source, tree, origin, diagnostics: [] };
  }
}

/** The tree of a blob, and its format, which must be loaded. @throws SyntaxFault */
export function blob_document(entry: Entry, given: FormatName | undefined) {
  const text = decode_utf8(Buffer.from(entry.raw, "base64"));
  const format = blob_format(entry.key, given, text);
  const document = format_named(format).parse(text);
  return { text, format, tree: document.tree };
}

/** The format that was given, else the one of the key's extension, else JSON if the text begins with `{`, else TOML. */
export function blob_format(key: string, given: FormatName | undefined, text: string): FormatName {
  if (given !== undefined) return given;
  const extension = extname(key).toLowerCase();
  if (extension === ".json" || extension === ".jsonc" || extension === ".toml" || extension === ".yaml")
    return extension.slice(1) as FormatName;
  if (extension === ".yml") return "yaml";
  return text.trimStart().startsWith("{") ? "json" : "toml";
}

/**
 * The text of a blob. Comments of the previous text are lost.
 *
 * @throws SyntaxFault if the format cannot express a value: TOML has no null
 */
export function blob_text(tree: Table, format: FormatName): string {
  let text: string;
  try {
    if (format === "json" || format === "jsonc") text = `${JSON.stringify(tree, undefined, 2)}\n`;
    else text = format_named(format).write!(tree);
  } catch {
    throw new SyntaxFault("unrepresentable", `a value cannot be written in ${format.toUpperCase()}`);
  }
  const lost = lostPath(tree, format_named(format).parse(text).tree, []);
  if (lost === undefined) return text;
  throw new SyntaxFault(
    "unrepresentable",
    `the value of "${lost.join(".")}" cannot be written in ${format.toUpperCase()}`,
  );
}

/** The first path whose value would change when the text is read again. */
function lostPath(before: Value, after: Value | undefined, path: Segments): Segments | undefined {
  if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) {
    // TOML writes 1.0 and 1 alike for JavaScript's numbers; bigints come back as numbers if these can hold them.
    const equal =
      Object.is(before, after) || (typeof before === "bigint" && typeof after === "number" && BigInt(after) === before);
    return equal ? undefined : path;
  }
  const keys = Object.keys(before);
  if (keys.length !== Object.keys(after).length) return path;
  for (const key of keys) {
    const lost = lostPath((before as Table)[key]!, Object.hasOwn(after, key) ? (after as Table)[key] : undefined, [
      ...path,
      key,
    ]);
    if (lost !== undefined) return lost;
  }
  return undefined;
}
