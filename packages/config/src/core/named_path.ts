import type { Knowledge } from "./layer.ts";
import type { Segments } from "./value.ts";

/**
 * The path for the parts of a name whose spelling is free: arguments, names of files. Each part becomes the known key
 * that reads the same, otherwise the result of `unknown`.
 *
 *     ["database", "max-connections"]   →   database.max_connections, if that is known
 *
 * @param ambiguous is called with the paths that match equally well, of which the first is taken
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
    // If no key is known, the part itself is returned in lower case.
    const isKnown = key !== part.toLowerCase() || lower.expected([...path, key]) !== undefined;
    path.push(isKnown ? key : unknown(part));
  }
  return path;
}

/** A name in the folded form by which known paths are looked up. */
export function foldedName(name: string): string {
  return name.replace(/[-.]/g, "_").toLowerCase();
}
