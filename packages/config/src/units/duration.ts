import { type Kind, readNumber, readQuantity, QuantityFault, faultOf, shown, writeQuantity } from "./quantity.ts";
import { type UnitOptions, UnitSchema, type UnitInput } from "./unit_schema.ts";

/** A unit of a duration. A day has 24 hours. */
export type DurationUnit = "w" | "d" | "h" | "m" | "s" | "ms";

/** Options of `duration`. */
export type DurationOptions = UnitOptions<DurationUnit>;

const KIND: Kind = {
  noun: "a duration",
  examples: ["30s", "1h30m"],
  units: new Map<DurationUnit, number>([
    ["w", 604_800_000],
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ]),
  known: "w, d, h, m, s, ms",
  meant: {
    ...Object.fromEntries(["week", "weeks"].map((word) => [word, "w"])),
    ...Object.fromEntries(["day", "days"].map((word) => [word, "d"])),
    ...Object.fromEntries(["hr", "hrs", "hour", "hours"].map((word) => [word, "h"])),
    ...Object.fromEntries(["min", "mins", "minute", "minutes"].map((word) => [word, "m"])),
    ...Object.fromEntries(["sec", "secs", "second", "seconds"].map((word) => [word, "s"])),
    ...Object.fromEntries(["msec", "msecs", "millis", "millisecond", "milliseconds"].map((word) => [word, "ms"])),
  },
  compound: true,
  smallest: "a millisecond",
};

/** ISO 8601, without years and months, which have no fixed length. */
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const PATTERN =
  "^\\s*(?:(?:\\d+(?:\\.\\d+)?\\s*(?:w|d|h|ms|m|s)\\s*)+|P(?:\\d+W)?(?:\\d+D)?(?:T(?:\\d+H)?(?:\\d+M)?(?:\\d+(?:\\.\\d+)?S)?)?\\s*)$";

/**
 * A Standard Schema for durations: texts such as `"30s"`, `"1h30m"`, `"1.5h"` or `"PT30S"`, which become
 * **milliseconds**, an integer. A number without a unit is refused, unless the option `unit` gives its unit.
 *
 *     new ConfigSpec({ validators: { "**.timeout": duration({ min: "100ms", max: "1h" }) } })
 *
 * For zod and valibot there are `@otpts/config/zod` and `@otpts/config/valibot`.
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function duration<const O extends DurationOptions = {}>(options?: O): UnitSchema<UnitInput<O>> {
  return new UnitSchema("duration", { kind: KIND, read, pattern: PATTERN, unit: "milliseconds" }, options);
}

/**
 * The milliseconds of a duration.
 *
 * @param unit the unit of a number without one; by default such a number is refused
 * @throws TypeError if it is not a duration
 */
export function parse_duration(text: string, unit?: DurationUnit): number {
  try {
    return read(text, unit);
  } catch (error) {
    throw new TypeError(`Cannot read a duration: it ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The shortest text of a number of milliseconds, the inverse of `parse_duration`: `5400000` is `"1h30m"`. @throws
 * RangeError if it is not an integer ≥ 0
 */
export function format_duration(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) {
    throw new RangeError(
      `Cannot write a duration: it must be a whole number of milliseconds, got ${shown(milliseconds)}`,
    );
  }
  return writeQuantity(milliseconds, KIND);
}

function read(value: unknown, unit: string | undefined): number {
  if (typeof value === "number" && unit !== undefined) return readNumber(value, KIND, unit);
  if (typeof value === "number") throw faultOf(KIND, shown(value), ", which has no unit");
  if (typeof value !== "string") throw faultOf(KIND, shown(value), "");
  const text = value.trim();
  return text.startsWith("P") && text.length <= 100 ? readIso(text) : readQuantity(value, KIND, unit);
}

function readIso(text: string): number {
  const found = ISO.exec(text);
  if (found === null || text.endsWith("P") || text.endsWith("T")) {
    const why = /^P\d+[YM]/.test(text) ? ": years and months have no fixed length" : "";
    throw faultOf(KIND, shown(text), why);
  }
  const names = ["w", "d", "h", "m", "s"];
  const parts = found
    .slice(1)
    .flatMap((digits: string | undefined, i) => (digits === undefined ? [] : [digits + names[i]!]));
  try {
    return readQuantity(parts.join(""), KIND);
  } catch (error) {
    if (!(error instanceof QuantityFault)) throw error;
    throw new QuantityFault(error.message.replace(shown(parts.join("")), shown(text)));
  }
}
