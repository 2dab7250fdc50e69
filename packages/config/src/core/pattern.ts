import { BraceFault, expandBraces } from "./braces.ts";
import { classAt, globOf, type Sign } from "./glob.ts";
import { isWellFormed, MAX_DEPTH, parsePath } from "./path.ts";
import type { Segments } from "./value.ts";
import { typeOf } from "./words.ts";

/**
 * Patterns. `*` is exactly one segment, `**` any number of segments, including none. Inside a segment `*` is any
 * characters, `?` one, and `[a-z]`, `[!0-9]`, `[[:alpha:]]` one of a class. Braces are expanded first, and may contain
 * dots: `rate_limits.{api,web}`, `eth{0..3}`. The rules of braces and classes are minimatch's, except that an unclosed
 * brace or bracket is refused. A backslash escapes the character after it: `\.` is a dot inside a segment, `\*` a star.
 * Matching is case-sensitive.
 *
 * No pattern can stall the program: it has at most 10,000 characters and 10,000 alternatives, and matching takes time
 * in proportion to the key's length (see `glob.ts`).
 */
export interface Pattern {
  /** The pattern as written. */
  readonly source: string;
  /** The expansion of the braces: one list of matchers for each alternative. */
  readonly alternatives: readonly (readonly Matcher[])[];
}

/** How one segment of a pattern matches. `deep` is `**`. */
export type Matcher =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "deep" }
  | {
      readonly kind: "glob";
      readonly text: string;
      readonly test: (segment: string) => boolean;
      /** false: it matches no index of a list. */
      readonly indices?: false;
    };

/** Longest pattern, in UTF-16 units. */
const MAX_LENGTH = 10_000;

/**
 * Reads a pattern.
 *
 * @param pattern a dotted pattern, or an array whose elements each match one segment
 * @throws TypeError if it is neither, if a segment is empty, if a brace or bracket is not closed, if it has more than
 *   10,000 characters, or if its braces expand to more than 10,000 patterns
 */
export function parsePattern(pattern: unknown, action = "read pattern"): Pattern {
  if (typeOf(pattern) === "an array") {
    const segments = parsePath(pattern, action);
    const matchers = segments.map((segment) => {
      const { text, escaped } = protect(segment, action);
      return matcher(signsOf(text, escaped));
    });
    return { source: segments.map(escapeDots).join("."), alternatives: [matchers] };
  }
  if (typeof pattern !== "string") {
    const got = typeOf(pattern);
    throw new TypeError(`Cannot ${action}: a pattern is a dotted string, an atom or an array of segments, got ${got}`);
  }
  if (pattern.length > MAX_LENGTH) {
    throw new TypeError(
      `Cannot ${action} ${shown(pattern)}: a pattern has at most ${MAX_LENGTH} characters, got ${pattern.length}`,
    );
  }
  if (!isWellFormed(pattern)) throw new TypeError(`Cannot ${action}: it is not well-formed Unicode`);
  try {
    const { text, escaped } = protect(pattern, action);
    const alternatives = expandBraces(text, inClasses(text, escaped)).map((alternative) => {
      const segments = split(signsOf(alternative, escaped));
      if (segments.some((segment) => segment.length === 0)) throw new PatternFault("it has an empty segment");
      if (segments.length > MAX_DEPTH) {
        throw new PatternFault(`a pattern has at most ${MAX_DEPTH} segments, got ${segments.length}`);
      }
      const matchers = segments.map(matcher);
      // `a.**.**.b` means the same as `a.**.b`.
      return matchers.filter(({ kind }, i) => kind !== "deep" || matchers[i - 1]?.kind !== "deep");
    });
    return { source: pattern, alternatives };
  } catch (error) {
    if (!(error instanceof BraceFault || error instanceof PatternFault)) throw error;
    throw new TypeError(`Cannot ${action} ${shown(pattern)}: ${error.message}`);
  }
}

class PatternFault extends Error {}

/** Whether a pattern matches a path. */
export function matches(pattern: Pattern, path: Segments): boolean {
  return pattern.alternatives.some((matchers) => matchesFrom(matchers, 0, path, 0));
}

/** Whether one matcher, which is not `deep`, matches one segment. */
export function matchesSegment(matcher: Matcher, segment: string): boolean {
  return matcher.kind === "literal" ? matcher.text === segment : matcher.kind !== "glob" || matcher.test(segment);
}

