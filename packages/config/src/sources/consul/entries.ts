import type { BodyReader } from "./exchange.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { KeyText } from "../remote/key_tree.ts";

/** One key of Consul's response. */
export interface Entry extends KeyText {
  /** Changes with every write of this key; compare-and-set uses it. */
  readonly modify_index: number;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/**
 * Reads the list of entries in the pieces in which it arrives: the complete entries of each piece are parsed
 * immediately, and an incomplete one is kept for the next piece. So ten thousand keys take many short turns of the
 * event loop instead of a long one.
 */
export class EntryReader implements BodyReader {
  readonly #entry: (entry: Entry) => void;
  /** The bytes of an incomplete entry. */
  #rest: Buffer[] = [];
  /** 0 outside the list, 1 in the list, 2 in an entry, more inside its values. */
  #depth = 0;
  #quoted = false;
  #escaped = false;
  #ended = false;

  constructor(entry: (entry: Entry) => void) {
    this.#entry = entry;
  }

  write(chunk: Buffer): void {
    // The start of this piece's first entry (0 if it began in an earlier one), and the end of its last complete entry.
    let start = this.#depth >= 2 ? 0 : -1;
    let end = -1;
    let depth = this.#depth;
    let quoted = this.#quoted;
    let escaped = this.#escaped;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === QUOTE) {
        if (depth <= 1) throw notEntries();
        quoted = true;
      } else if (byte === OPEN || byte === OPEN_LIST) {
        if (this.#ended || (depth === 0 && byte === OPEN)) throw notEntries();
        depth += 1;
        if (depth === 2 && start === -1) start = at;
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        depth -= 1;
        if (depth === 1) end = at + 1;
        if (depth < 0 || (depth === 0 && byte === CLOSE)) throw notEntries();
        if (depth === 0) this.#ended = true;
      } else if (depth <= 1 && byte > SPACE && (depth === 0 || byte !== COMMA)) {
        throw notEntries();
      }
    }
    this.#depth = depth;
    this.#quoted = quoted;
    this.#escaped = escaped;
    if (start === -1) return;
    if (end === -1) {
      this.#rest.push(chunk.subarray(start));
      return;
    }
    this.#parse(Buffer.concat([...this.#rest, chunk.subarray(start, end)]));
    this.#rest = [];
    if (depth >= 2) this.#rest.push(afterComma(chunk.subarray(end)));
  }

  end(): void {
    if (!this.#ended || this.#depth !== 0) throw notEntries();
  }

  #parse(bytes: Buffer): void {
    let list: unknown;
    try {
      list = JSON.parse(`[${bytes.toString("utf8")}]`);
    } catch {
      throw notEntries();
    }
    for (const item of list as unknown[]) this.#entry(entryOf(item));
  }
}

/** The bytes from the start of the entry: a comma and space come before it. */
function afterComma(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf(OPEN));
}

function entryOf(item: unknown): Entry {
  const { Key, Value, ModifyIndex } = (item ?? {}) as { Key?: unknown; Value?: unknown; ModifyIndex?: unknown };
  const good =
    typeof Key === "string" && (typeof Value === "string" || Value === null) && typeof ModifyIndex === "number";
  if (!good) throw notEntries();
  return { key: Key, raw: Value ?? "", modify_index: ModifyIndex };
}

function notEntries(): RemoteFailure {
  return new RemoteFailure("not_json", "the answer is not a list of keys in JSON");
}

/** An entry of the cache file: its key and its value in base64. @throws TypeError for anything else */
export function entry_of(item: unknown, root: string): Entry {
  const [key, raw] = Array.isArray(item) ? (item as readonly unknown[]) : [];
  if (typeof key !== "string" || typeof raw !== "string" || !key.startsWith(root)) throw new TypeError("not an entry");
  return { key, raw, modify_index: 0 };
}
