import type { Knowledge } from "./layer.ts";
import type { Value } from "./value.ts";

/**
 * The value of a text that carries no type of its own: an environment variable, a key of Consul, a template's variable.
 *
 * The schema's type decides where there is one and the text reads as it. Else: `true` and `false` (in any case), numbers
 * that survive the round trip unchanged (`10` and `-2.5`, but not `007`, `1e3` or twenty digits), JSON that starts with `{`
 * or `[`, else the text itself.
 *
 * Source of the rule: the specification's decisions, "Environment".
 */
export function parseScalar(text: string, type?: ReturnType<Knowledge["type"]>): Value {
  switch (type) {
    case "string":
      return text;
    case "number":
    case "integer":
      return looseNumber(text) ?? text;
    case "boolean":
      return TRUE.has(text.toLowerCase()) ? true : FALSE.has(text.toLowerCase()) ? false : text;
    case "array":
      return json(text) ?? (text === "" ? [] : text.split(",").map((part) => parseScalar(part.trim())));
    case "object":
      return json(text) ?? text;
    case undefined:
      return untyped(text);
  }
}

const TRUE = new Set(["true", "1", "yes", "on"]);
const FALSE = new Set(["false", "0", "no", "off"]);

function untyped(text: string): Value {
  if (text.length <= 5 && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  // No number has a longer text than -0.0000011859861888919713.
  if (text.length <= 25 && text !== "" && String(Number(text)) === text && Number.isFinite(Number(text)))
    return Number(text);
  return json(text) ?? text;
}

function looseNumber(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : undefined;
}

/** A JSON object or array; undefined when it is not one. The parser's error would quote the text, so nobody sees it. */
function json(text: string): Value | undefined {
  if (text[0] !== "{" && text[0] !== "[") return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
