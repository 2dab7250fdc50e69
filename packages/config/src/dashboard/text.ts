/**
 * Terms as texts: short, and without secrets. Foreign objects are inspected safely: no getter is called, and nothing
 * throws.
 */
import { Atom, Pid } from "@otpts/runtime";
import { inspect } from "node:util";

/** A term on one line. */
export function textOf(term: unknown, length = 300): string {
  if (typeof term === "string") return cut(term, length);
  return cut(shown(term, 4, 20, length).replaceAll(/\s*\n\s*/gu, " "), length);
}

/** A term on as many lines as necessary. */
export function blockOf(term: unknown): string {
  return cut(shown(term, 8, 100, 10_000), 50_000);
}

/** The tag of a message, without its content. */
export function tagOf(message: unknown): string {
  try {
    const first: unknown = Array.isArray(message) ? message[0] : message;
    if (first instanceof Atom) return Array.isArray(message) ? `[${first.name}, …]` : first.name;
    if (typeof first === "string" && /^[\w.-]{1,40}$/u.test(first))
      return Array.isArray(message) ? `["${first}", …]` : `"${first}"`;
    const type: unknown = typeof first === "object" && first !== null ? (first as { type?: unknown }).type : undefined;
    return typeof type === "string" && /^[\w.-]{1,40}$/u.test(type) ? `{ type: "${type}", … }` : typeof message;
  } catch {
    return typeof message;
  }
}

/** A pid as used in addresses: `0.12.0`. */
export function keyOf(pid: Pid | undefined): string | undefined {
  return pid === undefined ? undefined : String(pid).replaceAll(/[<>]/gu, "");
}

function shown(term: unknown, depth: number, items: number, length: number): string {
  try {
    return inspect(term, {
      depth,
      maxArrayLength: items,
      maxStringLength: length,
      breakLength: 100,
      getters: false,
      customInspect: !isForeign(term),
    });
  } catch {
    return "a term that cannot be shown";
  }
}

// The custom inspection of one of the program's own objects may be slow, or show too much.
function isForeign(term: unknown): boolean {
  return (
    typeof term === "object" &&
    term !== null &&
    !(term instanceof Pid) &&
    !(term instanceof Atom) &&
    !Array.isArray(term)
  );
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
