/**
 * Whether a message matches a pattern: a predicate, or a term that it must equal. In a term, `ANY` matches anything,
 * and an object with an `asymmetricMatch`, such as vitest's and jest's `expect.any(Number)`, decides for itself.
 */
import { isDeepStrictEqual } from "node:util";
import { Atom } from "../term/atom.ts";
import { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";

/** Matches any term in a pattern. */
export const ANY: unique symbol = Symbol("testing.ANY");

/** A predicate on a message, or a term that it must equal. */
export type Pattern = unknown;

/** Whether a message matches. Never throws: values that cannot be compared do not match. */
export function fits(message: unknown, pattern: Pattern): boolean {
  try {
    return typeof pattern === "function" && !isMatcher(pattern)
      ? (pattern as (message: unknown) => boolean)(message)
      : equals(message, pattern);
  } catch {
    return false;
  }
}

function equals(term: unknown, pattern: unknown): boolean {
  if (pattern === ANY || Object.is(term, pattern)) return true;
  if (isMatcher(pattern)) return pattern.asymmetricMatch(term);
  if (Array.isArray(pattern)) {
    return (
      Array.isArray(term) && term.length === pattern.length && pattern.every((each, index) => equals(term[index], each))
    );
  }
  if (pattern instanceof Atom || pattern instanceof Pid || pattern instanceof Ref) return false;
  if (isPlain(pattern) && isPlain(term)) {
    const keys = Object.keys(pattern);
    return (
      keys.length === Object.keys(term).length &&
      keys.every((key) => Object.hasOwn(term, key) && equals(term[key], pattern[key]))
    );
  }
  return isDeepStrictEqual(term, pattern);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isMatcher(value: unknown): value is { asymmetricMatch(other: unknown): boolean } {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { asymmetricMatch?: unknown }).asymmetricMatch === "function"
  );
}
