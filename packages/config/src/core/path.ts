import type { Segments } from "./value.ts";
import { isRevoked, typeOf } from "./words.ts";

/**
 * Paths. A dotted string names a node: `"database.url"`. A dot inside a segment is written `\.`, a backslash `\\`:
 * `"queuemizer.tc_rules.enp4s0\\.100"` (in source text) is the three segments `queuemizer`, `tc_rules`, `enp4s0.100`.
 * An array of segments needs no escapes; the empty array names the whole configuration.
 */

/** Maximum length of a path and maximum nesting, in segments. Keeps every walk over a tree within the stack. */
export const MAX_DEPTH = 500;

/**
 * Reads a path.
 *
 * @param path a dotted string, or an array of segments
 * @param action the beginning of the error message: the failed operation
 * @throws TypeError if it is neither, if a segment is empty or not well-formed Unicode, if an escape is unknown, or if
 *   there are more than 500 segments
 */
export function parsePath(path: unknown, action = "read path"): Segments {
  if (typeof path === "string")
    return checked(path.includes("\\") ? unescaped(path, action) : path.split("."), path, action);
  if (isList(path)) return checked(Array.from(path), path, action);
  throw new TypeError(
    `Cannot ${action}: a path is a dotted string, a path atom or an array of segments, got ${typeOf(path)}`,
  );
}

/** Writes segments as a dotted string: the inverse of `parsePath`. */
export function formatPath(path: Segments): string {
  if (path.length === 1) return formatSegment(path[0]!);
  let text = "";
  for (let i = 0; i < path.length; i++) text += i === 0 ? formatSegment(path[i]!) : `.${formatSegment(path[i]!)}`;
  return text;
}

/** Writes one segment for use in a dotted string. */
export function formatSegment(segment: string): string {
  return segment.includes(".") || segment.includes("\\") ? segment.replace(/[\\.]/g, "\\$&") : segment;
}

/** The dotted path of `segment` below `parent`, which is dotted too (empty for the root). */
export function joinPath(parent: string, segment: string): string {
  return parent === "" ? formatSegment(segment) : `${parent}.${formatSegment(segment)}`;
}

/** Whether `path` is `above` or is below it. */
export function isWithin(path: Segments, above: Segments): boolean {
  return path.length >= above.length && above.every((segment, i) => path[i] === segment);
}

/** Whether a string can be written as UTF-8 and read back, that is, has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function unescaped(path: string, action: string): string[] {
  const segments: string[] = [];
  let segment = "";
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    if (char === ".") {
      segments.push(segment);
      segment = "";
    } else if (char !== "\\") {
      segment += char;
    } else {
      const escaped = path[++i];
      if (escaped !== "." && escaped !== "\\") {
        throw new TypeError(
          `Cannot ${action} ${quoted(path)}: "\\" must be followed by "." or "\\", ` +
            (escaped === undefined ? "got the end of the path" : `got ${quoted(escaped)}`),
        );
      }
      segment += escaped;
    }
  }
  segments.push(segment);
  return segments;
}

function checked(segments: readonly unknown[], path: unknown, action: string): Segments {
  if (segments.length > MAX_DEPTH) {
    throw new TypeError(`Cannot ${action}: a path has at most ${MAX_DEPTH} segments, got ${segments.length}`);
  }
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    if (typeof segment === "string" && segment !== "" && isWellFormed(segment)) continue;
    const shown = typeof path === "string" ? ` ${quoted(path)}` : "";
    const why =
      typeof segment !== "string"
        ? `must be a string, got ${typeOf(segment)}`
        : segment === ""
          ? "is empty"
          : "is not well-formed Unicode";
    throw new TypeError(`Cannot ${action}${shown}: segment ${i + 1} of ${segments.length} ${why}`);
  }
  return segments as string[];
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

function isList(path: unknown): path is readonly unknown[] {
  return !isRevoked(path) && Array.isArray(path);
}
