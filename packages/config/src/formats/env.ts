import * as util from "node:util";

import type { Value } from "../core/value.ts";
import { type Document, type Format, type Place, SyntaxFault, position_at } from "./format.ts";

/**
 * `.env` files, as Node reads them (`util.parseEnv`): a name, `=`, a value; comments; quotes of three kinds, inside
 * which a value may have several lines; `export` before a name. Each name is at the top of the tree, with its text. Any
 * other line is refused, while Node silently skips it.
 */
export const env: Format = {
  name: "env",
  parse(text): Document {
    const parse = (util as { parseEnv?: (text: string) => Record<string, string | undefined> }).parseEnv;
    if (parse === undefined) throw new SyntaxFault("unsupported", "this engine cannot read .env files");
    const places = placesOf(text);
    const tree: Record<string, Value> = {};
    const read = parse(text);
    for (const [written, value] of Object.entries(read)) {
      // Node removes `export` and one blank.
      const name = written.replace(/^export[ \t]+/, "").trim();
      if (name !== "__proto__" && value !== undefined) tree[name] = value;
    }
    return { tree, places: () => ({ offset: 0, children: places }) };
  },
};

const QUOTES = "\"'`";

/** The place of each name; for a name that occurs twice, the last one, which counts. */
function placesOf(text: string): Map<string, Place> {
  const places = new Map<string, Place>();
  for (let at = 0; at < text.length;) {
    const lineEnd = endOfLine(text, at);
    const line = text.slice(at, lineEnd);
    const start = at + line.length - line.trimStart().length;
    at = lineEnd + 1;
    if (start >= lineEnd || text[start] === "#") continue;
    const equals = text.indexOf("=", start);
    if (equals === -1 || equals >= lineEnd) {
      throw new SyntaxFault("syntax", 'a name without "="', position_at(text, start));
    }
    const name = text
      .slice(start, equals)
      .replace(/^export[ \t]+/, "")
      .trim();
    if (name === "") throw new SyntaxFault("syntax", 'a name is missing before "="', position_at(text, start));
    places.set(name, { offset: start, children: undefined });
    const value = equals + 1 + text.slice(equals + 1, lineEnd).search(/\S|$/);
    const quote = value < lineEnd ? text[value]! : "";
    if (!QUOTES.includes(quote) || quote === "") continue;
    const end = text.indexOf(quote, value + 1);
    // Without a closing quote, the quote is part of a value of one line.
    if (end !== -1) at = endOfLine(text, end) + 1;
  }
  return places;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
