/** Options given as objects. A misspelt key is refused, because it would silently have no effect. */
import { BADARG } from "./atoms.ts";
import { describe } from "./describe.ts";
import { ErlangError } from "./error.ts";
import { isTuple } from "./guarded.ts";

/**
 * Refuses a value that is not an object with these options.
 *
 * @param what the operation, for the message: `start a gen_server`
 * @throws ErlangError `badarg`, with the option that was probably intended
 */
export function checkOptions(given: unknown, known: readonly string[], what: string): void {
  if (typeof given !== "object" || given === null || isTuple(given))
    throw new ErlangError(
      BADARG,
      `Cannot ${what}: its options must be an object with ${listed(known)}, got ${describe(given)}`,
    );
  for (const key in given)
    if (!known.includes(key) && !isEverywhere(given, key))
      throw new ErlangError(BADARG, `Cannot ${what}: ${unknownOption(key, known)}`);
}

/** Whether an object has this key because every object has it: some libraries extend `Object.prototype`. */
export function isEverywhere(given: object, key: string): boolean {
  return Object.hasOwn(Object.prototype, key) && !Object.hasOwn(given, key);
}

/** The problem with a key that is not among these. */
export function unknownOption(key: string, known: readonly string[]): string {
  const like = nearest(key, known);
  return `there is no option ${describe(key)}${like === undefined ? "" : ` (did you mean ${like}?)`}; the options are ${listed(known)}`;
}

/** Names in a sentence. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z\d]/gu, "");

/** The known word that a misspelt one most likely means, or undefined. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 4)) + 1;
  for (const each of known) {
    if (each === word || each.length > 60) continue;
    const away = distance(wanted, plain(each));
    if (away < least) {
      least = away;
      best = each;
    }
  }
  return best;
}

// The number of characters that must be added, removed, changed or swapped with their neighbour.
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
