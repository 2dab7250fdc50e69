import { isUtf8 } from "node:buffer";

import { readJson } from "../../core/json_reader.ts";
import type { Shape } from "../../core/shape.ts";
import { valueOfText } from "../../core/text_value.ts";
import type { Value } from "../../core/value.ts";

/**
 * The text of a key and the value it stands for.
 *
 * As for environment variables, and: a text that is a JSON string is that string (so `"10"` in quotes stays text), `null`
 * is null where no schema tells a type.
 *
 * @returns undefined for an empty text where the value is no text: unset
 * @throws TextFault
 */
export function value_of_text(text: string, expected: Shape | undefined): Value | undefined {
  if (text.startsWith('"')) {
    const inner = string(text.trimEnd());
    if (inner !== undefined)
      return expected === undefined || expected.guess === true ? inner : valueOfText(inner, expected);
  }
  if ((expected === undefined || expected.guess === true) && text.trimEnd() === "null") return null;
  return valueOfText(text, expected);
}

/**
 * The shortest text that reads as this value where no schema tells a type.
 *
 * @returns undefined where there is none: a bigint beyond what a number holds, for example
 */
export function text_of_value(value: Value): string | undefined {
  const text = written(value);
  if (text === undefined) return undefined;
  const read = readable(text);
  return read !== undefined && same(read, value) ? text : undefined;
}

/** Strict: undefined where the bytes are not UTF-8. */
export function text_of_bytes(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

function written(value: Value): string | undefined {
  if (typeof value === "string") return readable(value) === value ? value : JSON.stringify(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? String(value) : undefined;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** As `value_of_text`; undefined also for a text that cannot be what it says. */
export function readable(text: string): Value | undefined {
  try {
    return value_of_text(text, undefined);
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
  if (typeof b === "bigint") return typeof a === "number" && BigInt(a) === b;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same((a as never)[key], (b as never)[key]));
}
