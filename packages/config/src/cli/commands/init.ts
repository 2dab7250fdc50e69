import { existsSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { example, type ExampleFormat, json_schema } from "../../schema.ts";
import type { ConfigSpec } from "../../spec.ts";
import { convertOf } from "../convert.ts";
import { Failure } from "../failure.ts";
import type { Session } from "../session.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { write } from "../written.ts";

/** Options of `init`. */
export interface InitOptions {
  readonly dir?: string;
  readonly format?: ExampleFormat;
  readonly force?: boolean;
}

const EXTENSIONS: Readonly<Record<string, ExampleFormat>> = {
  ".toml": "toml",
  ".yaml": "yaml",
  ".yml": "yaml",
  ".json": "json",
};

/** Writes the JSON Schema, an example file and `.env.example`; all of them or none. @returns the exit code */
export async function init(session: Session, options: InitOptions): Promise<number> {
  const spec = await session.specification();
  const read = await convertOf(spec, session);
  const { dir = ".", force = false } = options;
  const [name, own] = mainFile(spec);
  const format = options.format ?? own;
  const file = (end: string): string => join(dir, end);
  const schema = `${name}.schema.json`;
  const files = new Map<string, string>([
    [file(schema), `${writtenOf(json_schema(spec, read), 2)}\n`],
    [file(`${name}.example.${format}`), example(spec, format, { ...read, schema: `./${schema}` })],
  ]);
  if (spec.layers.some((source) => source.variable !== undefined)) {
    files.set(file(".env.example"), example(spec, "env", read));
  }
  const there = [...files.keys()].filter((one) => existsSync(one));
  if (there.length > 0 && !force) {
    throw new Failure(
      `Cannot write ${there.join(", ")}: ${there.length === 1 ? "it exists; --force replaces it" : "they exist; --force replaces them"}`,
    );
  }
  for (const [to, text] of files) await write(to, text, force);
  const shown = [...files.keys()].map((one) => relative(process.cwd(), one) || one);
  if (session.json) session.printJson({ files: shown });
  else session.out.print(...shown.map((one) => `${session.out.paint.green("✓")} ${one}`));
  return 0;
}

/** Name and format of the file that the specification reads first. */
function mainFile(spec: ConfigSpec): readonly [name: string, format: ExampleFormat] {
  for (const { name } of spec.layers) {
    const extension = extname(name).toLowerCase();
    const format = EXTENSIONS[extension];
    if (format !== undefined && name.startsWith("file:")) return [basename(name.slice(5), extname(name)), format];
  }
  return ["config", "toml"];
}
