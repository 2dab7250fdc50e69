import type { Source } from "../sources/source.ts";
import type { Together } from "../sources/together.ts";

/** A source's data about sources that change together with it, read once. */
export function togetherOf(source: Source): Together | undefined {
  try {
    const { links, stirred, answered } = source.together?.() ?? { links: undefined };
    if (!(links instanceof Map)) return undefined;
    return { links: new Map(links), stirred: asTime(stirred), answered: asTime(answered) };
  } catch {
    // It is foreign code, but its failure here is not reported: such a source counts as independent.
    return undefined;
  }
}

function asTime(time: unknown): number | undefined {
  return typeof time === "number" ? time : undefined;
}
