import { TomlDate, TomlError, parse, stringify } from "smol-toml";

import { BEYOND_NUMBERS, decimalOf } from "../core/numbers.ts";
import type { Table, Value } from "../core/value.ts";
import { type Document, type Format, MAX_DEPTH, SyntaxFault, position_at, protoKey, tooDeep } from "./format.ts";
import { type TomlPlace, toml_places } from "./toml_places.ts";

/**
 * TOML. Dates and times become strings, unchanged; integers beyond 2^53 become `bigint`. Numbers that no finite number
 * can hold are refused, and so are `inf` and `nan`.
 */
export const toml: Format = {
  name: "toml",
  parse(text): Document {
    let raw: Readonly<Record<string, unknown>>;
    try {
      raw = parse(text, { integersAsBigInt: "asNeeded", maxDepth: MAX_DEPTH });
    } catch (error) {
      throw fault(error, text);
    }
    let scanned: TomlPlace | undefined;
    const places = () => (scanned ??= toml_places(text));
    return { tree: plainTable(raw, [], { text, places, tiny: TINY.test(text) }), places };
  },
  write: (tree) => stringify(tree),
};

interface Scanned {
  readonly text: string;
  readonly places: () => TomlPlace;
  /** Whether the text may contain a number that is read as zero but is not zero. */
  readonly tiny: boolean;
}

/** The parser's tables have no prototype and its dates are objects: plain data is neither. */
function plainTable(raw: Readonly<Record<string, unknown>>, path: string[], scanned: Scanned): Table {
  const table: Record<string, Value> = {};
  for (const key of Object.keys(raw)) {
    path.push(key);
    if (key === "__proto__") throw protoKey(positionOf(path, scanned));
    table[key] = plain(raw[key], path, scanned);
    path.pop();
  }
  return table;
}

function plain(raw: unknown, path: string[], scanned: Scanned): Value {
  if (typeof raw === "number" || typeof raw === "bigint") return number(raw, path, scanned);
  if (typeof raw !== "object" || raw === null) return raw as Value;
  if (raw instanceof TomlDate) return written(path, scanned);
  if (path.length > MAX_DEPTH) throw tooDeep(positionOf(path, scanned));
  if (!Array.isArray(raw)) return plainTable(raw as Record<string, unknown>, path, scanned);
  return raw.map((element, index) => {
    path.push(String(index));
    const value = plain(element, path, scanned);
    path.pop();
    return value;
  });
}

function number(value: number | bigint, path: readonly string[], scanned: Scanned): number | bigint {
  const held = Number.isFinite(Number(value)) && !(value === 0 && scanned.tiny && vanishes(path, scanned));
  if (!held) throw new SyntaxFault("number", BEYOND_NUMBERS, positionOf(path, scanned));
  return value;
}

/** Matches numbers that may be so small that they are read as zero. */
const TINY = /[eE]-[0-9_]{3}|\.0{300}/;
const DECIMAL = /[-+0-9._eE]*/y;

function vanishes(path: readonly string[], { text, places }: Scanned): boolean {
  DECIMAL.lastIndex = placeOf(path, places()).value;
  return decimalOf(DECIMAL.exec(text)![0].replaceAll("_", "")) === undefined;
}

const DATE = /(?:\d{4}-\d{2}-\d{2})?(?:[Tt ]?\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})?)?/y;

function written(path: readonly string[], { text, places }: Scanned): string {
  DATE.lastIndex = placeOf(path, places()).value;
  return DATE.exec(text)![0];
}

function placeOf(path: readonly string[], root: TomlPlace): TomlPlace {
  let place = root;
  for (const segment of path) place = place.children?.get(segment) ?? place;
  return place;
}

function positionOf(path: readonly string[], { text, places }: Scanned) {
  return position_at(text, placeOf(path, places()).offset);
}

const KEY_CHARACTER = "a character that needs quotes in a key";
const NO_EQUALS = 'a key without "="';
const NO_VALUE = "not a value of TOML (a string needs quotes)";

/**
 * The parser's messages, all of them fixed. Its own message continues with the line itself, which may contain a secret.
 */
const wordings: readonly [RegExp, string, string?][] = [
  [/^document contains excessively nested/, `tables and lists nested deeper than ${MAX_DEPTH} levels`, "too_deep"],
  [/^control characters are not allowed in comments/, "control character in a comment"],
  [/^control characters are not allowed in strings/, "a string has no end on its line, or a control character in it"],
  [/^each key-value declaration must be followed/, "a line must end after its value"],
  [/^expected comma or end of structure/, "a comma or the end of the list or table is missing"],
  [/^expected end of table array/, 'a table list\'s header must end in "]]"'],
  [/^illegal character in key/, KEY_CHARACTER],
  [/^illegal empty bare key/, "an empty key needs quotes"],
  [/^illegal leading zero/, "a number must not begin with a zero"],
  [/^illegal quoted key/, "a key must not be a multi-line string"],
  [/^illegal underscore/, "an underscore in a number must be between digits"],
  [/^illegal character in numeric literal/, "not a number"],
  [/^incomplete key-value/, NO_EQUALS],
  [/^invalid date/, "not a date or time"],
  [/^invalid escape|^unrecognised escape|^invalid unicode|^invalid non-hex/, "not an escape sequence of TOML"],
  [/^invalid value/, NO_VALUE],
  [/^trying to redefine/, "the same key or table is defined twice"],
  [/^unexpected end of key/, "a key is missing"],
  [/^unfinished array/, "a list has no end"],
  [/^unfinished numeric value/, "not a number"],
  [/^unfinished string/, "a string has no end"],
  [/^unfinished table/, "a table has no end"],
];

/** A line that begins with a key and "=", or is the header of a table. */
const NEW_LINE = /^\s*(?:[\w.'" -]+=|\[\[?[\w.'" -]+\]\]?\s*(?:#|$))/;
/** The header of a table without its end. */
const OPEN_HEADER = /^\s*\[[^\]]*$/;

/** A hint at the probable mistake, where the parser's own message misleads. */
function meant(what: string, { line, column }: TomlError, text: string): string {
  const written = text.split("\n", line).at(-1) ?? "";
  if (what === NO_VALUE && /^[\s[]*$/.test(written.slice(0, column - 1)) && NEW_LINE.test(written)) {
    return 'the list above has no "]"';
  }
  return (what === KEY_CHARACTER || what === NO_EQUALS) && OPEN_HEADER.test(written)
    ? 'a table\'s header must end in "]"'
    : what;
}

function fault(error: unknown, text: string): SyntaxFault {
  if (error instanceof RangeError) return tooDeep();
  if (!(error instanceof TomlError)) return new SyntaxFault("syntax", "syntax error");
  const message = error.message.replace(/^Invalid TOML document: /, "");
  const known = wordings.find(([pattern]) => pattern.test(message));
  return new SyntaxFault(known?.[2] ?? "syntax", meant(known?.[1] ?? "syntax error", error, text), {
    line: error.line,
    column: error.column,
  });
}
