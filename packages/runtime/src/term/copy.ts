/** Copies of this package in one program, which cannot use each other's pids and references. */
import { read } from "./guarded.ts";

/** What the values of every copy carry: the file that their copy was loaded from. */
export const COPY = Symbol.for("@otpts/runtime/copy");

/** The file that this copy of the package was loaded from. Taken from a stack, so that it is right in a bundle, too. */
export function here(): string {
  const own = (new Error("here").stack ?? "").split("\n").find((line) => /[\\/:]/u.test(line.replace(/^Error.*/u, "")));
  return (own ?? "an unknown file")
    .trim()
    .replace(/^.*?(?:\(|at |@)/u, "")
    .replace(/:\d+(?::\d+)?\)?$/u, "")
    .replace(/^file:\/\//u, "");
}

/** Where the copy was loaded from that this value belongs to; undefined for what is none of any copy's. Never throws. */
export function copyOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const from = read(value, COPY);
  return typeof from === "string" ? from : undefined;
}
