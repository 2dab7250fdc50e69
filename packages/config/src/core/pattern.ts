import { braceExpand, Minimatch } from "minimatch";
import { isWellFormed, MAX_DEPTH, parsePath } from "./path.ts";
import type { Segments } from "./value.ts";

/**
 * Patterns. `*` is exactly one segment, `**` any number of segments, also none. Braces and character classes are as in
 * minimatch (`rate_limits.{api,web}`, `tc_rules.enp[0-9]s*`); braces may span dots. A backslash takes the meaning from the
 * character after it: `\.` is a dot inside a segment, `\*` a star. Letters match case-sensitively.
 */
export interface Pattern {
  /** As it was written. */
  readonly source: string;
  /** What the braces spell out: one list of matchers for each alternative. */
  readonly alternatives: readonly (readonly Matcher[])[];
}

/** How one segment of a pattern matches. `deep` is `**`. */
export type Matcher =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "deep" }
  | { readonly kind: "glob"; readonly text: string; readonly test: (segment: string) => boolean };

/** Most alternatives that the braces of one pattern may spell out. */
export const MAX_ALTERNATIVES = 10_000;

/**
 * Reads a pattern.
 *
 * @param pattern a dotted pattern, or an array whose elements each match one segment
 * @throws TypeError when it is neither, when a segment is empty, or when its braces spell out more than 10,000 patterns
 */
export function parsePattern(pattern: unknown, action = "read pattern"): Pattern {
  if (Array.isArray(pattern)) {
    const segments = parsePath(pattern, action);
    return {
      source: segments.map(escapeDots).join("."),
      alternatives: [segments.map((segment) => matcher(segment, []))],
    };
  }
  if (typeof pattern !== "string") {
    const got = pattern === null ? "null" : typeof pattern;
    throw new TypeError(`Cannot ${action}: a pattern is a dotted string, an atom or an array of segments, got ${got}`);
  }
  if (!isWellFormed(pattern)) throw new TypeError(`Cannot ${action}: it is not well-formed Unicode`);
  const { text, escaped } = protect(pattern);
  const expanded = text.includes("{") ? braceExpand(text, { braceExpandMax: MAX_ALTERNATIVES + 1 }) : [text];
  if (expanded.length > MAX_ALTERNATIVES) {
    throw new TypeError(`Cannot ${action}: its braces spell out more than ${MAX_ALTERNATIVES} patterns`);
  }
  const alternatives = [...new Set(expanded)].map((alternative) => {
    const segments = split(alternative);
    if (segments.includes("")) throw new TypeError(`Cannot ${action} ${shown(pattern)}: it has an empty segment`);
    if (segments.length > MAX_DEPTH) {
      throw new TypeError(`Cannot ${action}: a pattern has at most ${MAX_DEPTH} segments, got ${segments.length}`);
    }
    // `a.**.**.b` says no more than `a.**.b`.
    const kept = segments.filter((segment, i) => segment !== "**" || segments[i - 1] !== "**");
    return kept.map((segment) => matcher(segment, escaped));
  });
  return { source: pattern, alternatives };
}

/** Whether a pattern matches a path. */
export function matches(pattern: Pattern, path: Segments): boolean {
  return pattern.alternatives.some((matchers) => matchesFrom(matchers, 0, path, 0));
}

/** Whether one matcher, which is not `deep`, matches one segment. */
export function matchesSegment(matcher: Matcher, segment: string): boolean {
  return matcher.kind === "literal" ? matcher.text === segment : matcher.kind !== "glob" || matcher.test(segment);
}

function matchesFrom(matchers: readonly Matcher[], m: number, path: Segments, p: number): boolean {
  // Greedy with one point to go back to, as for `*` in a file name: linear in practice, quadratic at worst.
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

/** Stands for the n-th escaped character while braces are expanded and segments split, so that neither sees it. */
const FIRST_STAND_IN = 0xe000;
const LAST_STAND_IN = 0xf8fe;
/** Stands for `/`, which separates nothing here but does in minimatch. */
const SLASH = "\uf8ff";

function protect(pattern: string): { readonly text: string; readonly escaped: readonly string[] } {
  const escaped: string[] = [];
  let text = "";
  for (let i = 0; i < pattern.length; i++) {
    let char = pattern[i]!;
    if (char === "\\") {
      const next = pattern[++i];
      if (next === undefined) {
        throw new TypeError(`Cannot read pattern ${shown(pattern)}: "\\" at its end takes the meaning from nothing`);
      }
      char = next;
    } else if (char < "\ue000" || char > SLASH) {
      text += char;
      continue;
    }
    if (FIRST_STAND_IN + escaped.length > LAST_STAND_IN)
      throw new TypeError("Cannot read pattern: it has too many escapes");
    text += String.fromCharCode(FIRST_STAND_IN + escaped.length);
    escaped.push(char);
  }
  return { text, escaped };
}

/** At dots, but not at those in a character class. */
function split(text: string): string[] {
  const segments: string[] = [];
  let segment = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const end = char === "[" ? text.indexOf("]", i + 2) : -1;
    if (char === ".") {
      segments.push(segment);
      segment = "";
    } else if (end > 0) {
      segment += text.slice(i, end + 1);
      i = end;
    } else {
      segment += char;
    }
  }
  segments.push(segment);
  return segments;
}

const GLOB = { dot: true, nobrace: true, noext: true, nonegate: true, nocomment: true, noglobstar: true } as const;

function matcher(segment: string, escaped: readonly string[]): Matcher {
  if (segment === "*") return { kind: "any" };
  if (segment === "**") return { kind: "deep" };
  if (!/[*?[]/.test(segment)) return { kind: "literal", text: restore(segment, escaped, "") };
  const text = restore(segment, escaped, "\\");
  const expression = new Minimatch(text.replaceAll("/", SLASH), { ...GLOB, platform: "linux" }).makeRe();
  if (expression === false) return { kind: "literal", text: restore(segment, escaped, "") };
  return {
    kind: "glob",
    text,
    test: (name) => expression.test(name.includes("/") ? name.replaceAll("/", SLASH) : name),
  };
}

function restore(segment: string, escaped: readonly string[], before: string): string {
  return segment.replace(/[\ue000-\uf8fe]/g, (char) => {
    const original = escaped[char.charCodeAt(0) - FIRST_STAND_IN];
    return original === undefined ? char : before + original;
  });
}

function escapeDots(segment: string): string {
  return segment.replaceAll(".", "\\.");
}

function shown(pattern: string): string {
  return JSON.stringify(pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern);
}
