import { faultOf, type Kind, readNumber, readQuantity, shown, writeQuantity } from "./quantity.ts";
import { type UnitInput, type UnitOptions, UnitSchema } from "./unit_schema.ts";

/** A unit of a size: `kB`, `MB` and so on are powers of 1,000, `KiB`, `MiB` (also written `Ki`, `Mi`) powers of 1,024. */
export type BytesUnit =
  | "B"
  | "kB"
  | "MB"
  | "GB"
  | "TB"
  | "PB"
  | "KiB"
  | "MiB"
  | "GiB"
  | "TiB"
  | "PiB"
  | "KB"
  | "Ki"
  | "Mi"
  | "Gi"
  | "Ti"
  | "Pi";

/** Options of `bytes`. */
export type BytesOptions = UnitOptions<BytesUnit>;

const KIND: Kind = {
  noun: "a size",
  examples: ["512MiB", "10MB"],
  units: new Map<BytesUnit, number>([
    ["PiB", 1024 ** 5],
    ["PB", 1000 ** 5],
    ["TiB", 1024 ** 4],
    ["TB", 1000 ** 4],
    ["GiB", 1024 ** 3],
    ["GB", 1000 ** 3],
    ["MiB", 1024 ** 2],
    ["MB", 1000 ** 2],
    ["KiB", 1024],
    ["kB", 1000],
    ["KB", 1000],
    ["Pi", 1024 ** 5],
    ["Ti", 1024 ** 4],
    ["Gi", 1024 ** 3],
    ["Mi", 1024 ** 2],
    ["Ki", 1024],
    ["B", 1],
  ]),
  known: "B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB",
  meant: {
    byte: "B",
    bytes: "B",
    k: "kB (1,000 bytes) or KiB (1,024)",
    m: "MB (1,000,000 bytes) or MiB (1,048,576)",
    g: "GB or GiB",
    t: "TB or TiB",
    p: "PB or PiB",
  },
  compound: false,
  smallest: "a byte",
};

const PATTERN = "^\\s*\\d+(?:\\.\\d+)?\\s*(?:[kK]B|[MGTP]B|[KMGTP]iB?|B)\\s*$";

/**
 * A Standard Schema for sizes: texts such as `"512MiB"`, `"10MB"`, `"1.5GB"` or Kubernetes' `"512Mi"`, which become
 * **bytes**, an integer. `MB` is 1,000,000 bytes and `MiB` 1,048,576; `M` alone is refused. A number without a unit is
 * refused, unless the option `unit` gives its unit.
 *
 *     new ConfigSpec({ validators: { "upload.limit": bytes({ max: "100MB" }) } })
 *
 * For zod and valibot there are `@otpts/config/zod` and `@otpts/config/valibot`.
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function bytes<const O extends BytesOptions = {}>(options?: O): UnitSchema<UnitInput<O>> {
  return new UnitSchema("bytes", { kind: KIND, read, pattern: PATTERN, unit: "bytes" }, options);
}

/**
 * The bytes of a size.
 *
 * @param unit the unit of a number without one; by default such a number is refused
 * @throws TypeError if it is not a size
 */
export function parse_bytes(text: string, unit?: BytesUnit): number {
  try {
    return read(text, unit);
  } catch (error) {
    throw new TypeError(`Cannot read a size: it ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The text of a number of bytes, the inverse of `parse_bytes`: `536870912` is `"512MiB"`. @throws RangeError if it is
 * not an integer ≥ 0
 */
export function format_bytes(bytes: number): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new RangeError(`Cannot write a size: it must be a whole number of bytes, got ${shown(bytes)}`);
  }
  return writeQuantity(bytes, KIND);
}

function read(value: unknown, unit: string | undefined): number {
  if (typeof value === "number" && unit !== undefined) return readNumber(value, KIND, unit);
  if (typeof value === "number") throw faultOf(KIND, shown(value), ", which has no unit");
  if (typeof value !== "string") throw faultOf(KIND, shown(value), "");
  return readQuantity(value, KIND, unit);
}
