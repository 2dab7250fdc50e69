import { BEYOND_NUMBERS, decimalOf, integerOf } from "./numbers.ts";
import { MAX_DEPTH } from "./path.ts";
import type { Segments, Value } from "./value.ts";

/**
 * The package's JSON reader (RFC 8259), for files, variables, arguments, Consul and templates alike. No digits are
 * lost: an integer beyond 2^53 becomes a bigint, and a number beyond the range of doubles is refused. Duplicate keys
 * and `__proto__` are refused. It keeps its own stack, and takes time in proportion to the text.
 */

/** How a text is read. */
export interface JsonRules {
  /** JSONC: comments (`//` and `/*`) are allowed, and a comma after the last element. */
  readonly relaxed?: boolean;
  /** Whether to record the places of keys and elements. */
  readonly places?: boolean;
  /** Makes the value of a number from its text. Default: the number. */
  readonly number?: (text: string) => Value;
}

/** The result of reading a text. */
export interface JsonRead {
  readonly value: Value;
  readonly place: JsonPlace;
}

/** The place of a key or a list element, and the places inside it. */
export interface JsonPlace {
  /** UTF-16 offset of the key, or of the element's value. */
  readonly offset: number;
  readonly children: Map<string, JsonPlace> | undefined;
}

/** A text that is not JSON. Its message is one of a fixed set, and never quotes the text. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";
  readonly code: "syntax" | "unsafe_key" | "too_deep" | "number";
  /** UTF-16 offset. */
  readonly offset: number;
  /** The path of a refused key. */
  readonly path: Segments | undefined;

  constructor(code: JsonFault["code"], message: string, offset: number, path?: Segments) {
    super(message);
    this.code = code;
    this.offset = offset;
    this.path = path;
  }
}

/**
 * Reads a text.
 *
 * @throws JsonFault with the offset
 */
export function readJson(text: string, rules: JsonRules = {}): JsonRead {
  return new Reader(text, rules).read();
}

interface Node {
  offset: number;
  children: Map<string, JsonPlace> | undefined;
}

/** An open table or list. */
interface Open {
  /** Its own key in its parent. */
  readonly key: string;
  readonly table: Record<string, Value> | undefined;
  readonly list: Value[] | undefined;
  readonly place: Node;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const STAR = 0x2a;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const OPEN_TABLE = 0x7b;
const CLOSE_TABLE = 0x7d;

class Reader {
  private readonly text: string;
  private readonly rules: JsonRules;
  private at = 0;
  private readonly open: Open[] = [];
  /** Whether the innermost one has an entry. */
  private any = false;
  private key = "";
  private keyOffset = 0;
  private value: Value | undefined;
  private place: Node = { offset: 0, children: undefined };

  constructor(text: string, rules: JsonRules) {
    this.text = text;
    this.rules = rules;
  }

  read(): JsonRead {
    this.blank();
    this.begin();
    while (this.open.length > 0) this.next(this.open[this.open.length - 1]!);
    this.blank();
    if (this.at < this.text.length) throw fault("text after the end", this.at);
    return { value: this.value!, place: this.place };
  }

  /** The next element of the innermost table or list, or its end. */
  private next({ table }: Open): void {
    const first = !this.any;
    const end = table === undefined ? CLOSE_LIST : CLOSE_TABLE;
    this.blank();
    let code = this.text.charCodeAt(this.at);
    let closes = code === end;
    if (!first && code === COMMA) {
      this.at += 1;
      this.blank();
      code = this.text.charCodeAt(this.at);
      closes = code === end && this.rules.relaxed === true;
    } else if (!first && code !== end) {
      throw this.at < this.text.length ? fault('a "," is missing', this.at) : this.unclosed(end);
    }
    if (closes) {
      this.at += 1;
      this.open.pop();
      this.any = true;
      return;
    }
    if (this.at >= this.text.length) throw this.unclosed(end);
    if (table !== undefined) this.property(table);
    this.begin();
  }

  private unclosed(end: number): JsonFault {
    return fault(`a "${String.fromCharCode(end)}" is missing`, this.text.length);
  }

  private property(table: Record<string, Value>): void {
    const offset = this.at;
    if (this.text.charCodeAt(offset) !== QUOTE) throw fault("a key in double quotes is missing", offset);
    this.key = this.string();
    this.keyOffset = offset;
    const unsafe = this.key === "__proto__";
    if (unsafe || Object.hasOwn(table, this.key)) {
      const path = [...this.open.slice(1).map(({ key }) => key), this.key];
      const message = unsafe ? 'the key "__proto__" is not allowed' : "the same key is written twice";
      throw new JsonFault(unsafe ? "unsafe_key" : "syntax", message, offset, path);
    }
    this.blank();
    if (this.text.charCodeAt(this.at) !== COLON) throw fault('a ":" is missing', this.at);
    this.at += 1;
    this.blank();
  }

  /** Reads a value that begins here, or the opening bracket of a table or list. */
  private begin(): void {
    const offset = this.at;
    switch (this.text.charCodeAt(offset)) {
      case OPEN_TABLE: {
        const table: Record<string, Value> = {};
        this.enter({ key: this.keyHere(), table, list: undefined, place: this.put(table, offset) });
        return;
      }
      case OPEN_LIST: {
        const list: Value[] = [];
        this.enter({ key: this.keyHere(), table: undefined, list, place: this.put(list, offset) });
        return;
      }
      case QUOTE:
        this.put(this.string(), offset);
        return;
      default:
        this.put(this.literal(), offset);
    }
  }

