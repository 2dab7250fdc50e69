import { Failure } from "./failure.ts";

/**
 * The value of an argument: JSON if it is valid JSON, else the text itself.
 *
 * @param text_only takes it as text
 * @throws Failure if it begins like JSON and is invalid
 */
export function valueOfArgument(text: string, text_only: boolean): unknown {
  if (text_only) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/^\s*[[{"]/u.test(text)) return text;
    throw new Failure(
      `Cannot read the value: it begins like JSON and is invalid (${(error as Error).message}); --text takes it as it is`,
      2,
    );
  }
}
