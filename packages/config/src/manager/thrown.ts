import { thrownWords } from "../core/words.ts";
import { ConfigSourceError, ConfigValidationError } from "../errors.ts";

/**
 * A thrown value as an Error that can be inspected safely. The value may be anything, even an object that throws on
 * inspection.
 */
export function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && isReadable(thrown)) return thrown;
  } catch {
    // A value that cannot be inspected is described.
  }
  return new Error(thrownWords(thrown));
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  return asError(thrown).message;
}

/** Whether everything that is read later has the right type. */
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
