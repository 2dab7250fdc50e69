import { isUtf8 } from "node:buffer";

import { readJson } from "../../core/json_reader.ts";
import type { Shape } from "../../core/shape.ts";
import { hasShape, valueOfText } from "../../core/text_value.ts";
import type { Table, Value } from "../../core/value.ts";

/**
 * The text of a key and the value it stands for.
 *
 * As for environment variables, and: a text that is a JSON string is that string (so `"10"` in quotes stays text, if
 * a text is allowed), `null` is null if no schema gives a type.
 *
 * @returns undefined (not set) for an empty text if the value is not a text
 * @throws TextFault
 */
export function value_of_text(text: string, expected: Shape | undefined): Value | undefined {
  const open = expected === undefined || expected.guess === true;
  if (text.startsWith('"')) {
    const inner = string(text.trimEnd());
    if (inner !== undefined) return open || hasShape(inner, expected) ? inner : valueOfText(inner, expected);
  }
  if (open && text.trimEnd() === "null") return null;
  return valueOfText(text, expected);
}

/**
 * The shortest text that reads as this value, here and where its type is unknown. A text that would be read
 * differently where the value below is a number or a boolean is put into quotes.
 *
 * @param expected the shape that the schema or the layers below have at the value's path
 * @returns undefined if there is none, for example for null where the schema has a text
 */
export function text_of_value(value: Value, expected?: Shape): string | undefined {
  if (typeof value === "string" && [expected, ...ELSEWHERE].every((shape) => reads_as(value, shape, value)))
    return value;
  const candidates = [...(typeof value === "number" ? [String(value)] : []), json_text(value)];
  return candidates.find((text) => reads_as(text, expected, value));
}

/** Values that other instances may have below. */
const ELSEWHERE: readonly (Shape | undefined)[] = [
  undefined,
  ...(["number", "boolean", "bigint"] as const).map((type): Shape => ({ children: new Map(), type, guess: true })),
];

function reads_as(text: string, expected: Shape | undefined, value: Value): boolean {
  try {
    const read = value_of_text(text, expected);
    return read !== undefined && same(read, value);
  } catch {
    return false;
  }
}

/** Like JSON.stringify, with the digits of bigints, the sign of zero, and a point in numbers that would be read as bigints. */
function json_text(value: Value): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? text : `${text}.0`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(json_text).join(",")}]`;
  return `{${Object.entries(value)
    .map(([key, below]) => `${JSON.stringify(key)}:${json_text(below as Value)}`)
    .join(",")}}`;
}

/** Strict: undefined if the bytes are not UTF-8. */
export function text_of_bytes(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

/** Like `value_of_text`, but undefined for a malformed text as well. */
export function readable(text: string, expected?: Shape): Value | undefined {
  try {
    return value_of_text(text, expected);
  } catch {
    return undefined;
  }
}

function string(text: string): string | undefined {
  if (!text.endsWith('"')) return undefined;
  try {
    const { value } = readJson(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function same(a: Value, b: Value): boolean {
  if (typeof b === "bigint") return a === b || (typeof a === "number" && BigInt(a) === b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same((a as Table)[key]!, (b as Table)[key]!));
}
