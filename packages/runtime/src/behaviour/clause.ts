/** Messages for which a table of clauses has none. */
import { Atom, ensure, exists } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { isA, isTuple, read } from "../term/guarded.ts";
import { listed } from "../term/options.ts";

const MANY = 50;

/** A message's tag: its first element, if it is an array. */
export function tagOf(message: unknown): unknown {
  return isTuple(message) ? read(message, 0) : undefined;
}

/**
 * Why a message has no clause: its tag is text, it is not an array, or the clauses are others.
 *
 * @param clauses the table, by tag
 * @param kind the plural of what it has clauses for: `clauses`, `calls`
 */
export function unmatched(message: unknown, clauses: ReadonlyMap<unknown, unknown>, kind: string): string {
  const tag = tagOf(message);
  if (typeof tag === "string" && exists(tag) && clauses.has(ensure(tag)))
    return `${describe(tag)} is a string, and a tag is an atom: atom.ensure(${describe(tag)})`;
  if (isA(message, Atom)) return "a message of a table is an array that begins with its tag";
  if (clauses.size === 0) return `there are no ${kind}`;
  return `the ${kind} are ${listed([...clauses.keys()].slice(0, MANY).map(String))}`;
}
