import { deserialize, serialize } from "node:v8";

import { contributionOf } from "../../core/contribution.ts";
import { newBudget } from "../../budget.ts";
import type { Contribution, Diagnostic, Layer, Origin } from "../../core/layer.ts";
import { andThen } from "../../core/maybe.ts";
import type { Segments, Table } from "../../core/value.ts";
import { share } from "../../core/draft.ts";
import { SyntaxFault } from "../../formats/format.ts";
import { parse_bytes } from "../../formats/parse.ts";
import { type CheckedAnswer, checked_answer, type RemoteFormat } from "./answer.ts";
import type { CacheFile } from "./cache_file.ts";
import { RemoteFailure } from "./failure.ts";
import { KeyTree } from "./key_tree.ts";
import type { Held, Reading } from "./remote.ts";

/** The content that was loaded last. */
type Kept =
  | { readonly kind: "document"; readonly bytes: Uint8Array; readonly format: RemoteFormat; readonly layer: Layer }
  | { readonly kind: "table"; readonly tree: Table }
  | { readonly kind: "keys"; readonly keys: ReadonlyMap<string, string>; readonly tree: KeyTree };

/** The content of a remote source: a document, a table, or texts by key. */
export class RemoteContent implements Held {
  private readonly source: string;
  private readonly secret: boolean;
  private kept: Kept | undefined;
  /** The content comes from the cache file, and no load has confirmed it. */
  private restored = false;
  /** A document that could not be parsed: it is not parsed again. */
  private refused:
    | { readonly bytes: Uint8Array; readonly format: RemoteFormat; readonly fault: SyntaxFault }
    | undefined;
  /** The revision of the content. */
  private named: string | undefined;

  /** @param secret whether all its values are secrets, whatever their names */
  constructor(source: string, secret: boolean) {
    this.source = source;
    this.secret = secret;
  }

  /** The revision of the content; undefined without content, or if the place has no revisions. */
  get revision(): string | undefined {
    return this.named;
  }

  /** Takes the result of a load. @throws SyntaxFault for a document with a fault, RemoteFailure; both leave the content as it was */
  async take(answer: CheckedAnswer, signal: AbortSignal): Promise<Reading> {
    if (answer.kind === "absent") return { found: false };
    if (answer.kind === "unchanged") {
      if (this.kept === undefined || this.restored) {
        throw new RemoteFailure("not_an_answer", 'it answered "unchanged" where nothing had been loaded');
      }
      this.named = answer.revision ?? this.named;
      return { found: true, changed: false };
    }
    const kept = await this.read(answer, signal);
    const changed = kept !== this.kept;
    const isNews = changed || this.restored;
    this.kept = kept;
    this.restored = false;
    this.named = answer.revision;
    return { found: true, changed, ...(isNews ? { bytes: sizeOf(kept) } : {}) };
  }

  contribution(bytes: number, diagnostics: readonly Diagnostic[]): Contribution {
    const { kept } = this;
    const { source } = this;
    if (kept === undefined) return { source, tree: {}, origin: () => ({ source }), diagnostics };
    if (kept.kind === "document") return this.finished({ ...kept.layer, diagnostics, bytes });
    if (kept.kind === "table") {
      return this.finished({ source, tree: kept.tree, origin: () => ({ source }), diagnostics, bytes });
    }
    const { tree } = kept;
    const origin = (path: Segments): Origin => {
      const key = tree.key(path);
      return key === undefined ? { source } : { source, key, place: `${source}#${key}` };
    };
    const notes = [...diagnostics, ...tree.diagnostics];
    return contributionOf((lower, budget) =>
      andThen(tree.table(lower.expected, budget), (table) =>
        this.finished({ source, tree: table, origin, diagnostics: notes, bytes }),
      ),
    );
  }

  clear(): void {
    this.kept = undefined;
    this.named = undefined;
  }

  items(): Iterable<unknown> {
    const { kept } = this;
    return kept === undefined ? [] : itemsOf(kept);
  }

  async restore(cache: CacheFile): Promise<true | undefined> {
    const items = await cache.read(texts);
    if (items === undefined) return undefined;
    await this.take(answerOf(items), new AbortController().signal);
    this.restored = true;
    return true;
  }

  private finished(layer: Layer): Layer {
    return this.secret ? { ...layer, secrets: Object.keys(layer.tree).map((key) => [key]) } : layer;
  }