function matchesFrom(matchers: readonly Matcher[], m: number, path: Segments, p: number): boolean {
  // Greedy with one point to backtrack to, as for `*` in a file name: linear in practice, quadratic at worst.
  let retryMatcher = -1;
  let retryPath = 0;
  for (;;) {
    if (m < matchers.length && matchers[m]!.kind === "deep") {
      retryMatcher = ++m;
      retryPath = p;
    } else if (p === path.length) {
      return m === matchers.length;
    } else if (m < matchers.length && matchesSegment(matchers[m]!, path[p]!)) {
      m++;
      p++;
    } else if (retryMatcher >= 0) {
      m = retryMatcher;
      p = ++retryPath;
    } else {
      return false;
    }
  }
}

/** Represents the n-th escaped character during brace expansion, so that it has no meaning there. */
const FIRST_STAND_IN = 0xe000;
const LAST_STAND_IN = 0xf8ff;

function protect(pattern: string, action: string): { readonly text: string; readonly escaped: readonly string[] } {
  if (!/[\\\ue000-\uf8ff]/.test(pattern)) return { text: pattern, escaped: [] };
  const escaped: string[] = [];
  let text = "";
  let after = false;
  for (const char of pattern) {
    if (!after && char === "\\") {
      after = true;
    } else if (after || (char >= "\ue000" && char <= "\uf8ff")) {
      if (FIRST_STAND_IN + escaped.length > LAST_STAND_IN) {
        throw new TypeError(`Cannot ${action} ${shown(pattern)}: it has too many escapes`);
      }
      text += String.fromCharCode(FIRST_STAND_IN + escaped.length);
      escaped.push(char);
      after = false;
    } else text += char;
  }
  if (after) {
    throw new TypeError(`Cannot ${action} ${shown(pattern)}: "\\" at its end escapes nothing`);
  }
  return { text, escaped };
}

function signsOf(text: string, escaped: readonly string[]): readonly Sign[] {
  return Array.from(text, (char) => {
    const original = char >= "\ue000" && char <= "\uf8ff" ? escaped[char.charCodeAt(0) - FIRST_STAND_IN] : undefined;
    return original === undefined ? { char, plain: false } : { char: original, plain: true };
  });
}

/** Returns whether the brace at an index is in a character class. */
function inClasses(text: string, escaped: readonly string[]): (index: number) => boolean {
  let inside: ReadonlySet<number> | undefined;
  return (index) => (inside ??= classIndices(signsOf(text, escaped))).has(index);
}

function classIndices(signs: readonly Sign[]): ReadonlySet<number> {
  const indices = new Set<number>();
  let index = 0;
  let end = -1;
  for (const [i, { char, plain }] of signs.entries()) {
    if (i > end && char === "[" && !plain) end = classEnd(signs, i);
    if (i <= end) indices.add(index);
    index += plain ? 1 : char.length;
  }
  return indices;
}

function classEnd(signs: readonly Sign[], open: number): number {
  const end = classAt(signs, open)?.end;
  if (end !== undefined) return end;
  throw new PatternFault('a "[" is not closed (write "\\[" for the character)');
}

/** Splits at dots, but not at those in a character class. */
function split(signs: readonly Sign[]): readonly (readonly Sign[])[] {
  const segments: Sign[][] = [];
  let from = 0;
  for (let i = 0; i < signs.length; i++) {
    const { char, plain } = signs[i]!;
    if (plain) continue;
    if (char === "[") i = classEnd(signs, i);
    else if (char === ".") {
      segments.push(signs.slice(from, i));
      from = i + 1;
    }
  }
  segments.push(signs.slice(from));
  return segments;
}

function matcher(signs: readonly Sign[]): Matcher {
  if (signs.every(({ char, plain }) => char === "*" && !plain)) {
    if (signs.length === 1) return { kind: "any" };
    if (signs.length === 2) return { kind: "deep" };
  }
  if (!signs.some(({ char, plain }) => !plain && (char === "*" || char === "?" || char === "["))) {
    return { kind: "literal", text: signs.map(({ char }) => char).join("") };
  }
  const text = signs.map(({ char, plain }) => (plain ? `\\${char}` : char)).join("");
  return { kind: "glob", text, test: globOf(signs) };
}

function escapeDots(segment: string): string {
  return segment.replaceAll(".", "\\.");
}

function shown(pattern: string): string {
  return JSON.stringify(pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern);
}
