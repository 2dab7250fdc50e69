import { andThen } from "./maybe.ts";
import { type Budget, searched, UNLIMITED } from "./sliced.ts";

/**
 * The first half of a template: its placeholders are found and masked, with a mark before and after the number of each,
 * so that the rest is TOML.
 */

/** A problem with a template. Never quotes a value. */
export interface TemplateProblem {
  /** UTF-16 offset in the template. */
  readonly offset: number;
  readonly message: string;
  /** For a placeholder without a value: its name. */
  readonly unresolved?: string;
  /** Whether it may not be a problem once the expected type is known. */
  readonly untyped?: true;
}

/** A masked template. */
export interface Mask {
  readonly text: string;
  readonly problems: readonly TemplateProblem[];
  readonly names: ReadonlySet<string>;
  /** By the number between the marks. */
  readonly holes: readonly Hole[];
  readonly marks: readonly [begin: string, end: string];
  /** The offset in the template of an offset in `text`. */
  offset(masked: number): number;
}

/** A placeholder in a template. */
export interface Placeholder {
  readonly name: string;
  /** As written; escapes in a quoted string are not yet decoded. */
  readonly fallback: string | undefined;
  readonly offset: number;
}

/** The original of a mask. */
export interface Hole {
  readonly kind: "basic" | "literal" | "bare";
  /** If bare, there may be text beside placeholders: `${HOURS}h` is not a value, but `1${ZEROS}` may be. */
  readonly parts: readonly (string | Placeholder)[];
}

const PLACEHOLDER = /\$\{([A-Za-z_][A-Za-z0-9_.-]*)(?::([^}\n]*))?\}/y;
/** Longer texts, in UTF-16 units, are scanned in parts. */
const LONG = 100_000;
const PART = 10_000;

const BARE_END = /[\s,\]}#"'=]/;

/** A string that has begun. */
interface OpenString {
  readonly quote: string;
  readonly end: string;
  readonly isLong: boolean;
  readonly inKey: boolean;
}

/**
 * Scans the text as far as needed to distinguish keys, values, strings and comments; the rest is left to the parser.
 */
export class Masking {
  readonly #text: string;
  readonly #marks: readonly [begin: string, end: string];
  #at = 0;
  /** The string around the offset. */
  #string: OpenString | undefined;
  /** The brackets and braces around the offset, and whether a key may be there. */
  readonly #around: ("[" | "{")[] = [];
  #inKey = true;
  /** The text up to this offset has been copied or replaced. */
  #copied = 0;
  readonly #out: string[] = [];
  #length = 0;
  /** Pairs of masked and template offsets: from each on, both advance together. */
  readonly #runs: [masked: number, original: number][] = [[0, 0]];
  readonly #problems: TemplateProblem[] = [];
  readonly #holes: Hole[] = [];
  readonly #names = new Set<string>();

  constructor(text: string) {
    this.#text = text;
    this.#marks = unusedCharacters(text);
  }

