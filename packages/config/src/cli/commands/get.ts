import { findingLines, nothingAt } from "../findings.ts";
import type { Session } from "../session.ts";
import { printable } from "../terminal.ts";
import { writtenOf } from "../../core/json_writer.ts";

/** Prints one value: text without quotes, everything else as JSON. @returns the exit code */
export async function get(session: Session, path: string, options: { readonly default?: string }): Promise<number> {
  const subject = await session.subject();
  const { err, out } = session;
  const { validated, problems } = await subject.verdict();
  if (!validated) {
    err.print("Cannot get the value: the configuration is invalid");
    for (const one of problems) err.print(...findingLines(one, err.paint.red("✗"), err.paint));
    return 1;
  }
  const { value, near } = await subject.value(path);
  if (value === undefined && options.default === undefined) return nothingAt(path, near, err);
  const found = value ?? options.default;
  if (session.json) session.printJson(found);
  else out.print(typeof found === "string" ? (out.isTTY ? printable(found) : found) : writtenOf(found, 2));
  return 0;
}
