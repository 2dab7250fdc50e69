/**
 * Durations and sizes with their units, a separate entry: Standard Schemas for settings such as `timeout = "30s"` and
 * `limit = "512MiB"`.
 */
export { bytes, type BytesOptions, type BytesUnit, format_bytes, parse_bytes } from "./units/bytes.ts";
export {
  duration,
  type DurationOptions,
  type DurationUnit,
  format_duration,
  parse_duration,
} from "./units/duration.ts";
export type { UnitInput, UnitOptions, UnitSchema } from "./units/unit_schema.ts";

/** A time in seconds. All other times of this package are in milliseconds. */
export type Seconds = number;
