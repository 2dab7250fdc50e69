import { inspect } from "node:util";

const LIMIT = 400;
const DEPTH = 4;

/** A term as text for error messages and reports: short, on one line, never throwing. Errors are told without their stack. */
export function describe(term: unknown): string {
  if (typeof term === "string") return JSON.stringify(term.length > LIMIT ? `${term.slice(0, LIMIT)}…` : term);
  let text: string;
  try {
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

/** The same term with every error in its tuples replaced by one line of text. */
export function withoutStacks(term: unknown, level: number): unknown {
  if (term instanceof Error) return { [inspect.custom]: () => `${term.name}: ${term.message}` };
  if (Array.isArray(term) && level < DEPTH) return term.slice(0, 21).map((item) => withoutStacks(item, level + 1));
  return term;
}
