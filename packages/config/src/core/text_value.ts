import { JsonFault, readJson } from "./json_reader.ts";
import { BEYOND_NUMBERS, decimalOf, integerOf } from "./numbers.ts";
import type { Shape } from "./shape.ts";
import type { Scalar, Segments, Value } from "./value.ts";

/**
 * The single rule for the value of an untyped text: a variable, an argument, a Consul key, the bare placeholder of a
 * template.
 *
 *  1. A single line break at the end is dropped (LF or CRLF).
 *  2. The schema's type decides, at every depth: elements of lists and tuples, unions, literals, bigints. A text that
 *    cannot be read as that type stays a text, which the schema then refuses. A list is JSON, or separated by commas.
 *  3. Without a schema, the type of the value below decides, if the text can be read as that type. If not, the value
 *    gets another type, which `status` reports (`mistyped.ts`).
 *  4. Otherwise: `true` and `false` in any case; numbers that survive the round trip unchanged (`10` and `-2.5`, but
 *    not `007`, `1e3` or twenty digits); JSON that starts with `{` or `[`; or the text itself.
 *
 * An empty text counts as not set if the type is known and is not text. JSON loses no digits; well-formed JSON with a
 * duplicate key, the key `__proto__`, or a number beyond the range of doubles is refused.
 *
 * The rule is decision "Text to value" of the specification.
 *
 * @param expected the shape from the schema, or of the value below, at the value's path
 * @returns undefined for unset
 * @throws TextFault
 */
export function valueOfText(text: string, expected?: Shape): Value | undefined {
  const written = text.endsWith("\n") ? text.slice(0, text.endsWith("\r\n") ? -2 : -1) : text;
  if (expected === undefined || isUnknown(expected)) return untyped(written);
  if (isBlank(written) && !takesText(expected, written)) return undefined;
  const value = typed(written, expected);
  if (value !== undefined) return value;
  return expected.guess === true ? untyped(written) : written;
}

/** Longer texts are never read as a number, boolean or literal. */
const LONGEST_WORD = 1_000;

/** Longer texts, in UTF-16 units, are read as no list or table: that takes too long to be done at once. */
const LONGEST_MADE = 1_048_576;

function tooLong(): TextFault {
  return new TextFault(`a list or table of more than ${LONGEST_MADE} characters; put it into a file`);
}

function isBlank(text: string): boolean {
  return text.length < LONGEST_WORD && text.trim() === "";
}

function isUnknown({ type, options, values }: Shape): boolean {
  return type === undefined && options === undefined && values === undefined;
}

/** Whether a blank text may be a value. */
function takesText(shape: Shape, text: string): boolean {
  if (shape.values !== undefined) return shape.values.includes(text);
  if (shape.options !== undefined) return shape.options.some((option) => takesText(option, text));
  return isUnknown(shape) || shape.type === "string";
}

/** The value of this shape; undefined if the text cannot be read as one. */
function typed(text: string, shape: Shape): Value | undefined {
  if (shape.nullable === true && text === "null" && !takesText(shape, "")) return null;
  if (shape.values !== undefined) return literal(text, shape);
  if (shape.options !== undefined) return oneOf(text, shape);
  switch (shape.type) {
    case "string":
      return text;
    case "number":
    case "integer":
      return numberOf(text);
    case "bigint":
      return shape.guess === true ? wholeOf(text) : bigintOf(text);
    case "boolean":
      return booleanOf(text);
    case "array":
      return listOf(text, shape);
    case "object":
      return jsonOf(text, shape);
    case undefined:
      return untyped(text);
  }
}

function literal(text: string, { values }: Shape): Value | undefined {
  if (text.length > LONGEST_WORD) return undefined;
  const word = text.trim();
  const same = values!.find((value) => value === text) ?? values!.find((value) => String(value) === word);
  if (same !== undefined) return same;
  const truth = booleanOf(word);
  if (truth !== undefined && values!.includes(truth)) return truth;
  const number = numberOf(word);
  return number !== undefined && values!.includes(number) ? number : undefined;
}

/**
 * For a union: a literal first; JSON for tables and lists; if a text is allowed, only texts that are clearly something
 * else are read as something else; then number, bigint, boolean, list.
 */
function oneOf(text: string, shape: Shape): Value | undefined {
  const options = shape.options!.flatMap((option) => option.options ?? [option]);
  for (const option of options) {
    const value = option.values === undefined ? undefined : literal(text, option);
    if (value !== undefined) return value;
  }
  const ofType = (...types: readonly Shape["type"][]) =>
    options.find((option) => option.values === undefined && types.includes(option.type));
  const list = ofType("array");
  const table = ofType("object");
  const first = text.trimStart()[0];
  const json = first === "[" && list !== undefined ? list : first === "{" && table !== undefined ? shape : undefined;
  if (json !== undefined) {
    const value = jsonOf(text, json);
    if (value !== undefined) return value;
  }
  const number = ofType("number", "integer");
  const truth = ofType("boolean");
  if (ofType("string") !== undefined || options.some(isUnknown)) {
    const plain = untyped(text);
    if ((typeof plain === "number" && number !== undefined) || (typeof plain === "boolean" && truth !== undefined)) {
      return plain;
    }
    return text;
  }
  return (
    (number === undefined ? undefined : numberOf(text)) ??
    (ofType("bigint") === undefined ? undefined : bigintOf(text)) ??
    (truth === undefined ? undefined : booleanOf(text)) ??
    (list === undefined ? undefined : listOf(text, list))
  );
}

