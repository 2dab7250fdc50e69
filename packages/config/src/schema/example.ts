import { writtenOf } from "../core/json_writer.ts";
import { variableFor } from "../core/environment.ts";
import { knownPaths } from "../core/known_paths.ts";
import { formatPath } from "../core/path.ts";
import type { ConfigSpec } from "../spec.ts";
import type { ReadOptions } from "./json_schema.ts";
import { type Entry, outlineOf, valuesOf } from "./outline.ts";
import { variableOf } from "./settings.ts";

/** A format of example files. */
export type ExampleFormat = "toml" | "yaml" | "json" | "env";

/** Options of `example`. */
export interface ExampleOptions extends ReadOptions {
  /** The path of the JSON Schema, relative to the file; the file then begins with a reference for editors. */
  readonly schema?: string;
  /** For `"env"`: the prefix of the variables. Default: that of the specification's sources. */
  readonly prefix?: string;
}

const FORMATS: readonly ExampleFormat[] = ["toml", "yaml", "json", "env"];

/**
 * An example of a configuration file: each setting with its description, type and bounds. Required settings have a
 * value, and all others are comments with their defaults. The file loads under the specification unchanged; where no
 * value can be made up, a comment says what must be filled in. JSON has no comments, so the defaults are included, and
 * optional settings are left out.
 *
 * @throws TypeError if the format or an option is invalid
 *
 * @example await writeFile("config.example.toml", example(spec, "toml", { schema: "./config.schema.json" }));
 */
export function example(spec: ConfigSpec, format: ExampleFormat, options: ExampleOptions = {}): string {
  if (!FORMATS.includes(format)) {
    throw new TypeError(`Cannot make an example: format must be one of ${FORMATS.join(", ")}, got ${String(format)}`);
  }
  const { schema, prefix } = options;
  const outline = outlineOf(spec, options);
  switch (format) {
    case "toml":
      return ended([...(schema === undefined ? [] : [`#:schema ${schema}`, ""]), ...toml(outline)]);
    case "yaml":
      return ended([
        ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`, ""]),
        ...yaml(outline, "", true),
      ]);
    case "json": {
      const tree = { ...(schema === undefined ? {} : { $schema: schema }), ...valuesOf(outline, true) };
      return `${writtenOf(tree, 2)}\n`;
    }
    case "env":
      return ended(env(outline, spec, prefix, false));
  }
}

function ended(lines: readonly string[]): string {
  return `${lines.join("\n").replace(/^\n+|\n+$/g, "")}\n`;
}

function commented(lines: readonly string[], indent = ""): string[] {
  // TOML does not allow control characters in comments.
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const shown = (line: string): string => line.replace(/(?!\t)\p{Cc}/gu, escaped);
  return lines.map((line) => `${indent}# ${shown(line)}`.trimEnd());
}

/** Values before tables, because everything below a header belongs to it. */
function toml(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  for (const { comments, key, value, needed, entries: below } of entries) {
    if (below !== undefined) continue;
    const written = tomlValue(value);
    const isLeft = !needed || written === undefined;
    lines.push(...commented(comments), `${isLeft ? "# " : ""}${tomlKey(key)} = ${written ?? '""'}`, "");
  }
  for (const { comments, path, needed, entries: below } of entries) {
    if (below === undefined) continue;
    lines.push(...commented(comments), `${needed ? "" : "# "}[${path.map(tomlKey).join(".")}]`, "", ...toml(below));
  }
  return lines;
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
}

/** Undefined if TOML has no such value. */
function tomlValue(value: unknown): string | undefined {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return String(value).replace(/^(-?\d+)e/, "$1.0e");
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => tomlValue(one) ?? '""').join(", ")}]`;
  if (typeof value !== "object" || value === null) return undefined;
  const pairs = Object.entries(value).flatMap(([key, one]) => {
    const written = tomlValue(one);
    return written === undefined ? [] : [`${tomlKey(key)} = ${written}`];
  });
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

/** A required table with nothing but comments in it: its defaults are written, so that the table exists. */
function isBare(entries: readonly Entry[]): boolean {
  return entries.length > 0 && !entries.some((one) => one.needed);
}

function yaml(entries: readonly Entry[], indent: string, needed: boolean): string[] {
  const bare = needed && indent !== "" && isBare(entries);
  const lines: string[] = [];
  for (const entry of entries) {
    const { comments, key, value, entries: below } = entry;
    const isWritten = needed && (entry.needed || (bare && entry.hasDefault && below === undefined));
    const mark = isWritten ? indent : `${indent}# `;
    lines.push(...commented(comments, indent));
    if (below === undefined) lines.push(`${mark}${yamlKey(key)}: ${writtenOf(value)}`, "");
    else {
      const inner = yaml(below, `${indent}  `, isWritten);
      const isEmpty = isWritten && !inner.some((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
      lines.push(`${mark}${yamlKey(key)}:${isEmpty ? " {}" : ""}`, ...inner);
    }
  }
  return lines;
}

function yamlKey(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(key)
    ? key
    : JSON.stringify(key);
}

function env(entries: readonly Entry[], spec: ConfigSpec, prefix: string | undefined, isNeeded: boolean): string[] {
  const bare = isNeeded && isBare(entries);
  const known = knownPaths([], spec.shape);
  const nameOf = ({ path }: Entry): string | undefined => {
    if (prefix === undefined) {
      const own = variableOf(path, spec);
      if (own !== undefined || spec.layers.some((source) => source.kind === "env")) return own;
    }
    return variableFor(path, { prefix: prefix ?? "", mapping: {}, mode: "smart" }, known);
  };
  return entries.flatMap((entry): string[] => {
    const { comments, path, value, needed, entries: below } = entry;
    if (entry.madeUp) return [];
    if (below !== undefined) return env(below, spec, prefix, needed);
    const name = nameOf(entry);
    const isWritten = needed || (bare && entry.hasDefault);
    const text = typeof value === "string" ? value : writtenOf(value);
    const written = envText(text);
    if (name === undefined || written === undefined) {
      return [...commented([...comments, `${formatPath(path)} has no variable`]), ""];
    }
    const lines = `${name}=${written}`.split("\n");
    return [...commented(comments), ...(isWritten ? lines : commented(lines)), ""];
  });
}

/** Undefined if no kind of quotes can contain it. */
function envText(text: string): string | undefined {
  if (/^[\w./:@%+,-]*$/.test(text)) return text;
  const quote = ["'", '"', "`"].find((mark) => !text.includes(mark) && !(mark === '"' && text.includes("\\")));
  return quote === undefined ? undefined : `${quote}${text}${quote}`;
}
