import type { Value } from "../core/value.ts";
import { type Document, type Format, type Place, type Position, protoKey, SyntaxFault, position_at } from "./format.ts";

/**
 * `.env` files, as Node reads them (`util.parseEnv`): a name, `=`, a value; comments; quotes of three kinds, inside
 * which a value may have several lines, and in double quotes `\n`; `export` before a name. Each name is at the top of
 * the tree, with its text; of a name that is set twice, the last one counts, as in a shell. They are read here, because
 * engines differ in tabs and in names. What Node drops is refused: any other line, text after a closing quote, a comment
 * without a blank before it, a quote without an end. So is a name that other readers do not accept, such as `;A` and `A+`.
 */
export const env: Format = {
  name: "env",
  parse(text): Document {
    const places = new Map<string, Place>();
    const tree: Record<string, Value> = {};
    for (const { name, value, offset } of settingsIn(text)) {
      tree[name] = value;
      places.set(name, { offset, children: undefined });
    }
    return { tree, places: () => ({ offset: 0, children: places }) };
  },
};

const QUOTES = "\"'`";

/** Letters of any script, as in the names of variables. */
const NAME = /^[\p{L}\p{N}\p{M}_.-]+$/u;

interface Setting {
  readonly name: string;
  readonly value: string;
  /** Of the line. */
  readonly offset: number;
}

function* settingsIn(text: string): Generator<Setting> {
  const nul = text.indexOf("\0");
  if (nul >= 0) throw new SyntaxFault("syntax", "a NUL character", position_at(text, nul));
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
    const name = nameOf(text.slice(start, equals), () => position_at(text, start));
    const begin = equals + 1 + text.slice(equals + 1, lineEnd).search(/\S|$/);
    const quoted = begin < lineEnd && QUOTES.includes(text[begin]!);
    const end = quoted ? endOfQuoted(text, begin) : lineEnd;
    yield { name, value: quoted ? quotedValue(text.slice(begin, end)) : plainValue(text, begin, end), offset: start };
    at = endOfLine(text, end) + 1;
  }
}

function nameOf(written: string, position: () => Position): string {
  const name = written.replace(/^export[ \t]+/, "").trim();
  if (name === "") throw new SyntaxFault("syntax", 'a name is missing before "="', position());
  if (name === "__proto__") throw protoKey(position());
  if (!NAME.test(name)) {
    const what = 'a name must have only letters, digits, "_", "." and "-" (a comment begins with "#")';
    throw new SyntaxFault("syntax", what, position());
  }
  return name;
}

/** @param written the opening quote and the value */
function quotedValue(written: string): string {
  const value = written.slice(1).replaceAll("\r\n", "\n");
  return written.startsWith('"') ? value.replaceAll("\\n", "\n") : value;
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

/** A value without quotes. @throws SyntaxFault if a comment may be meant as part of the value */
function plainValue(text: string, value: number, lineEnd: number): string {
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
  return (hash === -1 ? line : line.slice(0, hash)).trim();
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
