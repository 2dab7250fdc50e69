import { json_schema, type JsonSchemaTarget } from "../../schema.ts";
import { convertOf } from "../convert.ts";
import type { Session } from "../session.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { emit, type Into } from "../written.ts";

/** Prints the JSON Schema of the configuration's files. @returns the exit code */
export async function schema(
  session: Session,
  options: Into & { readonly target?: JsonSchemaTarget; readonly required?: boolean },
): Promise<number> {
  const spec = await session.specification();
  const { target, required } = options;
  const made = json_schema(spec, {
    ...(await convertOf(spec, session)),
    ...(target === undefined ? {} : { target }),
    ...(required === undefined ? {} : { required }),
  });
  return emit(session, `${writtenOf(made, 2)}\n`, options);
}
