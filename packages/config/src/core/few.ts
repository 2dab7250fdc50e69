/** Maximum number of things that a message names. */
export const MOST_NAMED = 20;

/**
 * The first of many things, as texts for a message, and the number of the others. Only these are converted to text.
 *
 *     few(["a", "b", "c"], quoted, 2)   →   ['"a"', '"b"', "and 1 more"]
 *
 * @param most maximum number of things to name
 */
export function few<T>(things: readonly T[], text: (thing: T) => string, most: number = MOST_NAMED): string[] {
  const shown = things.slice(0, most).map(text);
  if (things.length > shown.length) shown.push(`and ${things.length - shown.length} more`);
  return shown;
}
