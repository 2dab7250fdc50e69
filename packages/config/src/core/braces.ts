import { expand } from "brace-expansion";

/**
 * Braces in a pattern: `{a,b}`, `{1..3}`, `{01..10..3}`, `{a..e}`, also nested. minimatch's package expands them;
 * before that, this module counts the size of the expansion and checks that every brace has its partner.
 */

/** Braces that cannot be expanded. The message is the end of an error's sentence. */
export class BraceFault extends Error {
  override readonly name = "BraceFault";
}

/** Maximum number of texts that the braces of one pattern may expand to. */
export const MAX_ALTERNATIVES = 10_000;

/** Maximum number of characters in all of them together. */
const MAX_CHARACTERS = 1_000_000;

/**
 * The texts that a pattern's braces expand to, each once.
 *
 * @param literal returns whether an unmatched brace at this index is an ordinary character
 * @throws BraceFault for an unmatched brace, and for more than 10,000 texts
 */
export function expandBraces(text: string, literal: (index: number) => boolean): readonly string[] {
  if (!text.includes("{") && !text.includes("}")) return [text];
  const whole = sequence(text, 0, text.length, partners(text, literal));
  const { count, characters } = sizeOf(whole);
  if (count > MAX_ALTERNATIVES) throw new BraceFault(`its braces expand to more than ${MAX_ALTERNATIVES} patterns`);
  if (characters > MAX_CHARACTERS) {
    throw new BraceFault(`its braces expand to more than ${MAX_CHARACTERS} characters`);
  }
  return [...new Set(expand(text, { max: MAX_ALTERNATIVES }))];
}

/** A part of a pattern: a text, a sequence of parts, or one of several. */
type Part = string | { readonly all: readonly Part[] } | { readonly any: readonly Part[] } | Range;

interface Range {
  readonly count: number;
  /** Maximum length of each. */
  readonly width: number;
}

/** Deepest nesting of braces. */
const MAX_NESTING = 100;

/** For each opening brace the index of the one that closes it. */
function partners(text: string, literal: (index: number) => boolean): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") open.push(i);
    else if (text[i] === "}") {
      const partner = open.pop();
      if (partner !== undefined) pairs.set(partner, i);
      else if (!literal(i)) throw new BraceFault('a "}" has no "{" (write "\\}" for the character)');
    }
    if (open.length > MAX_NESTING) throw new BraceFault(`its braces nest deeper than ${MAX_NESTING} levels`);
  }
  if (open.some((index) => !literal(index))) {
    throw new BraceFault('a "{" is not closed (write "\\{" for the character)');
  }
  return pairs;
}

function sequence(text: string, from: number, to: number, pairs: ReadonlyMap<number, number>): Part {
  const parts: Part[] = [];
  let plain = from;
  for (let i = from; i < to; i++) {
    const end = text[i] === "{" ? pairs.get(i) : undefined;
    if (end === undefined) continue;
    if (text[i - 1] !== "$") {
      parts.push(text.slice(plain, i), group(text, i, end, pairs));
      plain = end + 1;
    }
    i = end;
  }
  parts.push(text.slice(plain, to));
  return { all: parts };
}

function group(text: string, open: number, close: number, pairs: ReadonlyMap<number, number>): Part {
  const cuts: number[] = [];
  for (let i = open + 1; i < close; i++) {
    if (text[i] === ",") cuts.push(i);
    else if (text[i] === "{") i = pairs.get(i) ?? i;
  }
  if (cuts.length > 0) {
    return { any: [...cuts, close].map((cut, n) => sequence(text, (cuts[n - 1] ?? open) + 1, cut, pairs)) };
  }
  const range = close - open < 60 ? rangeOf(text.slice(open + 1, close)) : undefined;
  return range ?? { all: ["{", sequence(text, open + 1, close, pairs), "}"] };
}

const NUMBERS = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/;
const LETTERS = /^([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?\d+))?$/;

function rangeOf(body: string): Range | undefined {
  const numbers = NUMBERS.exec(body);
  const [, first, last, given = "1"] = numbers ?? LETTERS.exec(body) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const from = numbers === null ? first.charCodeAt(0) : Number(first);
  const to = numbers === null ? last.charCodeAt(0) : Number(last);
  const step = Math.max(Math.abs(Number(given)), 1);
  return { count: Math.floor(Math.abs(to - from) / step) + 1, width: Math.max(first.length, last.length) };
}

function sizeOf(part: Part): { readonly count: number; readonly characters: number } {
  if (typeof part === "string") return { count: 1, characters: part.length };
  if ("count" in part) return { count: part.count, characters: part.count * part.width };
  let size = "all" in part ? { count: 1, characters: 0 } : { count: 0, characters: 0 };
  for (const inner of "all" in part ? part.all : part.any) {
    const { count, characters } = sizeOf(inner);
    size =
      "all" in part
        ? { count: size.count * count, characters: size.characters * count + characters * size.count }
        : { count: size.count + count, characters: size.characters + characters };
  }
  return size;
}
