import type { Knowledge } from "./layer.ts";
import type { Segments } from "./value.ts";

/**
 * The path that parts of a name mean, for names that people write as they like: arguments, names of files. Each part is the
 * key that is known there and reads the same, else what `unknown` makes of it.
 *
 *     ["database", "max-connections"]   →   database.max_connections, where that is known
 *
 * @param ambiguous is called with the paths that fit equally well, the first of which is taken
 */
export function namedPath(
  parts: readonly string[],
  lower: Knowledge,
  unknown: (part: string) => string,
  ambiguous: (fits: readonly Segments[]) => void,
): Segments {
  const path: string[] = [];
  for (const [i, keys] of lower.named(parts).entries()) {
    const key = keys[0]!;
    const part = parts[i]!;
    if (keys.length > 1) ambiguous(keys.map((other) => [...path, other]));
    // Where nothing is known, the part itself is given back in lower case.
    const isKnown = key !== part.toLowerCase() || lower.expected([...path, key]) !== undefined;
    path.push(isKnown ? key : unknown(part));
  }
  return path;
}

/** A name as the known paths that read the same are asked for. */
export function foldedName(name: string): string {
  return name.replace(/[-.]/g, "_").toLowerCase();
}
