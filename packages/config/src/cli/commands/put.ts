import { valueOfArgument } from "../value_argument.ts";
import type { Session } from "../session.ts";
import { write, type WriteOptions } from "../writing.ts";

/** Sets a value above all sources. @returns the exit code */
export async function put(
  session: Session,
  path: string,
  text: string,
  options: WriteOptions & { readonly text?: boolean },
): Promise<number> {
  return write(session, { what: "put", path, value: valueOfArgument(text, options.text === true) }, options);
}
