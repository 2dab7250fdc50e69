import { typeOf } from "./words.ts";

/**
 * Checks an option whose value is an object with names as its keys. A list or a Map has none: its entries would be
 * silently left out.
 *
 * @param action the beginning of the message: `Cannot make an EnvironmentSource`
 * @throws TypeError
 */
export function must_be_named_values(action: string, option: string, value: unknown): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map)) return;
  const got = value instanceof Map ? "a Map" : typeOf(value);
  throw new TypeError(`${action}: ${option} must be an object, got ${got}`);
}
