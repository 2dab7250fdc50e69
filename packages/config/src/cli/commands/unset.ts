import type { Session } from "../session.ts";
import { write, type WriteOptions } from "../writing.ts";

/** Removes the overrides at a path and below. @returns the exit code */
export async function unset(session: Session, path: string, options: WriteOptions): Promise<number> {
  return write(session, { what: "unset", path }, options);
}
