import type { Description } from "./description.ts";

/** A value for a setting in an example: one from the schema, otherwise the simplest that its bounds allow. */
export function placeholderFor(of: Description, secret: boolean, depth = 0): unknown {
  const { words, values, options, types, keys, items, prefix, nullable } = of;
  if (words["default"] !== undefined && !secret) return words["default"];
  if (values !== undefined) return values[0];
  if (Array.isArray(words["examples"]) && words["examples"].length > 0 && !secret)
    return words["examples"][0] as unknown;
  if (options.length > 0 && depth < DEEPEST) return placeholderFor(options[0]!, secret, depth + 1);
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
      if (prefix !== undefined && prefix.length > 0) return prefix.map((one) => placeholderFor(one, secret, depth + 1));
      const least = typeof words["minItems"] === "number" ? words["minItems"] : 0;
      return items === undefined ? [] : Array.from({ length: least }, () => placeholderFor(items, secret, depth + 1));
    }
    case "object": {
      if (depth > DEEPEST) return {};
      const needed = [...keys].filter(([, { required }]) => required);
      return Object.fromEntries(needed.map(([key, one]) => [key, placeholderFor(one.of, secret, depth + 1)]));
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