/** In any case. The booleans of systemd, and `enabled`. */
const TRUE: ReadonlySet<string> = new Set(["true", "t", "yes", "y", "on", "1", "enabled", "enable"]);
const FALSE: ReadonlySet<string> = new Set(["false", "f", "no", "n", "off", "0", "disabled", "disable"]);

function booleanOf(text: string): boolean | undefined {
  if (text.length > LONGEST_WORD) return undefined;
  const word = text.trim().toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
}

function numberOf(text: string): number | undefined {
  if (text.length > LONGEST_WORD) return undefined;
  const word = text.trim();
  if (/^[+-]?\d+$/.test(word)) {
    const integer = integerOf(word);
    return typeof integer === "number" ? integer : undefined;
  }
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(word) ? decimalOf(word) : undefined;
}

function bigintOf(text: string): bigint | undefined {
  const word = text.length > LONGEST_WORD ? "" : text.trim();
  return /^[+-]?\d+$/.test(word) ? BigInt(word.replace(/^\+/, "")) : undefined;
}

/** Above a bigint, a smaller integer is still a number, as in a file. */
function wholeOf(text: string): number | bigint | undefined {
  const integer = bigintOf(text);
  return integer === undefined ? undefined : integerOf(String(integer));
}

function listOf(text: string, shape: Shape): Value | undefined {
  if (text.length > LONGEST_MADE) throw tooLong();
  const json = jsonOf(text, shape);
  if (json !== undefined) return Array.isArray(json) ? json : undefined;
  // A list in brackets that is not JSON is a mistake, but addresses such as `[::1],[::2]` are not.
  if (text.startsWith("[") && text.endsWith("]") && !/\[|\]/.test(text.slice(1, -1))) return undefined;
  return text.split(",").map((part, index) => {
    const word = part.trim();
    const element = elementOf(shape, index);
    return element === undefined ? untyped(word) : orElse(typed(word, element), word);
  });
}

/** Null is a value. */
function orElse(value: Value | undefined, otherwise: Value): Value {
  return value === undefined ? otherwise : value;
}

function elementOf({ prefix, items }: Shape, index: number): Shape | undefined {
  return prefix?.[index] ?? items;
}

function untyped(text: string): Value {
  if (text.length <= 5 && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  // No number has a longer text than -0.0000011859861888919713.
  if (text.length <= 25 && text !== "" && String(Number(text)) === text && Number.isFinite(Number(text))) {
    return Number(text);
  }
  return jsonOf(text, undefined) ?? text;
}

/** A number in JSON whose type is not yet known. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A malformed text. The message never quotes it. */
export class TextFault extends Error {
  override readonly name = "TextFault";
  /** The path of the fault in the value. */
  readonly path: Segments;

  constructor(message: string, path: Segments = []) {
    super(message);
    this.path = path;
  }
}

/** A JSON object or list, fitted to the shape; undefined if the text is neither. */
function jsonOf(text: string, shape: Shape | undefined): Value | undefined {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return undefined;
  if (text.length > LONGEST_MADE) throw tooLong();
  try {
    return fitted(readJson(text, { number: (digits) => new Digits(digits) as unknown as Value }).value, shape);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    if (error.code === "syntax" && error.path === undefined) return undefined;
    throw new TextFault(error.message, error.path);
  }
}

function fitted(value: Value | Digits, shape: Shape | undefined): Value {
  if (value instanceof Digits) return fittedNumber(value.text, shape);
  if (typeof value === "string") {
    return shape === undefined || isUnknown(shape) || takesText(shape, "") ? value : orElse(typed(value, shape), value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = shape?.type === "array" ? shape : shape?.options?.find(({ type }) => type === "array");
    return (value as readonly Value[]).map((element, index) =>
      fitted(element, list === undefined ? undefined : elementOf(list, index)),
    );
  }
  const table: Record<string, Value> = {};
  for (const key of Object.keys(value)) {
    table[key] = fitted((value as Record<string, Value>)[key]!, shape?.children.get(key) ?? shape?.rest);
  }
  return table;
}

function fittedNumber(text: string, shape: Shape | undefined): Value {
  const value = /^-?\d+$/.test(text) && text !== "-0" ? integerOf(text) : decimalOf(text);
  if (value === undefined) throw new TextFault(BEYOND_NUMBERS);
  if (shape === undefined || isUnknown(shape) || accepts(shape, value)) return value;
  return orElse(typed(text, shape), value);
}

/** Whether the shape accepts this number unchanged. */
function accepts({ type, options, values }: Shape, value: number | bigint): boolean {
  if (values !== undefined) return values.includes(value);
  if (options !== undefined) return options.some((option) => accepts(option, value));
  return type === "number" || type === "integer"
    ? typeof value === "number"
    : type === "bigint" && typeof value === "bigint";
}

/** Whether a value has the shape, as far as types go; checked for typed texts (TOML values). */
export function hasShape(value: Value, shape: Shape): boolean {
  if (value === null) return shape.nullable === true || isUnknown(shape);
  if (shape.values !== undefined) return shape.values.includes(value as Scalar);
  if (shape.options !== undefined) return shape.options.some((option) => hasShape(value, option));
  if (isUnknown(shape)) return true;
  if (Array.isArray(value)) {
    return (
      shape.type === "array" &&
      (value as readonly Value[]).every((element, index) => {
        const expected = elementOf(shape, index);
        return expected === undefined || hasShape(element, expected);
      })
    );
  }
  const type = typeof value === "number" && shape.type === "integer" ? "integer" : typeof value;
  return shape.type === type;
}