  private enter(open: Open): void {
    if (this.open.length > MAX_DEPTH) {
      throw new JsonFault("too_deep", `tables and lists nested deeper than ${MAX_DEPTH} levels`, this.at);
    }
    this.open.push(open);
    this.any = false;
    this.at += 1;
  }

  /** The key, or the index, of the value that begins here. */
  private keyHere(): string {
    const list = this.open[this.open.length - 1]?.list;
    return list === undefined ? this.key : String(list.length);
  }

  private put(value: Value, offset: number): Node {
    this.any = true;
    const parent = this.open[this.open.length - 1];
    if (parent === undefined) {
      this.value = value;
      return (this.place = { offset, children: undefined });
    }
    const { table, list } = parent;
    if (table !== undefined) table[this.key] = value;
    else list!.push(value);
    if (this.rules.places !== true) return parent.place;
    const place: Node = { offset: table === undefined ? offset : this.keyOffset, children: undefined };
    const key = table === undefined ? String(list!.length - 1) : this.key;
    (parent.place.children ??= new Map()).set(key, place);
    return place;
  }

  private literal(): Value {
    const { text, at } = this;
    const code = text.charCodeAt(at);
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.number();
    for (const [word, value] of WORDS) {
      if (text.startsWith(word, at) && !isWordPart(text.charCodeAt(at + word.length))) {
        this.at += word.length;
        return value;
      }
    }
    if (at >= text.length) throw fault("a value is missing", at);
    throw fault(code === COMMA || code === CLOSE_LIST || code === CLOSE_TABLE ? "a value is missing" : NO_VALUE, at);
  }

  private number(): Value {
    const start = this.at;
    const { text } = this;
    if (text.charCodeAt(this.at) === MINUS) this.at += 1;
    const leading = text.charCodeAt(this.at) === ZERO;
    const digits = this.digits();
    let wrong = digits === 0 || (leading && digits > 1);
    let integer = true;
    if (text.charCodeAt(this.at) === POINT) {
      integer = false;
      this.at += 1;
      wrong ||= this.digits() === 0;
    }
    const code = text.charCodeAt(this.at);
    if (code === LOWER_E || code === UPPER_E) {
      integer = false;
      const sign = text.charCodeAt(++this.at);
      if (sign === PLUS || sign === MINUS) this.at += 1;
      wrong ||= this.digits() === 0;
    }
    if (wrong || isWordPart(text.charCodeAt(this.at))) throw fault("not a number", start);
    const written = text.slice(start, this.at);
    if (this.rules.number !== undefined) return this.rules.number(written);
    const value = integer && written !== "-0" ? integerOf(written) : decimalOf(written);
    if (value === undefined) throw new JsonFault("number", BEYOND_NUMBERS, start);
    return value;
  }

  private digits(): number {
    const start = this.at;
    for (let code = this.text.charCodeAt(start); code >= ZERO && code <= NINE;) {
      code = this.text.charCodeAt(++this.at);
    }
    return this.at - start;
  }

  private string(): string {
    const { text } = this;
    const opening = this.at;
    let plain = opening + 1;
    let read = "";
    for (let at = plain; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return read + text.slice(plain, at);
      }
      if (code === LINE_FEED) throw fault("a string has no end", opening);
      if (code < SPACE) throw fault("control character in a string", at);
      if (code !== BACKSLASH) continue;
      read += text.slice(plain, at);
      const escaped = text[at + 1];
      if (escaped === "u") {
        const hex = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw fault("not a unicode escape", at);
        read += String.fromCharCode(Number.parseInt(hex, 16));
        at += 5;
      } else {
        const char = escaped === undefined ? undefined : ESCAPES.get(escaped);
        if (char === undefined) throw fault("not an escape sequence of JSON", at);
        read += char;
        at += 1;
      }
      plain = at + 1;
    }
    throw fault("a string has no end", opening);
  }

  /** Skips white space, and comments if they are allowed. */
  private blank(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === SPACE || code === LINE_FEED || code === RETURN || code === TAB) this.at += 1;
      else if (code === SLASH) this.comment();
      else return;
    }
  }

  private comment(): void {
    const { text, at } = this;
    const second = text.charCodeAt(at + 1);
    if (second !== SLASH && second !== STAR) throw fault(NO_VALUE, at);
    if (this.rules.relaxed !== true) throw fault("comments are not allowed in JSON", at);
    const end = second === SLASH ? text.indexOf("\n", at) : text.indexOf("*/", at + 2);
    if (end === -1 && second === STAR) throw fault("a comment has no end", at);
    this.at = end === -1 ? text.length : second === SLASH ? end : end + 2;
  }
}

const NO_VALUE = "not a value of JSON";

const WORDS: readonly (readonly [string, Value])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** A letter, digit, or one of `.+-_`: no value ends before it. */
function isWordPart(code: number): boolean {
  return (
    (code >= ZERO && code <= NINE) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === POINT ||
    code === PLUS ||
    code === MINUS
  );
}

function fault(message: string, offset: number): JsonFault {
  return new JsonFault("syntax", message, offset);
}
