/**
 * Numbers written as text. A number is refused, never changed, if it is too large, or as a decimal too small, for any
 * finite number to be near it: `1e999` would be infinite, `1e-999` zero.
 */

/**
 * The value of an integer in decimal digits, with or without sign: a bigint if a number would lose digits.
 *
 * @returns undefined if no finite number is near it
 */
export function integerOf(digits: string): number | bigint | undefined {
  const near = Number(digits);
  if (Number.isSafeInteger(near)) return near;
  return Number.isFinite(near) ? BigInt(digits.startsWith("+") ? digits.slice(1) : digits) : undefined;
}

/**
 * The value of a decimal, with a point or an exponent.
 *
 * @returns undefined if no finite number is near it
 */
export function decimalOf(text: string): number | undefined {
  const near = Number(text);
  if (!Number.isFinite(near) || (near === 0 && /[1-9]/.test(text.split(/e/i, 1)[0]!))) return undefined;
  return near;
}

/** The problem with a number that no finite number is near; the sentence ends with advice. */
export const BEYOND_NUMBERS = "a number beyond the range of doubles (a text needs quotes)";
