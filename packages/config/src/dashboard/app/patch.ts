/** What the server's patches do to a view: `dashboard/patch.ts` makes them. */

type Key = string | number;

/** A list of `[path, value]`, or `[path]` for what is gone. */
export type Patch = readonly (readonly [path: readonly Key[], value?: unknown])[];

/** Carries a patch out on a view. */
export function apply(view: unknown, patch: Patch): unknown {
  let root = view;
  for (const step of patch) {
    const [path, value] = step;
    if (path.length === 0) {
      root = value;
      continue;
    }
    let at = root as Record<Key, unknown>;
    for (const key of path.slice(0, -1)) at = at[key] as Record<Key, unknown>;
    const last = path.at(-1) as Key;
    if (step.length === 1) delete at[last];
    else at[last] = value;
  }
  return root;
}
