/**
 * Whether a reason is of a kind: a test for what went wrong that needs no taking apart of OTP's tuples.
 *
 * OTP wraps the cause of a failure in its place: `[timeout, [gen_server, call, args]]`, `[error, stack]`. So a pattern
 * also matches the first element of a tuple, the first element of that, and so on.
 */

/**
 * A pattern for `Exit.is` and its relatives:
 *
 * - an atom or another plain term: the reason itself, or the tag of the reason's tuple
 * - an array: a tuple that begins with elements of these kinds; `undefined` in it stands for any term
 * - a class of errors (`TypeError`): a crash with such an error
 */
export type Pattern = unknown;

type Class = abstract new (...args: never[]) => unknown;

/** Whether `reason` is of this kind. Never throws. */
export function matches(reason: unknown, pattern: Pattern): boolean {
  try {
    return fits(reason, pattern, 0);
  } catch {
    // A term that throws on inspection is of no kind.
    return false;
  }
}

// A term may contain itself.
const DEPTH = 16;

function fits(reason: unknown, pattern: Pattern, depth: number): boolean {
  if (Object.is(reason, pattern)) return true;
  if (typeof pattern === "function" && reason instanceof (pattern as Class)) return true;
  if (!Array.isArray(reason) || reason.length === 0 || depth === DEPTH) return false;
  if (Array.isArray(pattern) && pattern.length > 0 && pattern.length <= reason.length) {
    const all = pattern.every((each, index) => each === undefined || fits(reason[index], each, depth + 1));
    if (all) return true;
  }
  return fits(reason[0], pattern, depth + 1);
}
