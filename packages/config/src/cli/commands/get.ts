import { findingLines } from "../findings.ts";
import type { Session } from "../session.ts";
import { printable } from "../terminal.ts";
import { jsonText } from "../value_text.ts";

/** Prints one value: a text as it is, everything else as JSON. @returns the exit code */
export async function get(session: Session, path: string, options: { readonly default?: string }): Promise<number> {
  const subject = await session.subject();
  const { err, out } = session;
  const { validated, problems } = await subject.verdict();
  if (!validated) {
    err.print("Cannot tell the value: the configuration is not valid");
    for (const one of problems) err.print(...findingLines(one, err.paint.red("✗"), err.paint));
    return 1;
  }
  const { value, near } = await subject.values(path);
  if (value === undefined && options.default === undefined) {
    err.print(`Nothing is at "${printable(path)}"${near === undefined ? "" : `; is "${printable(near)}" meant?`}`);
    return 1;
  }
  const found = value ?? options.default;
  if (session.json) session.printJson(found);
  else out.print(typeof found === "string" ? (out.isTTY ? printable(found) : found) : jsonText(found, 2));
  return 0;
}
