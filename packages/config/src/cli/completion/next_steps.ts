import type { Leaf } from "../../answers/values.ts";
import { formatSegment, parsePath } from "../../core/path.ts";
import { valueText } from "../value_text.ts";

/** The paths that begin with a text, each up to its next dot: first `database.`, then its keys. */
export function nextSteps(
  text: string,
  leaves: readonly Leaf[],
): readonly (readonly [word: string, meaning?: string])[] {
  const found = new Map<string, string | undefined>();
  for (const { path, value } of leaves) {
    if (!path.startsWith(text)) continue;
    const segments = parsePath(path);
    let step = "";
    for (const [i, segment] of segments.entries()) {
      step += `${formatSegment(segment)}${i < segments.length - 1 ? "." : ""}`;
      if (step.length > text.length) break;
    }
    found.set(step, step === path ? valueText(value) : undefined);
  }
  return Array.from(found, ([word, meaning]) => (meaning === undefined ? [word] : [word, meaning]));
}
