import * as v from "valibot";
import { bytes as bytesSchema, type BytesOptions } from "./units/bytes.ts";
import { duration as durationSchema, type DurationOptions } from "./units/duration.ts";
import type { UnitSchema } from "./units/unit_schema.ts";

/**
 * Durations and sizes as valibot schemas, a separate entry:
 *
 *     const schema = v.object({ timeout: duration({ max: "1h" }), limit: v.optional(bytes(), "10MB") });
 */

/** The input: a text, or also a number if a unit is declared. */
type Written<O> = O extends { readonly unit: string } ? string | number : string;

/**
 * A valibot schema for durations: `"30s"`, `"1h30m"`. The output is in **milliseconds**. For a default use `v.optional`.
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function duration<const O extends Omit<DurationOptions, "default"> = {}>(
  options?: O,
): v.GenericSchema<Written<O>, number> {
  return ofValibot(durationSchema(options), options?.unit !== undefined);
}

/**
 * A valibot schema for sizes: `"512MiB"`, `"10MB"`. The output is in **bytes**. For a default use `v.optional`.
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function bytes<const O extends Omit<BytesOptions, "default"> = {}>(
  options?: O,
): v.GenericSchema<Written<O>, number> {
  return ofValibot(bytesSchema(options), options?.unit !== undefined);
}

function ofValibot<W>(schema: UnitSchema<unknown>, numbers: boolean): v.GenericSchema<W, number> {
  const message = ({ input }: { readonly input: unknown }): string => schema.problem(input) ?? "is not valid";
  const { description, examples } = schema.input();
  const written: v.GenericSchema<string | number> = numbers
    ? v.union([v.string(message), v.number(message)], message)
    : v.string(message);
  return v.pipe(
    written,
    v.metadata({ description, examples: [...examples] }),
    v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
      const wrong = schema.problem(dataset.value);
      if (wrong === undefined) return schema.parse(dataset.value);
      addIssue({ message: wrong });
      return NEVER;
    }),
  ) as unknown as v.GenericSchema<W, number>;
}
