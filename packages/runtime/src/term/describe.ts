/** Terms in sentences and in reports. */
import { type Bounds, print } from "./print.ts";
import { cut } from "./guarded.ts";

export { STACK } from "./print.ts";

const LIMIT = 400;
const SHORT: Bounds = { depth: 4, items: 20, string: 200, nodes: 200, characters: LIMIT, width: Infinity };
const LONG: Bounds = { depth: 6, items: 50, string: 500, nodes: 1_000, characters: 2_500, width: 100 };

/** A mark on atoms, by which they are recognised cheaply. */
export const ATOM = Symbol.for("@otpts/runtime/atom");

/** A term in a sentence: short, on one line. Never throws and never takes long, for any term. */
export function describe(term: unknown): string {
  return typeof term === "string" ? cut(JSON.stringify(cut(term, LIMIT)), LIMIT + 3) : print(term, SHORT);
}

/** A term in a report: as much of it as helps, on several lines. Never throws and never takes long, for any term. */
export function detail(term: unknown): string {
  return print(term, LONG);
}
