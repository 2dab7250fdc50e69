import { isUtf8 } from "node:buffer";

import { parseScalar } from "../../core/scalar.ts";
import type { Knowledge } from "../../core/layer.ts";
import type { Value } from "../../core/value.ts";

/**
 * The text of a key and the value it stands for.
 *
 * As for environment variables, and: a text that is a JSON string is that string (so `"10"` in quotes stays text), `null`
 * is null. The schema's type decides where there is one.
 */
export function value_of_text(text: string, type: ReturnType<Knowledge["type"]>): Value {
  if (text.length >= 2 && text.startsWith('"') && text.endsWith('"')) {
    const inner = parsed(text);
    if (typeof inner === "string") return type === undefined ? inner : parseScalar(inner, type);
  }
  if (type === undefined && text === "null") return null;
  return parseScalar(text, type);
}

/**
 * The shortest text that reads as this value where no schema tells a type.
 *
 * @returns undefined where there is none: a bigint beyond what a number holds, for example
 */
export function text_of_value(value: Value): string | undefined {
  const text = written(value);
  return text !== undefined && same(value_of_text(text, undefined), value) ? text : undefined;
}

/** Strict: undefined where the bytes are not UTF-8. */
export function text_of_bytes(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

function written(value: Value): string | undefined {
  if (typeof value === "string") return value_of_text(value, undefined) === value ? value : JSON.stringify(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? String(value) : undefined;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
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
