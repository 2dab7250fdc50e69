import { writtenOf } from "../core/json_writer.ts";
import type { ConfigSpec } from "../spec.ts";
import type { ReadOptions } from "./json_schema.ts";
import { type Setting, settings } from "./settings.ts";

/**
 * A table of all settings, in Markdown: path, type with its bounds, default, environment variable, and the schema's
 * description. There is a column for variables if a source reads some. Secrets are marked, and their defaults are not
 * shown.
 *
 * @throws TypeError if an option is invalid
 */
export function markdown(spec: ConfigSpec, options: ReadOptions = {}): string {
  const all = settings(spec, options);
  const hasVariables = all.some(({ variable }) => variable !== undefined);
  const columns: readonly Column[] = [
    ["setting", ({ path }) => code(path)],
    ["type", ({ type, constraints }) => escaped([type, ...constraints].join(", "))],
    ["default", defaultOf],
    ...(hasVariables ? [VARIABLE] : []),
    ["description", (one) => escaped(notesOf(one).join(" "))],
  ];
  const rows = [columns.map(([head]) => head), columns.map(() => "---")];
  for (const one of all) rows.push(columns.map(([, cell]) => cell(one)));
  return `${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`;
}

type Column = readonly [head: string, cell: (one: Setting) => string];

const VARIABLE: Column = ["variable", ({ variable }) => (variable === undefined ? "" : code(variable))];

function defaultOf({ default: otherwise, required, required_in }: Setting): string {
  if (otherwise !== undefined) return code(writtenOf(otherwise));
  if (required) return "**required**";
  return required_in === undefined ? "" : `required in ${code(required_in)}`;
}

function notesOf({ description, secret, deprecated, aliases }: Setting): readonly string[] {
  return [
    ...(description === undefined ? [] : [description]),
    ...(secret ? ["**Secret.**"] : []),
    ...(deprecated === undefined ? [] : [deprecated === "" ? "**Deprecated.**" : `**Deprecated:** ${deprecated}`]),
    ...(aliases.length === 0 ? [] : [`Formerly ${aliases.map((one) => `\`${one}\``).join(", ")}.`]),
  ];
}

function code(text: string): string {
  const quote = text.includes("`") ? "``" : "`";
  return escaped(`${quote}${text}${quote}`);
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}
