/** Applies the server's patches to a view; `dashboard/patch.ts` makes them. */

type Key = string | number;

/** A list of `[path, value]`, or `[path]` for a removed value. */
export type Patch = readonly (readonly [path: readonly Key[], value?: unknown])[];

/** Applies a patch to a view. */
export function apply(view: unknown, patch: Patch): unknown {
  let root = view;
  for (const step of patch) {
    const [path, value] = step;
    if (path.length === 0) {
      root = value;
      continue;
    }
    let at = root as Record<Key, unknown>;
    for (const key of path.slice(0, -1)) at = own(at, key) as Record<Key, unknown>;
    const last = path.at(-1) as Key;
    if (step.length === 1) delete at[last];
    // The length of a list is assigned, not defined.
    else if (Array.isArray(at)) at[last as number] = value;
    else Object.defineProperty(at, last, { value, configurable: true, enumerable: true, writable: true });
  }
  return root;
}

// A key such as "__proto__" refers to the view's own property, never to an inherited one.
function own(at: Record<Key, unknown>, key: Key): unknown {
  if (!Object.hasOwn(at, key)) throw new RangeError(`Cannot patch the view: it has no "${key}"`);
  return at[key];
}
