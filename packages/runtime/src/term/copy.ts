/** Copies of this package in one program, which cannot use each other's pids and references. */
import { ownStack, read } from "./guarded.ts";

/** The key under which values of every copy have the place that their copy was loaded from. */
export const COPY = Symbol.for("@otpts/runtime/copy");

/** What to do about two copies. */
export const TWICE =
  'Install one copy (npm ls @otpts/runtime), and do not bundle it twice: keep it out of bundles as an external package (in Next.js: serverExternalPackages: ["@otpts/runtime"])';

/** Where this copy of the package was loaded from. Taken from a stack, so that it is correct in a bundle too. */
export function here(): string {
  const [, path] = /(?:\(|at |@)(?:file:\/\/)?([^()\s]+?):\d+(?::\d+)?\)?$/mu.exec(ownStack()) ?? [];
  // A bundle is named by its own path, separate files by their folder.
  return path?.replace(/[\\/]term[\\/]guarded\.[jt]s$/u, "") ?? "an unknown file";
}

/** The place that this value's copy was loaded from; undefined if the value belongs to no copy. Never throws. */
export function copyOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const from = read(value, COPY);
  return typeof from === "string" ? from : undefined;
}
