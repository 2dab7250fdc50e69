import { basename, extname } from "node:path";

import { env } from "./env.ts";
import type { Format } from "./format.ts";
import { json, jsonc } from "./json.ts";

/** Name of a built-in format. */
export type FormatName = "toml" | "json" | "jsonc" | "yaml" | "env";

const named: Partial<Record<FormatName, Format>> = { json, jsonc, env };

/** The names of all formats. */
export const FORMAT_NAMES: readonly FormatName[] = ["toml", "json", "jsonc", "yaml", "env"];

/** Formats by extension, without its dot. The format of a file with any other extension is not guessed. */
const extensions: Readonly<Record<string, FormatName>> = {
  toml: "toml",
  json: "json",
  jsonc: "jsonc",
  yaml: "yaml",
  yml: "yaml",
  env: "env",
  // These extensions do not imply a format.
  conf: "toml",
  cfg: "toml",
};

/** Loads the dependencies of a format: the packages for TOML and YAML are loaded with their first text. */
export async function load_format(name: FormatName): Promise<void> {
  if (name === "toml") named.toml ??= (await import("./toml.ts")).toml;
  if (name === "yaml") named.yaml ??= (await import("./yaml.ts")).yaml;
}

/** A built-in format that `load_format` has loaded. @throws Error if it has not */
export function format_named(name: FormatName): Format {
  const format = named[name];
  if (format === undefined) throw new Error(`Cannot use format "${name}": load_format must load it first`);
  return format;
}

/**
 * The name of a file's format, by its extension, or by its name for `.env` and `.env.local`. A file without an
 * extension is TOML, and so is `.conf`.
 *
 * @returns undefined if the extension is unknown
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
