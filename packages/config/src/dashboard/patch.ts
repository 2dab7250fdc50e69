/**
 * The changes from one view to the next: a list of `[path, value]`, or `[path]` for a removed value. Views are plain
 * data.
 */

export type Key = string | number;
export type Patch = readonly (readonly [path: readonly Key[], value?: unknown])[];

/** The patch that turns `before` into `after`. */
export function diff(before: unknown, after: unknown): Patch {
  const patch: [readonly Key[], unknown?][] = [];
  compare(before, after, [], patch);
  return patch;
}

function compare(before: unknown, after: unknown, path: readonly Key[], patch: [readonly Key[], unknown?][]): void {
  if (Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const both = Math.min(before.length, after.length);
    for (let index = 0; index < both; index++) compare(before[index], after[index], [...path, index], patch);
    for (let index = both; index < after.length; index++) patch.push([[...path, index], after[index]]);
    if (after.length < before.length) patch.push([[...path, "length"], after.length]);
    return;
  }
  if (isRecord(before) && isRecord(after)) {
    // Keys may be any text, including "constructor".
    for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch.push([[...path, key]]);
    for (const key of Object.keys(after)) {
      if (Object.hasOwn(before, key)) compare(before[key], after[key], [...path, key], patch);
      else patch.push([[...path, key], after[key]]);
    }
    return;
  }
  patch.push([path, after]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
