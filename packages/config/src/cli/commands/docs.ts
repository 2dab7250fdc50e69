import { markdown, settings } from "../../schema.ts";
import { convertOf } from "../convert.ts";
import type { Session } from "../session.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { emit, type Into } from "../written.ts";

/** Prints all settings as a table in Markdown. @returns the exit code */
export async function docs(session: Session, options: Into): Promise<number> {
  const spec = await session.specification();
  const read = await convertOf(spec, session);
  const text = session.json ? writtenOf(settings(spec, read), 2) : markdown(spec, read).trimEnd();
  return emit(session, `${text}\n`, options);
}