  /** @returns a promise if the budget was spent before the end of a long text */
  run(budget: Budget): Mask | Promise<Mask> {
    const scan = (at: this, deeper: (at: this) => void): void => {
      this.#scan(at.#at + PART);
      if (at.#at < at.#text.length) deeper(at);
    };
    return andThen(searched([this], scan, this.#text.length > LONG ? budget : UNLIMITED), () => this.#mask());
  }

  #mask(): Mask {
    this.#flush();
    const runs = this.#runs;
    return {
      text: this.#out.join(""),
      problems: this.#problems,
      names: this.#names,
      offset(masked) {
        let index = runs.findIndex(([start]) => start > masked);
        index = index === -1 ? runs.length - 1 : index - 1;
        const [start, original] = runs[index]!;
        const limit = runs[index + 1]?.[1] ?? Number.POSITIVE_INFINITY;
        return Math.min(original + masked - start, Math.max(original, limit - 1));
      },
      holes: this.#holes,
      marks: this.#marks,
    };
  }

  /** Scans up to an offset, or to the end of the token that crosses it. */
  #scan(until: number): void {
    const open = this.#around;
    let inKey = this.#inKey;
    while (this.#at < this.#text.length && this.#at < until) {
      const char = this.#text[this.#at]!;
      if (this.#string !== undefined) this.#inside(this.#string, until);
      else if (char === "#") this.#comment();
      else if (char === '"' || char === "'") this.#enter(inKey);
      else if (char === "\n") {
        if (open.length === 0) inKey = true;
        this.#copy(1);
      } else if (inKey) {
        if (char === "=") inKey = false;
        if (char === "}" && open.pop() === "{") inKey = false;
        if (this.#text.startsWith("${", this.#at)) this.#problem("a placeholder is not allowed in a key");
        this.#copy(1);
      } else if (char === "[" || char === "{") {
        open.push(char);
        inKey = char === "{";
        this.#copy(1);
      } else if (char === "]" || char === "}") {
        open.pop();
        this.#copy(1);
      } else if (char === ",") {
        inKey = open.at(-1) === "{";
        this.#copy(1);
      } else if (BARE_END.test(char)) this.#copy(1);
      else this.#bare();
    }
    this.#inKey = inKey;
  }

  #comment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#copy((end === -1 ? this.#text.length : end) - this.#at);
  }

  #enter(inKey: boolean): void {
    const quote = this.#text[this.#at]!;
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = isLong ? quote.repeat(3) : quote;
    this.#copy(end.length);
    this.#string = { quote, end, isLong, inKey };
  }

  /** Scans a string up to an offset, or to its end. */
  #inside({ quote, end, isLong, inKey }: OpenString, until: number): void {
    while (this.#at < this.#text.length && this.#at < until) {
      const char = this.#text[this.#at]!;
      if (this.#text.startsWith(end, this.#at)) {
        this.#copy(end.length);
        // There may be up to two quotes right before the closing three.
        if (isLong) while (this.#text[this.#at] === quote) this.#copy(1);
        this.#string = undefined;
        return;
      }
      if (char === "\n" && !isLong) {
        this.#string = undefined;
        return;
      }
      if (char === "\\" && quote === '"') this.#copy(2);
      else if (char !== "$") this.#copy(1);
      else if (this.#text[this.#at + 1] === "$") this.#replace(2, "$");
      else if (this.#text[this.#at + 1] !== "{") this.#copy(1);
      else if (inKey) {
        this.#problem("a placeholder is not allowed in a key");
        this.#copy(2);
      } else {
        const start = this.#at;
        const placeholder = this.#placeholder();
        if (placeholder === undefined) this.#copy(2);
        else this.#hole(start, { kind: quote === '"' ? "basic" : "literal", parts: [placeholder] });
      }
    }
  }

  #bare(): void {
    const start = this.#at;
    const parts: (string | Placeholder)[] = [];
    let from = start;
    let at = start;
    // No value has more characters.
    const limit = Math.min(this.#text.length, start + PART);
    while (at < limit && !BARE_END.test(this.#text[at]!)) {
      if (this.#text.startsWith("$$", at)) {
        parts.push(this.#text.slice(from, at + 1));
        at += 2;
        from = at;
      } else if (this.#text.startsWith("${", at)) {
        parts.push(this.#text.slice(from, at));
        this.#at = at;
        const placeholder = this.#placeholder();
        at = placeholder === undefined ? at + 2 : this.#at;
        if (placeholder !== undefined) parts.push(placeholder);
        from = at;
      } else at += 1;
    }
    parts.push(this.#text.slice(from, at));
    this.#at = start;
    if (parts.every((part) => typeof part === "string")) this.#copy(at - start);
    else {
      this.#at = at;
      this.#hole(start, { kind: "bare", parts: parts.filter((part) => part !== "") });
    }
  }

  /** Reads the current placeholder and moves past it. */
  #placeholder(): Placeholder | undefined {
    PLACEHOLDER.lastIndex = this.#at;
    const match = PLACEHOLDER.exec(this.#text);
    if (match === null) {
      this.#problem("${ must be part of ${NAME} or ${NAME:default} (write $${ for the characters)");
      return undefined;
    }
    const [whole, name, fallback] = match;
    if (fallback?.includes("${") === true) this.#problem("a placeholder is not allowed in a default");
    this.#names.add(name!);
    const placeholder = { name: name!, fallback, offset: this.#at };
    this.#at += whole.length;
    return placeholder;
  }

  #hole(start: number, hole: Hole): void {
    const mask = this.#marks.join(String(this.#holes.length));
    this.#holes.push(hole);
    const end = this.#at;
    this.#at = start;
    this.#replace(end - start, hole.kind === "bare" ? `"${mask}"` : mask);
  }

  /** Moves on: the passed text is copied unchanged when something else has to follow it. */
  #copy(count: number): void {
    this.#at += count;
  }

  #flush(): void {
    this.#emit(this.#text.slice(this.#copied, this.#at));
    this.#copied = this.#at;
  }

  #replace(count: number, by: string): void {
    this.#flush();
    this.#runs.push([this.#length, this.#at]);
    this.#emit(by);
    this.#at += count;
    this.#copied = this.#at;
    this.#runs.push([this.#length, this.#at]);
  }

  #emit(text: string): void {
    this.#out.push(text);
    this.#length += text.length;
  }

  #problem(message: string): void {
    this.#problems.push({ offset: this.#at, message });
  }
}

/** Two private-use characters that occur in the text neither literally nor as escapes. */
function unusedCharacters(text: string): [begin: string, end: string] {
  const lower = text.toLowerCase();
  const found: string[] = [];
  for (let code = 0xe000; found.length < 2; code = code === 0xf8ff ? 0xf0000 : code + 1) {
    const char = String.fromCodePoint(code);
    if (!text.includes(char) && !lower.includes(code.toString(16))) found.push(char);
  }
  return [found[0]!, found[1]!];
}