  private async read(answer: CheckedAnswer & { readonly kind: Kept["kind"] }, signal: AbortSignal): Promise<Kept> {
    const { kept } = this;
    switch (answer.kind) {
      case "table": {
        const tree = share(kept?.kind === "table" ? kept.tree : undefined, answer.tree) as Table;
        return kept?.kind === "table" && tree === kept.tree ? kept : { kind: "table", tree };
      }
      case "keys":
        return await this.readKeys(answer.keys);
      case "document": {
        const { bytes, format } = answer;
        const isSame = (other: { readonly bytes: Uint8Array; readonly format: RemoteFormat } | undefined) =>
          other?.format === format && Buffer.compare(other.bytes, bytes) === 0;
        if (kept?.kind === "document" && isSame(kept)) return kept;
        if (this.refused !== undefined && isSame(this.refused)) throw this.refused.fault;
        try {
          const layer = await this.parsed(bytes, format, signal);
          this.refused = undefined;
          return { kind: "document", bytes, format, layer };
        } catch (error) {
          if (error instanceof SyntaxFault) this.refused = { bytes, format, fault: error };
          throw error;
        }
      }
    }
  }

  /** A large document is parsed in a thread, so that the event loop goes on. */
  private async parsed(bytes: Uint8Array, format: RemoteFormat, signal: AbortSignal): Promise<Layer> {
    const { source } = this;
    const { tree, locate } = await parse_bytes(bytes, format, signal);
    return { source, tree, origin: (path) => ({ source, ...locate(path) }), diagnostics: [] };
  }

  private async readKeys(keys: ReadonlyMap<string, string>): Promise<Kept> {
    const before = this.kept?.kind === "keys" ? this.kept : undefined;
    const edit = (before?.tree ?? new KeyTree("", this.source)).edit();
    let isSame = before !== undefined;
    const budget = newBudget();
    for (const [key, text] of keys) {
      if (budget.spent()) await budget.turn();
      if (before?.keys.get(key) === text) continue;
      isSame = false;
      edit.set({ key, raw: Buffer.from(text).toString("base64") });
    }
    for (const key of before?.keys.keys() ?? []) {
      if (keys.has(key)) continue;
      isSame = false;
      edit.remove(key);
    }
    return before !== undefined && isSame ? before : { kind: "keys", keys, tree: edit.done() };
  }
}

function sizeOf(kept: Kept): number {
  if (kept.kind === "document") return kept.bytes.length;
  if (kept.kind === "table") return Buffer.byteLength(JSON.stringify(kept.tree, bigintsAsTexts));
  let bytes = 0;
  for (const [key, text] of kept.keys) bytes += Buffer.byteLength(key) + Buffer.byteLength(text);
  return bytes;
}

function bigintsAsTexts(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function texts(item: unknown): readonly string[] {
  if (Array.isArray(item) && item.every((one) => typeof one === "string")) return item as readonly string[];
  throw new TypeError("not an item");
}

/** Bytes in one item of a cache file. */
const PIECE = 192 * 1024;

/** Content for a cache file. Bytes are cut into pieces, so that a large document is written with pauses. */
function* itemsOf(kept: Kept): Generator<readonly string[]> {
  if (kept.kind === "keys") {
    yield ["keys"];
    yield* kept.keys;
    return;
  }
  const [head, bytes] =
    kept.kind === "document" ? [["document", kept.format], kept.bytes] : [["table"], serialize(kept.tree)];
  yield head;
  for (let at = 0; at < bytes.length; at += PIECE) {
    yield [Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(PIECE, bytes.length - at)).toString("base64")];
  }
}

/** The content of a cache file. @throws for a damaged one */
function answerOf([head = [], ...rest]: readonly (readonly string[])[]): CheckedAnswer {
  const [kind, format] = head;
  if (kind === "keys") {
    const keys = new Map(rest.map(([key = "", text = ""]) => [key, text]));
    return checked_answer({ keys }, "json", Number.MAX_SAFE_INTEGER);
  }
  const bytes = Buffer.concat(rest.map(([piece = ""]) => Buffer.from(piece, "base64")));
  const answer =
    kind === "document" ? { content: new Uint8Array(bytes), format } : { content: deserialize(bytes) as unknown };
  return checked_answer(answer, "json", Number.MAX_SAFE_INTEGER);
}
