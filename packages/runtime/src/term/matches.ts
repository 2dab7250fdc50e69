/**
 * Whether a reason is of a kind: how people ask what went wrong without taking OTP's tuples apart.
 *
 * OTP wraps what happened in where it happened: `[timeout, [gen_server, call, args]]`, `[error, stack]`. So a pattern also
 * fits the first element of a tuple, and that one's first element, and so on.
 */

/**
 * What `Exit.is` and its relatives take:
 *
 * - an atom or another plain term: the reason itself, or the tag of the tuple that it is
 * - an array: a tuple that begins with elements of these kinds; `undefined` in it stands for any term
 * - a class of errors (`TypeError`): a crash by such an error
 */
export type Pattern = unknown;

/** Whether `reason` is of this kind. Never throws. */
export function matches(reason: unknown, pattern: Pattern): boolean {
  try {
    return fits(reason, pattern, 0);
  } catch {
    // A term that throws when it is looked at is of no kind.
    return false;
  }
}

// A term may contain itself.
const DEPTH = 16;

function fits(reason: unknown, pattern: Pattern, depth: number): boolean {
  if (Object.is(reason, pattern)) return true;
  if (typeof pattern === "function" && reason instanceof (pattern as never)) return true;
  if (!Array.isArray(reason) || reason.length === 0 || depth === DEPTH) return false;
  if (Array.isArray(pattern) && pattern.length > 0 && pattern.length <= reason.length) {
    const all = pattern.every((each, index) => each === undefined || fits(reason[index], each, depth + 1));
    if (all) return true;
  }
  return fits(reason[0], pattern, depth + 1);
}
