import { basename, extname } from "node:path";

import { env } from "./env.ts";
import type { Format } from "./format.ts";
import { json, jsonc } from "./json.ts";

/** Name of a format that is built in. */
export type FormatName = "toml" | "json" | "jsonc" | "yaml" | "env";

const named: Partial<Record<FormatName, Format>> = { json, jsonc, env };

/** The names of all formats. */
export const FORMAT_NAMES: readonly FormatName[] = ["toml", "json", "jsonc", "yaml", "env"];

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

/** Loads what a format needs: the packages for TOML and YAML come with the first text that is written in it. */
export async function load_format(name: FormatName): Promise<void> {
  if (name === "toml") named.toml ??= (await import("./toml.ts")).toml;
  if (name === "yaml") named.yaml ??= (await import("./yaml.ts")).yaml;
}

/** A built-in format that `load_format` has loaded. @throws Error where it has not */
export function format_named(name: FormatName): Format {
  const format = named[name];
  if (format === undefined) throw new Error(`Cannot use format "${name}": load_format must load it first`);
  return format;
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
