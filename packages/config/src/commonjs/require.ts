/**
 * A `require` for Node's own modules, lent while a CommonJS package is loaded.
 *
 * A bundle in the form of ES modules has no `require`, and esbuild's answer to a CommonJS package in it that needs a module of
 * Node's is `Dynamic require of "http" is not supported`, unless there is a global one. So each such package has three modules
 * here that are evaluated one after the other: one that lends, one that loads, one that takes back. Where there is a global
 * `require`, nothing is lent; no other code runs in between.
 */
const place = globalThis as { require?: unknown };

const builtin = (name: string): unknown => process.getBuiltinModule(name);

export function lend(): void {
  if ("require" in place || typeof process.getBuiltinModule !== "function") return;
  Object.defineProperty(place, "require", { value: builtin, configurable: true });
}

export function takeBack(): void {
  if (place.require === builtin) delete place.require;
}
