import type { Segments } from "../core/value.ts";
import type { ConfigSpec } from "../spec.ts";
import type { Description } from "./description.ts";
import { isShowable, showableOf } from "./showable.ts";

/** A value for a setting in an example: one from the schema, otherwise the simplest that its bounds allow. */
export function placeholderFor(spec: ConfigSpec, of: Description, path: Segments, secret: boolean, depth = 0): unknown {
  const { words, values, options, types, keys, items, prefix, nullable } = of;
  const below = (one: Description, at: Segments): unknown => placeholderFor(spec, one, at, secret, depth + 1);
  if (words["default"] !== undefined && !secret && isShowable(spec, path, words["default"])) return words["default"];
  if (values !== undefined) return values[0];
  const [example] = secret ? [] : showableOf(spec, path, words["examples"]);
  if (example !== undefined) return example;
  if (options.length > 0 && depth < DEEPEST) return below(options[0]!, path);
  switch (types[0]) {
    case "number":
    case "integer":
      return numberWithin(words, types[0] !== "number");
    case "bigint":
      // The smallest one with a short text.
      return 2n ** 53n;
    case "boolean":
      return false;
    case "array": {
      if (depth > DEEPEST) return [];
      if (prefix !== undefined && prefix.length > 0) return prefix.map((one) => below(one, [...path, "*"]));
      const least = typeof words["minItems"] === "number" ? words["minItems"] : 0;
      return items === undefined ? [] : Array.from({ length: least }, () => below(items, [...path, "*"]));
    }
    case "object": {
      if (depth > DEEPEST) return {};
      const needed = [...keys].filter(([, { required }]) => required);
      return Object.fromEntries(needed.map(([key, one]) => [key, below(one.of, [...path, key])]));
    }
    case "string":
      return textWithin(words, secret);
    default:
      return nullable ? null : "example";
  }
}

const DEEPEST = 16;

const FORMATS: Readonly<Record<string, string>> = {
  uri: "https://example.com",
  url: "https://example.com",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "127.0.0.1",
  ipv6: "::1",
  uuid: "123e4567-e89b-42d3-a456-426614174000",
  date: "2030-01-31",
  time: "12:00:00",
  "date-time": "2030-01-31T12:00:00Z",
  duration: "PT30S",
};

function textWithin(words: Description["words"], secret: boolean): string {
  const { format, minLength, maxLength } = words as { format?: unknown; minLength?: unknown; maxLength?: unknown };
  if (typeof format === "string" && Object.hasOwn(FORMATS, format)) return FORMATS[format]!;
  const text = (secret ? "change-me" : "example").padEnd(typeof minLength === "number" ? minLength : 0, "-");
  return typeof maxLength === "number" ? text.slice(0, maxLength) : text;
}

function numberWithin(words: Description["words"], whole: boolean): number {
  const bound = (key: string): number | undefined => {
    const value = words[key];
    return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
  };
  const step = bound("multipleOf") ?? (whole ? 1 : undefined);
  const [low, above, high, below] = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].map(bound);
  const stepped = (value: number): number => (step === undefined ? value : Math.ceil(value / step) * step);
  if (low !== undefined && (above === undefined || low > above)) return stepped(low);
  if (above !== undefined) {
    const room = (high ?? below ?? above + 2) - above;
    return step === undefined ? above + Math.min(1, room / 2) : Math.floor(above / step) * step + step;
  }
  const most = high ?? below;
  if (most === undefined || most > 0) return 0;
  const last = step === undefined ? most - (high === undefined ? 1 : 0) : Math.floor(most / step) * step;
  return last === below ? last - (step ?? 1) : last;
}
