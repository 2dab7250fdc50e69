import { basename, extname } from "node:path";

import { env } from "./env.ts";
import type { Format } from "./format.ts";
import { json, jsonc } from "./json.ts";
import { toml } from "./toml.ts";
import { yaml } from "./yaml.ts";

/** Name of a format that is built in. */
export type FormatName = "toml" | "json" | "jsonc" | "yaml" | "env";

const named: Readonly<Record<FormatName, Format>> = { toml, json, jsonc, yaml, env };

/** The names of all formats. */
export const FORMAT_NAMES = Object.keys(named) as readonly FormatName[];

/** By extension, without its dot. An extension that is not here is unknown, and a file that has it is not guessed at. */
const extensions: Readonly<Record<string, FormatName>> = {
  toml: "toml",
  json: "json",
  jsonc: "jsonc",
  yaml: "yaml",
  yml: "yaml",
  env: "env",
  // These tell nothing of a format.
  conf: "toml",
  cfg: "toml",
};

/** The built-in format of this name, or `undefined`. */
export function format_named(name: string): Format | undefined {
  return Object.hasOwn(named, name) ? named[name as FormatName] : undefined;
}

/**
 * The name of the format of a file, by its extension; `.env` and `.env.local` are as well known. A file without an extension
 * is TOML, as the note has it, and so is `.conf`.
 *
 * @returns undefined where the extension is unknown
 */
export function format_by_extension(path: string): FormatName | undefined {
  const name = basename(path).toLowerCase();
  if (name === ".env" || name.startsWith(".env.")) return "env";
  const extension = extname(name).slice(1);
  if (extension === "") return "toml";
  return Object.hasOwn(extensions, extension) ? extensions[extension] : undefined;
}

/** The extensions of formats, for messages: `.toml, .json, …`. */
export const KNOWN_EXTENSIONS = Object.keys(extensions)
  .map((extension) => `.${extension}`)
  .join(", ");
