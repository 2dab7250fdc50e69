import type { Source } from "../sources/source.ts";
import type { Together } from "../sources/together.ts";

/** What a source says of others that change with it. */
export function togetherOf(source: Source): Together | undefined {
  try {
    return source.together?.();
  } catch {
    // It is others' code, and no news of it: such a source stands alone.
    return undefined;
  }
}
