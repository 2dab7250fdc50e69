import * as util from "node:util";

import type { Value } from "../core/value.ts";
import { type Document, type Format, type Place, SyntaxFault, position_at } from "./format.ts";

/**
 * `.env` files, as Node reads them (`util.parseEnv`): a name, `=`, a value; comments; quotes of three kinds, inside
 * which a value may have several lines; `export` before a name. Each name is at the top of the tree, with its text. What
 * Node skips silently is refused: any other line, text after a closing quote, a comment without a blank before it. So is a
 * quote without an end.
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
    if (quote === "") continue;
    const end = QUOTES.includes(quote) ? endOfQuoted(text, value) : endOfPlain(text, value, lineEnd);
    at = endOfLine(text, end) + 1;
  }
  return places;
}

/** The closing quote of a value. @throws SyntaxFault if there is none, or if more than a comment follows it */
function endOfQuoted(text: string, value: number): number {
  const end = text.indexOf(text[value]!, value + 1);
  if (end === -1) {
    throw new SyntaxFault(
      "syntax",
      "a quote has no end: write the value in quotes of another kind",
      position_at(text, value),
    );
  }
  const rest = text.slice(end + 1, endOfLine(text, end));
  const more = rest.search(/\S/);
  if (more !== -1 && rest[more] !== "#") {
    const what = "text after the closing quote; no quote can be escaped, use quotes of another kind";
    throw new SyntaxFault("syntax", what, position_at(text, end + 1 + more));
  }
  return end;
}

/** The end of a value without quotes. @throws SyntaxFault if a comment may be meant as part of the value */
function endOfPlain(text: string, value: number, lineEnd: number): number {
  const line = text.slice(value, lineEnd);
  const hash = line.indexOf("#");
  if (hash > 0 && /\S/.test(line[hash - 1]!)) {
    const what = 'a comment begins at this "#": quote the value if it belongs to it, or put a blank before it';
    throw new SyntaxFault("syntax", what, position_at(text, value + hash));
  }
  const stray = line.trimEnd().indexOf("\r");
  if (stray !== -1) {
    throw new SyntaxFault("syntax", "a carriage return without a line feed", position_at(text, value + stray));
  }
  return lineEnd;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
