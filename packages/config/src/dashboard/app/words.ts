/** Lists in the address, separated by commas: `dashboard/context.ts` reads them. */

/** Adds a word to a list in the address, or takes it out. A word may contain commas. */
export function toggled(list: string | null, word: string): string {
  const written = writtenWord(word);
  const words = wordsOf(list);
  return (words.includes(written) ? words.filter((one) => one !== written) : [...words, written]).join(",");
}

/** A list in the address without a word. */
export function without(list: string | null, word: string): string {
  const written = writtenWord(word);
  return wordsOf(list)
    .filter((one) => one !== written)
    .join(",");
}

function wordsOf(list: string | null): string[] {
  return (list ?? "").split(",").filter(Boolean);
}

function writtenWord(word: string): string {
  return word.replaceAll("%", "%25").replaceAll(",", "%2C");
}
