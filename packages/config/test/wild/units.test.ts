/** Durations and sizes: texts with units, read exactly or refused in words. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type } from "arktype";
import fc from "fast-check";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type ConfigClient, ConfigValidationError, EnvironmentSource, FileSource } from "../../src/index.ts";
import { setup } from "../../src/testing.ts";
import { bytes, duration, format_bytes, format_duration, parse_bytes, parse_duration } from "../../src/units.ts";
import * as ofValibot from "../../src/valibot.ts";
import * as ofZod from "../../src/zod.ts";

const kit = setup({ beforeEach, afterEach });
const SIZES = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

function output(schema: { "~standard": { validate(value: unknown): unknown } }, value: unknown): unknown {
  const result = schema["~standard"].validate(value) as { value?: unknown; issues?: { message: string }[] };
  return result.issues === undefined ? result.value : result.issues.map(({ message }) => message).join("; ");
}

describe("a duration", () => {
  test.each([
    ["30s", 30_000],
    ["500ms", 500],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    [" 2d ", 172_800_000],
    ["1.5h", 5_400_000],
    ["1.1s", 1_100],
    ["0.001s", 1],
    ["1w", 604_800_000],
    ["0s", 0],
    ["PT30S", 30_000],
    ["P1DT12H", 129_600_000],
    ["PT0.5S", 500],
    ["P2W", 1_209_600_000],
  ])("%s is %d ms", (text, ms) => {
    expect(output(duration(), text)).toBe(ms);
    expect(parse_duration(text)).toBe(ms);
  });

  test.each([
    [30, ", got 30, which has no unit"],
    ["30", ', got "30", which has no unit'],
    ["", ', got ""'],
    ["   ", ', got "   "'],
    ["1h30", ', got "1h30", which has no unit'],
    ["30sec", 'there is no unit "sec", was s meant?'],
    ["5M", 'there is no unit "M", was m meant?'],
    ["30 seconds of fun", "was s meant?"],
    ["30m1h", "each unit may occur once, the largest first"],
    ["1m1m", "each unit may occur once, the largest first"],
    ["-5s", "which is negative"],
    ["+5s", ', got "+5s"'],
    ["1e3s", 'there is no unit "e"'],
    ["1,5s", "which has no unit"],
    [".5s", ', got ".5s"'],
    ["1.0005s", "which is finer than a millisecond"],
    ["99999999999w", "which is too large"],
    ["P1M", "years and months have no fixed length"],
    ["P", ', got "P"'],
    ["PT", ', got "PT"'],
    ["P1H", ', got "P1H"'],
    ["1".repeat(200), "it has more than 100 characters"],
    [null, ", got null"],
    [["30s"], ", got a list"],
    [{ s: 30 }, ", got a table"],
    [true, ", got true"],
    [undefined, 'is missing: a duration is expected, such as "30s"'],
  ])("%j is refused with an explanation", (value, why) => {
    expect(output(duration(), value)).toContain(why);
    if (typeof value === "string") expect(() => parse_duration(value)).toThrow(TypeError);
  });

  test("reads back as it was written, for every number of milliseconds", () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (ms) => {
        const text = format_duration(ms);
        expect(parse_duration(text)).toBe(ms);
        expect(text).toMatch(new RegExp(duration().input().pattern));
      }),
    );
  });

  test("is the exact sum of its parts, however they are written", () => {
    const part = fc.record({ whole: fc.nat({ max: 999 }), tenths: fc.nat({ max: 9 }), gap: fc.constantFrom("", " ") });
    const names: readonly (keyof typeof SIZES)[] = ["w", "d", "h", "m", "s"];
    const units = fc.subarray([...names], { minLength: 1 });
    fc.assert(
      fc.property(units, fc.array(part, { minLength: 5 }), (chosen, numbers) => {
        const parts = chosen.map((unit, i) => ({ unit, ...numbers[i]! }));
        const text = parts.map(({ unit, whole, tenths, gap }) => `${whole}.${tenths}${gap}${unit}${gap}`).join("");
        const sum = parts.reduce(
          (total, { unit, whole, tenths }) => total + (whole * 10 + tenths) * (SIZES[unit] / 10),
          0,
        );
        expect(parse_duration(text)).toBe(sum);
      }),
    );
  });

  test("that is malformed is refused and never read in part, whatever it contains", () => {
    const right = new RegExp(duration().input().pattern);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.PTWDHMSwdhms -]{0,12}$/)), (text) => {
        const result = output(duration(), text);
        if (typeof result === "number") expect(text).toMatch(right);
        else expect(result).toContain("must be a duration");
      }),
      { numRuns: 500 },
    );
  });
});

describe("a size", () => {
  test.each([
    ["512MiB", 536_870_912],
    ["10MB", 10_000_000],
    ["10 kB", 10_000],
    ["10KB", 10_000],
    ["512Mi", 536_870_912],
    ["1.5GiB", 1_610_612_736],
    ["0B", 0],
    ["8PiB", "which is too large"],
    ["7PiB", 7_881_299_347_898_368],
    ["10mb", "was MB meant?"],
    ["512M", "was MB (1,000,000 bytes) or MiB (1,048,576) meant?"],
    ["1GB 2MB", "it must be one number and one unit"],
    ["10abc", 'there is no unit "abc"'],
    ["0.1B", "which is finer than a byte"],
    ["10", "which has no unit"],
  ])("%s is %s", (text, expected) => {
    const read = output(bytes(), text);
    if (typeof expected === "number") expect(read).toBe(expected);
    else expect(read).toContain(expected);
  });

  test("reads back as it was written, for every number of bytes", () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (size) => {
        expect(parse_bytes(format_bytes(size))).toBe(size);
        expect(format_bytes(size)).toMatch(new RegExp(bytes().input().pattern));
      }),
    );
  });
});

describe("options", () => {
  test("set bounds, a default and a unit", () => {
    const schema = duration({ min: "1s", max: 3_600_000, default: "30s", unit: "s" });
    expectTypeOf<StandardSchemaV1.InferInput<typeof schema>>().toEqualTypeOf<string | number | undefined>();
    expect(output(schema, undefined)).toBe(30_000);
    expect(output(schema, 1.5)).toBe(1_500);
    expect(output(schema, "90")).toBe(90_000);
    expect(output(schema, "500ms")).toBe("must be at least 1s, got 500ms");
    expect(output(schema, "61m")).toBe("must be at most 1h, got 1h1m");
    expect(output(schema, 1e-7)).toContain("finer than a millisecond");
    expect(output(schema, 1e30)).toContain("too large");
    expect(output(schema, NaN)).toContain("got NaN");
    expect(output(schema, -1)).toContain("negative");
  });

  test.each([
    [{ min: "2h", max: "1h" }, RangeError, "min must not be above max"],
    [{ default: "1s", min: "2s" }, RangeError, "default must be at least 2s, got 1s"],
    [{ min: "soon" }, TypeError, "min must be a duration"],
    [{ unit: "x" }, TypeError, "unit must be one of w, d, h, m, s, ms"],
    [{ minimum: "1s" }, TypeError, 'unknown option "minimum"'],
  ] as const)("%j are refused", (options, error, message) => {
    expect(() => duration(options as object)).toThrow(error);
    expect(() => duration(options as object)).toThrow(message);
  });

  test("appear in the JSON Schema, for input and output", () => {
    const { input, output: out } = duration({ min: "1s", default: "30s" })["~standard"].jsonSchema;
    expect(input({ target: "draft-07" })).toMatchObject({
      type: "string",
      default: "30s",
      examples: ["30s", "1h30m"],
      description: "A duration with its unit, at least 1s",
    });
    expect(out({ target: "draft-07" })).toMatchObject({ type: "integer", minimum: 1_000, default: 30_000 });
    expect(bytes({ unit: "MiB" }).input().type).toStrictEqual(["string", "number"]);
  });
});

const zodSchema = z.object({
  timeout: ofZod.duration({ max: "1h" }).prefault("30s"),
  limit: ofZod.bytes({ unit: "MiB" }),
});
const valibotSchema = v.object({
  timeout: v.optional(ofValibot.duration({ max: "1h" }), "30s"),
  limit: ofValibot.bytes({ unit: "MiB" }),
});
const arktypeSchema = type({ timeout: duration({ max: "1h" }), limit: bytes({ unit: "MiB" }) });

describe.each([
  ["zod", zodSchema],
  ["valibot", valibotSchema],
  ["arktype", arktypeSchema],
] as const)("in a schema of %s", (_library, schema) => {
  test("values of files and variables become numbers, and a wrong one is refused with its place", async () => {
    const files = await kit.temporary_directory({ "config.toml": 'timeout = "1m30s"\nlimit = 5\n' });
    const path = files.file("config.toml");
    const sources = [new FileSource(path), new EnvironmentSource({ prefix: "APP", env: { APP_LIMIT: "2" } })];
    const config = (await kit.start_manager({
      schema: schema as StandardSchemaV1,
      sources,
      log: false,
    })) as ConfigClient;
    expect(config.snapshot().tree).toStrictEqual({ timeout: 90_000, limit: 2_097_152 });
    await config.put("timeout", "45s");
    expect(config.peek("timeout")).toBe(45_000);
    const refused = config.put("timeout", 30);
    await expect(refused).rejects.toThrow(ConfigValidationError);
    await expect(refused).rejects.toThrow("must be a duration with its unit");
    await config.unset("timeout");
    await files.write("config.toml", 'timeout = "2h"\nlimit = 5\n');
    await expect(config.reload()).rejects.toThrow(/must be at most 1h, got 2h.*config\.toml:1/);
  });
});

test("a default of the schema is a text with its unit", () => {
  expect(zodSchema.parse({ limit: "1MB" })).toStrictEqual({ timeout: 30_000, limit: 1_000_000 });
  expect(v.parse(valibotSchema, { limit: "1MB" })).toStrictEqual({ timeout: 30_000, limit: 1_000_000 });
  expectTypeOf<z.input<typeof zodSchema>>().toEqualTypeOf<{ timeout?: string | undefined; limit: string | number }>();
  expectTypeOf<v.InferOutput<typeof valibotSchema>>().toEqualTypeOf<{ timeout: number; limit: number }>();
});

test("a validator by pattern makes numbers of durations", async () => {
  const config = await kit.start_manager({ validators: { "**.timeout": duration({ min: "1ms" }) } });
  await config.put("db.timeout", "250ms");
  expect(await config.get("db.timeout")).toBe(250);
  await expect(config.put("db.timeout", 250)).rejects.toThrow("which has no unit");
});
