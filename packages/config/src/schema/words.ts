import { writtenOf } from "../core/json_writer.ts";
import type { Description } from "./description.ts";
import type { JsonSchema } from "./json_schema.ts";

/** A type and its bounds, in words. */

/** The type of a setting: `integer`, `"info" or "warn"`, `list of string`. */
export function typeOf(of: Description): string {
  const { values, options, types, nullable, items, prefix, rest, keys } = of;
  const parts =
    values !== undefined
      ? values.map((value) => (value === null ? "null" : writtenOf(value)))
      : options.length > 0
        ? [...new Set(options.map(typeOf))]
        : types.map((type) => {
            if (type === "bigint") return "integer";
            if (type === "object") return rest !== undefined && keys.size === 0 ? `table of ${typeOf(rest)}` : "table";
            if (type !== "array") return type;
            if (prefix !== undefined && prefix.length > 0) return `list of (${prefix.map(typeOf).join(", ")})`;
            return items === undefined ? "list" : `list of ${typeOf(items)}`;
          });
  const all = nullable && !parts.includes("null") ? [...parts, "null"] : parts;
  if (all.length === 0) return "any";
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

/** The bounds of a setting. */
export function constraintsOf({ words, items }: Description): readonly string[] {
  const found = [
    between(words, "minimum", "maximum", ""),
    number(words["exclusiveMinimum"], "above"),
    number(words["exclusiveMaximum"], "below"),
    number(words["multipleOf"], "a multiple of"),
    between(words, "minLength", "maxLength", " character"),
    between(words, "minItems", "maxItems", " element"),
    words["uniqueItems"] === true ? "no element twice" : undefined,
    typeof words["format"] === "string" ? words["format"] : undefined,
    // A format is clearer, and so is the description of a quantity with its unit.
    typeof words["pattern"] === "string" && words["format"] === undefined && !isQuantity(words)
      ? `matches /${words["pattern"]}/`
      : undefined,
    ...(items === undefined ? [] : constraintsOf(items).map((one) => `each ${one}`)),
  ];
  return found.filter((one) => one !== undefined);
}

function isQuantity({ description }: JsonSchema): boolean {
  return typeof description === "string" && / with its unit/.test(description);
}

function number(value: unknown, words: string): string | undefined {
  return typeof value === "number" ? `${words} ${value}` : undefined;
}

function between(words: JsonSchema, low: string, high: string, unit: string): string | undefined {
  // The bounds of safe integers only mean that it is a number.
  const bound = (key: string): number | undefined =>
    typeof words[key] === "number" && Math.abs(words[key]) < Number.MAX_SAFE_INTEGER ? words[key] : undefined;
  const [least, most] = [bound(low), bound(high)];
  const plural = (count: number): string => (unit === "" || count === 1 ? unit : `${unit}s`);
  if (least !== undefined && most !== undefined) {
    return least === most ? `${least}${plural(least)}` : `${least} to ${most}${plural(most)}`;
  }
  if (least !== undefined) return `at least ${least}${plural(least)}`;
  return most === undefined ? undefined : `at most ${most}${plural(most)}`;
}
