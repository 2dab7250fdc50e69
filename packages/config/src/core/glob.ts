/**
 * Matching one segment of a pattern with one key: `*` is any characters, `?` one character, `[a-z]`, `[!0-9]` and
 * `[[:alpha:]]` one of a class. A character is a code point.
 *
 * All ways to match the key are followed at once, with one bit for each part of the pattern (Baeza-Yates and Gonnet's
 * Shift-And), so that each character costs the same: no pattern and no key can make matching explode.
 */
export type Glob = (key: string) => boolean;

/** A character of a segment, and whether it is escaped. */
export interface Sign {
  readonly char: string;
  readonly plain: boolean;
}

/** The condition on one character. */
type One = (char: string) => boolean;

/** Compiles a segment whose classes are closed. */
export function globOf(signs: readonly Sign[]): Glob {
  const ones: One[] = [];
  /** Whether there is a star before the part, or, at the end, after the last one. */
  const stars: boolean[] = [false];
  for (let i = 0; i < signs.length; i++) {
    const { char, plain } = signs[i]!;
    if (!plain && char === "*") {
      stars[ones.length] = true;
      continue;
    }
    const found = !plain && char === "[" ? classAt(signs, i) : undefined;
    if (found !== undefined) {
      i = found.end;
      ones.push(found.test);
    } else if (!plain && char === "?") ones.push(() => true);
    else ones.push((other) => other === char);
    stars.push(false);
  }
  return ones.length < 32 ? short(ones, stars) : long(ones, stars);
}

/** How many masks of characters are cached. */
const REMEMBERED = 256;

function short(ones: readonly One[], stars: readonly boolean[]): Glob {
  const last = 2 ** ones.length;
  const loops = stars.reduce((bits, star, i) => (star ? bits + 2 ** i : bits), 0);
  const openEnd = stars[ones.length]!;
  const masks = new Map<string, number>();
  const maskOf = (char: string): number => {
    let mask = masks.get(char);
    if (mask === undefined) {
      mask = ones.reduce((bits, test, i) => (test(char) ? bits + 2 ** i : bits), 0);
      if (masks.size < REMEMBERED) masks.set(char, mask);
    }
    return mask;
  };
  return (key) => {
    if (key.length < ones.length) return false;
    let state = 1;
    for (const char of key) {
      state = ((state & maskOf(char)) << 1) | (state & loops);
      if (state === 0) return false;
      if (openEnd && (state & last) !== 0) return true;
    }
    return (state & last) !== 0;
  };
}

function long(ones: readonly One[], stars: readonly boolean[]): Glob {
  const words = (ones.length >>> 5) + 1;
  const bitsOf = (test: (index: number) => boolean, length: number): Int32Array => {
    const bits = new Int32Array(words);
    for (let i = 0; i < length; i++) if (test(i)) bits[i >>> 5]! |= 1 << (i & 31);
    return bits;
  };
  const loops = bitsOf((i) => stars[i]!, stars.length);
  const masks = new Map<string, Int32Array>();
  const maskOf = (char: string): Int32Array => {
    let mask = masks.get(char);
    if (mask === undefined) {
      mask = bitsOf((i) => ones[i]!(char), ones.length);
      if (masks.size < REMEMBERED) masks.set(char, mask);
    }
    return mask;
  };
  return (key) => {
    if (key.length < ones.length) return false;
    const state = new Int32Array(words);
    state[0] = 1;
    for (const char of key) {
      const mask = maskOf(char);
      let carry = 0;
      let any = 0;
      for (let w = 0; w < words; w++) {
        const now = state[w]!;
        const moved = now & mask[w]!;
        any |= state[w] = (moved << 1) | carry | (now & loops[w]!);
        carry = moved >>> 31;
      }
      if (any === 0) return false;
    }
    return ((state[words - 1]! >>> (ones.length & 31)) & 1) === 1;
  };
}

/** POSIX classes, over all of Unicode. */
const POSIX: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[\p{L}\p{Nl}\p{Nd}]/u],
  ["alpha", /[\p{L}\p{Nl}]/u],
  ["ascii", /\p{ASCII}/u],
  ["blank", /[\p{Zs}\t]/u],
  ["cntrl", /\p{Cc}/u],
  ["digit", /\p{Nd}/u],
  ["graph", /[^\p{Z}\p{C}]/u],
  ["lower", /\p{Ll}/u],
  ["print", /\P{C}/u],
  ["punct", /\p{P}/u],
  ["space", /[\p{Z}\t\r\n\v\f]/u],
  ["upper", /\p{Lu}/u],
  ["word", /[\p{L}\p{Nl}\p{Nd}\p{Pc}]/u],
  ["xdigit", /[A-Fa-f0-9]/u],
]);

/**
 * The class that begins at an opening bracket, and the index of its closing bracket; undefined if there is none. A
 * reversed range matches nothing, and neither does a class with nothing else.
 */
export function classAt(
  signs: readonly Sign[],
  open: number,
): { readonly end: number; readonly test: One } | undefined {
  let i = open + 1;
  const is = (at: number, char: string): boolean => signs[at]?.plain === false && signs[at].char === char;
  const negated = is(i, "!") || is(i, "^");
  if (negated) i++;
  const tests: One[] = [];
  for (const first = i; i < signs.length; i++) {
    if (is(i, "]") && i > first) {
      const some = tests.length > 0;
      return { end: i, test: (char) => some && tests.some((test) => test(char)) !== negated };
    }
    const posix = is(i, "[") && is(i + 1, ":") ? posixAt(signs, i + 2) : undefined;
    if (posix !== undefined) {
      tests.push((char) => posix.expression.test(char));
      i = posix.end;
      continue;
    }
    const { char: from } = signs[i]!;
    const to = signs[i + 2];
    if (is(i + 1, "-") && to !== undefined && !is(i + 2, "]")) {
      i += 2;
      const [low, high] = [codeOf(from), codeOf(to.char)];
      if (low <= high) tests.push((char) => codeOf(char) >= low && codeOf(char) <= high);
    } else tests.push((char) => char === from);
  }
  return undefined;
}

/** Longest name of a POSIX class, including its end. */
const POSIX_LENGTH = 8;

function posixAt(
  signs: readonly Sign[],
  from: number,
): { readonly expression: RegExp; readonly end: number } | undefined {
  const text = signs
    .slice(from, from + POSIX_LENGTH)
    .map(({ char, plain }) => (plain ? "\0" : char))
    .join("");
  const [, name] = /^([a-z]+):\]/.exec(text) ?? [];
  const expression = name === undefined ? undefined : POSIX.get(name);
  return expression === undefined ? undefined : { expression, end: from + name!.length + 1 };
}

function codeOf(char: string): number {
  return char.codePointAt(0)!;
}
