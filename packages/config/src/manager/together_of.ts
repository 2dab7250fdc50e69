import type { Source } from "../sources/source.ts";
import type { Together } from "../sources/together.ts";

/** What a source says of others that change with it, read once. */
export function togetherOf(source: Source): Together | undefined {
  try {
    const { links, stirred, answered } = source.together?.() ?? { links: undefined };
    if (!(links instanceof Map)) return undefined;
    return { links: new Map(links), stirred: asTime(stirred), answered: asTime(answered) };
  } catch {
    // It is others' code, and no news of it: such a source stands alone.
    return undefined;
  }
}

function asTime(time: unknown): number | undefined {
  return typeof time === "number" ? time : undefined;
}
