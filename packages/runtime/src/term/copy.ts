/** Copies of this package in one program, which cannot use each other's pids and references. */
import { read } from "./guarded.ts";

/** What the values of every copy carry: where their copy was loaded from. */
export const COPY = Symbol.for("@otpts/runtime/copy");

/** Where this copy of the package was loaded from. Taken from a stack, so that it is right in a bundle, too. */
export function here(): string {
  const [, path] = /(?:\(|at |@)(?:file:\/\/)?([^()\s]+?):\d+(?::\d+)?\)?$/mu.exec(new Error("here").stack ?? "") ?? [];
  // A bundle is named itself, separate files by their folder.
  return path?.replace(/[\\/]term[\\/]copy\.[jt]s$/u, "") ?? "an unknown file";
}

/** Where the copy was loaded from that this value belongs to; undefined for what is none of any copy's. Never throws. */
export function copyOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const from = read(value, COPY);
  return typeof from === "string" ? from : undefined;
}
