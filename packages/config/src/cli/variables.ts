import { readFile } from "node:fs/promises";
import { placeText, type SyntaxFault } from "../formats/format.ts";
import { parse_text } from "../formats/parse.ts";
import { decode_utf8 } from "../formats/utf8.ts";
import { Failure } from "./failure.ts";

/** Sets the variables of a `.env` file that are not set yet. @throws Failure with the place of what cannot be read */
export async function loadVariables(file: string): Promise<void> {
  try {
    const { tree } = parse_text(decode_utf8(await readFile(file)), "env");
    for (const [name, text] of Object.entries(tree)) process.env[name] ??= String(text);
  } catch (error) {
    const { message, position } = error as SyntaxFault;
    throw new Failure(`Cannot read the variables of "${file}": ${message}${placeText(position)}`, 2);
  }
}
