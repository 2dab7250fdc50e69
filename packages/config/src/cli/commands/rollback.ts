import { Failure } from "../failure.ts";
import type { Session } from "../session.ts";
import { write, type WriteOptions } from "../writing.ts";

/** Restores the overrides of a version. @returns the exit code */
export async function rollback(session: Session, version: string, options: WriteOptions): Promise<number> {
  if (!/^\d+$/u.test(version)) throw new Failure(`Cannot roll back to "${version}": a version is a whole number`, 2);
  return write(session, { what: "rollback", version: Number(version) }, options);
}
