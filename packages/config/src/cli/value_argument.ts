import { JsonFault, readJson } from "../core/json_reader.ts";
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
    return readJson(text).value;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    if (!/^\s*[[{"]/u.test(text) && error.code !== "number") return text;
    throw new Failure(`Cannot read the value as JSON: ${error.message}; --text takes it as text`, 2);
  }
}
