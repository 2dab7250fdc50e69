import { extname } from "node:path";

import type { Format } from "./format.ts";
import { json } from "./json.ts";
import { toml } from "./toml.ts";
import { yaml } from "./yaml.ts";

/** Name of a format that is built in. */
export type FormatName = "toml" | "json" | "yaml";

const named: Readonly<Record<FormatName, Format>> = { toml, json, yaml };

const extensions: Readonly<Record<string, FormatName>> = {
  ".toml": "toml",
  ".json": "json",
  ".yaml": "yaml",
  ".yml": "yaml",
};

/** The built-in format of this name, or `undefined`. */
export function format_named(name: string): Format | undefined {
  return Object.hasOwn(named, name) ? named[name as FormatName] : undefined;
}

/** The name of the format of a file, by its extension: TOML where the extension tells nothing, as the note has it. */
export function format_by_extension(path: string): FormatName {
  const extension = extname(path).toLowerCase();
  return Object.hasOwn(extensions, extension) ? extensions[extension]! : "toml";
}
