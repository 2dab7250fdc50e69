import type { Place } from "./format.ts";

/** A place with the offset of its value. */
export interface TomlPlace extends Place {
  readonly value: number;
  readonly children: Map<string, TomlPlace> | undefined;
}

/**
 * The place of each key of a TOML text. The parser must have accepted the text: this scanner follows its structure
 * (strings, comments, headers, dotted keys, lists and inline tables) and checks nothing.
 */
export function toml_places(text: string): TomlPlace {
  return new Scanner(text).scan();
}

interface Node extends TomlPlace {
  offset: number;
  value: number;
  children: Map<string, Node> | undefined;
  /** Whether it is a list of tables: a header that passes through it refers to its last element. */
  tables?: boolean;
}

const END_OF_BARE = /[,\]}#\n]/g;
const BARE_KEY = /[A-Za-z0-9_-]/;

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): TomlPlace {
    const root = node(0);
    let table = root;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      if (this.#text[this.#at] === "[") table = this.#header(root);
      else this.#keyAndValue(table);
    }
    return root;
  }

  #header(root: Node): Node {
    const list = this.#text[this.#at + 1] === "[";
    this.#at += list ? 2 : 1;
    const key = this.#key();
    this.#at += list ? 2 : 1;
    let table = root;
    for (const [index, part] of key.entries()) {
      table = child(table, part.name, part.offset);
      const last = index === key.length - 1;
      if (last && list) {
        table.tables = true;
        return child(table, String(table.children?.size ?? 0), part.offset);
      }
      if (table.tables === true) table = table.children!.get(String(table.children!.size - 1))!;
    }
    // A table may have been implied by a header of its children first: its own header is its place.
    table.offset = key.at(-1)!.offset;
    return table;
  }

  #keyAndValue(table: Node): void {
    const place = this.#key().reduce((inner, part) => child(inner, part.name, part.offset), table);
    this.#at += 1; // "="
    this.#skipBlank();
    this.#value(place);
  }

  #key(): { name: string; offset: number }[] {
    const parts: { name: string; offset: number }[] = [];
    for (;;) {
      this.#skipBlank();
      const offset = this.#at;
      parts.push({ name: this.#keyPart(), offset });
      this.#skipBlank();
      if (this.#text[this.#at] !== ".") return parts;
      this.#at += 1;
    }
  }

  #keyPart(): string {
    const quote = this.#text[this.#at];
    const start = this.#at;
    if (quote !== '"' && quote !== "'") {
      this.#at += 1;
      while (this.#at < this.#text.length && BARE_KEY.test(this.#text[this.#at]!)) this.#at += 1;
      return this.#text.slice(start, this.#at);
    }
    this.#string();
    const inner = this.#text.slice(start + 1, this.#at - 1);
    return quote === "'" ? inner : unescape(inner);
  }

  #value(place: Node): void {
    place.value = this.#at;
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") this.#string();
    else if (first === "[") this.#list(place);
    else if (first === "{") this.#inlineTable(place);
    else {
      END_OF_BARE.lastIndex = this.#at;
      this.#at = END_OF_BARE.test(this.#text) ? END_OF_BARE.lastIndex - 1 : this.#text.length;
    }
  }

  #list(place: Node): void {
    this.#at += 1;
    for (let index = 0; this.#more("]"); index += 1) this.#value(child(place, String(index), this.#at));
  }

  #inlineTable(place: Node): void {
    this.#at += 1;
    while (this.#more("}")) this.#keyAndValue(place);
  }

  /** Moves to the next element of a list or an inline table, or past its end. */
  #more(end: string): boolean {
    this.#skipBlank();
    if (this.#text[this.#at] === ",") {
      this.#at += 1;
      this.#skipBlank();
    }
    if (this.#at < this.#text.length && this.#text[this.#at] !== end) return true;
    this.#at += 1;
    return false;
  }

  #string(): void {
    const quote = this.#text[this.#at]!;
    const end = this.#text.startsWith(quote.repeat(3), this.#at) ? quote.repeat(3) : quote;
    this.#at += end.length;
    while (this.#at < this.#text.length && !this.#text.startsWith(end, this.#at)) {
      this.#at += quote === '"' && this.#text[this.#at] === "\\" ? 2 : 1;
    }
    this.#at += end.length;
    // There may be up to two quotes right before the closing three.
    if (end.length === 3) while (this.#text[this.#at] === quote) this.#at += 1;
  }

  // Not a starred expression: its matches go on the stack, and a file may have millions of blank lines.
  #skipBlank(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === " " || char === "\t" || char === "\r" || char === "\n") this.#at += 1;
      else if (char === "#") this.#at = endOfLine(this.#text, this.#at);
      else return;
    }
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function node(offset: number): Node {
  return { offset, value: offset, children: undefined };
}

function child(parent: Node, name: string, offset: number): Node {
  parent.children ??= new Map();
  let found = parent.children.get(name);
  if (found === undefined) {
    found = node(offset);
    parent.children.set(name, found);
  }
  return found;
}

const escapes: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001b" };

function unescape(text: string): string {
  return text.replace(/\\(?:x(..)|u(.{4})|U(.{8})|(.))/g, (_, x?: string, u?: string, long?: string, char?: string) => {
    const code = x ?? u ?? long;
    return code === undefined ? (escapes[char!] ?? char!) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}
