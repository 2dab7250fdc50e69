import { Failure } from "./failure.ts";

/**
 * The value that a text on the command line means: JSON where it is that, else the text itself.
 *
 * @param text_only takes it for a text, whatever it looks like
 * @throws Failure for what begins like JSON and is none
 */
export function valueOfArgument(text: string, text_only: boolean): unknown {
  if (text_only) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/^\s*[[{"]/u.test(text)) return text;
    throw new Failure(
      `Cannot read the value: it begins like JSON and is none (${(error as Error).message}); --text takes it as it is`,
      2,
    );
  }
}
