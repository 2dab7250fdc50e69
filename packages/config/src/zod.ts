import * as z from "zod";
import { bytes as bytesSchema, type BytesOptions } from "./units/bytes.ts";
import { duration as durationSchema, type DurationOptions } from "./units/duration.ts";
import type { UnitSchema } from "./units/unit_schema.ts";

/**
 * Durations and sizes as zod schemas (zod 4), a separate entry:
 *
 *     const schema = z.object({ timeout: duration({ max: "1h" }), limit: bytes().prefault("10MB") });
 */

/** The input: a text, or also a number if a unit is declared. */
type Written<O> = O extends { readonly unit: string } ? string | number : string;

/**
 * A zod schema for durations: `"30s"`, `"1h30m"`. The output is in **milliseconds**. For a default use zod's `prefault`
 * (a text) or `default` (milliseconds).
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function duration<const O extends Omit<DurationOptions, "default"> = {}>(
  options?: O,
): z.ZodType<number, Written<O>> {
  return ofZod(durationSchema(options), options?.unit !== undefined);
}

/**
 * A zod schema for sizes: `"512MiB"`, `"10MB"`. The output is in **bytes**. For a default use zod's `prefault` (a text) or
 * `default` (bytes).
 *
 * @throws TypeError, RangeError if an option is invalid
 */
export function bytes<const O extends Omit<BytesOptions, "default"> = {}>(options?: O): z.ZodType<number, Written<O>> {
  return ofZod(bytesSchema(options), options?.unit !== undefined);
}

function ofZod<W>(schema: UnitSchema<unknown>, numbers: boolean): z.ZodType<number, W> {
  const error = ({ input }: { readonly input?: unknown }): string | undefined => schema.problem(input);
  const { description, examples, pattern } = schema.input();
  const text = z.string({ error }).meta({ pattern });
  const written: z.ZodType<string | number> = numbers ? z.union([text, z.number({ error })], { error }) : text;
  const made = written.meta({ description, examples }).transform((value, context) => {
    const message = schema.problem(value);
    if (message === undefined) return schema.parse(value);
    context.issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  });
  return made as unknown as z.ZodType<number, W>;
}
