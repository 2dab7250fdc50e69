import { inspect } from "node:util";

const LIMIT = 400;
const DEPTH = 4;

/** What atoms carry, so that they are told cheaply here, which atoms themselves need. */
export const ATOM = Symbol.for("@otpts/runtime/atom");
/** What stacks carry: in a message they say nothing. */
export const STACK = Symbol.for("@otpts/runtime/stack");

/** A term as text for error messages and reports: short, on one line, never throwing. Errors are told without their stack. */
export function describe(term: unknown): string {
  if (typeof term === "string") return JSON.stringify(term.length > LIMIT ? `${term.slice(0, LIMIT)}…` : term);
  let text: string;
  try {
    if (carries(term, ATOM)) return inspect(term);
    text = inspect(withoutStacks(term, 0), {
      depth: DEPTH,
      breakLength: Infinity,
      compact: true,
      maxArrayLength: 20,
      maxStringLength: 200,
    });
  } catch (error) {
    text = `a term that cannot be shown (${error instanceof Error ? error.message : typeof error})`;
  }
  return text.length > LIMIT ? `${text.slice(0, LIMIT)}…` : text;
}

/** The same term with every error in its tuples replaced by one line of text, and without stacks. */
export function withoutStacks(term: unknown, level: number): unknown {
  if (term instanceof Error) return { [inspect.custom]: () => `${term.name}: ${term.message}` };
  if (!Array.isArray(term) || level >= DEPTH) return term;
  // A crash, [error, stack], is told as the error.
  if (term.length === 2 && carries(term[1], STACK)) return withoutStacks(term[0], level);
  return term.slice(0, 21).map((item) => withoutStacks(item, level + 1));
}

function carries(term: unknown, mark: symbol): boolean {
  return typeof term === "object" && term !== null && (term as Record<symbol, unknown>)[mark] === true;
}
