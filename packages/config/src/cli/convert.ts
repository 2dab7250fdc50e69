import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ReadOptions } from "../schema.ts";
import type { ConfigSpec } from "../spec.ts";
import { Failure } from "./failure.ts";
import type { Session } from "./session.ts";

/**
 * The converter from a specification's schema to JSON Schema. For valibot it is a library that the project installs.
 *
 * @throws Failure if the specification has no schema
 */
export async function convertOf(spec: ConfigSpec, session: Session): Promise<ReadOptions> {
  if (spec.schema === undefined) {
    throw new Failure(
      "Cannot list the settings: the ConfigSpec has no schema; add one, as in { schema: z.object({ … }) }",
    );
  }
  if (spec.schema["~standard"].vendor !== "valibot") return {};
  try {
    const found = createRequire(join(process.cwd(), "package.json")).resolve("@valibot/to-json-schema");
    const { toJsonSchema } = (await import(pathToFileURL(found).href)) as { toJsonSchema: ReadOptions["convert"] };
    return toJsonSchema === undefined ? {} : { convert: toJsonSchema };
  } catch {
    session.err.print(
      "Of valibot's schema only keys and types are known: npm install --save-dev @valibot/to-json-schema",
    );
    return {};
  }
}
