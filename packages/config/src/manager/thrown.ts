import { thrownWords } from "../core/words.ts";
import { ConfigSourceError, ConfigValidationError } from "../errors.ts";

/**
 * What was thrown, as an Error that can be looked at. It may be anything, also an object that throws when it is looked at.
 */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && isReadable(thrown)) return thrown;
  } catch {
    // What cannot be looked at is told of in words.
  }
  return new Error(thrownWords(thrown));
}

/** The message of what was thrown. */
export function messageOf(thrown: unknown): string {
  return asError(thrown).message;
}

/** Whether all that is looked at later is what it should be. */
function isReadable(error: Error): boolean {
  const { message, name } = error;
  if (typeof message !== "string" || message === "" || typeof name !== "string") return false;
  if (error instanceof ConfigSourceError) return typeof error.source === "string" && typeof error.code === "string";
  if (!(error instanceof ConfigValidationError)) return true;
  const problems: readonly unknown[] = [...error.problems];
  return problems.every((problem) => {
    const { path, message: what } = (problem ?? {}) as { readonly path?: unknown; readonly message?: unknown };
    return typeof path === "string" && typeof what === "string";
  });
}
