import { environmentLayer, type EnvironmentRules } from "../core/environment.ts";
import { contributionOf } from "../core/contribution.ts";
import type { Contribution, Diagnostic, Knowledge, Layer, Origin } from "../core/layer.ts";
import { placeOf } from "../core/layers.ts";
import { andThen } from "../core/maybe.ts";
import type { Budget } from "../core/sliced.ts";
import type { Segments, Table } from "../core/value.ts";
import type { FormatName } from "../formats/by_extension.ts";
import { type Parsed, parse_bytes } from "../formats/parse.ts";

/** How the names of `.env` files become paths: like those of variables. */
export type FileNames = Pick<EnvironmentRules, "prefix" | "mapping">;

/** @throws TypeError for invalid options */
export function file_names(action: string, prefix: unknown, mapping: unknown): FileNames {
  if (prefix !== undefined && typeof prefix !== "string") {
    throw new TypeError(`${action}: prefix must be a string, got ${typeof prefix}`);
  }
  if (mapping !== undefined && (typeof mapping !== "object" || mapping === null)) {
    throw new TypeError(`${action}: mapping must be an object from names to paths, got ${typeof mapping}`);
  }
  return { prefix: prefix ?? "", mapping: { ...(mapping as FileNames["mapping"]) } };
}

/** A configuration file of a source. */
export interface ConfigFile {
  readonly source: string;
  /** The path for people. */
  readonly shown: string;
  readonly format: FormatName;
  /** How the names of a `.env` file become paths. */
  readonly names: FileNames;
  /** Whether the source has several files, so that each place must have the file. */
  readonly one_of_many: boolean;
}

/** The content of a file: as parsed, and as the contribution of its source. */
export interface FileContent {
  readonly parsed: Parsed;
  readonly bytes: number;
}

/** @throws SyntaxFault with the place, never with content */
export async function read_content(bytes: Uint8Array, format: FormatName, signal: AbortSignal): Promise<FileContent> {
  return { parsed: await parse_bytes(bytes, format, signal), bytes: bytes.length };
}

/**
 * The contribution of a file.
 *
 * @param diagnostics diagnostics about the file, apart from its content
 * @param tree the part that counts; by default all
 */
export function contribution_of(
  file: ConfigFile,
  { parsed, bytes }: FileContent,
  diagnostics: readonly Diagnostic[],
  tree: Table = parsed.tree,
): Contribution {
  const { source, shown } = file;
  const origin = (path: Segments): Origin => {
    const at = parsed.locate(path);
    const place = at === undefined ? `file:${shown}` : `file:${shown}:${at.line}`;
    return { source, file: shown, ...at, ...(file.one_of_many ? { place } : {}) };
  };
  const held_up = parsed.held_up === true ? [heldUp(source)] : [];
  const layer: Layer = { source, tree, origin, diagnostics: [...diagnostics, ...held_up], bytes };
  if (file.format !== "env") return layer;
  return contributionOf((lower, budget) => named(layer, file.names, lower, budget));
}

/** The variables of a `.env` file at the paths of their names, like those of the environment. */
function named(file: Layer, names: FileNames, lower: Knowledge, budget: Budget): Layer | Promise<Layer> {
  const rules = { ...names, mode: "smart", service_links: true } as const;
  const place = (variable: string) => `${variable}, ${placeOf(file.origin([variable]))}`;
  const variables = file.tree as Readonly<Record<string, string>>;
  const read = environmentLayer(file.source, variables, rules, lower, place, undefined, budget);
  return andThen(read, (layer) => ({
    ...layer,
    origin: (path) => {
      const origin = layer.origin(path);
      if (origin.variable === undefined) return origin;
      // Its place is a line of the file, not a variable of the process.
      return { ...file.origin([origin.variable]), ...(origin.rule === undefined ? {} : { rule: origin.rule }) };
    },
    diagnostics: [...file.diagnostics, ...layer.diagnostics],
    ...(file.bytes === undefined ? {} : { bytes: file.bytes }),
  }));
}

function heldUp(source: string): Diagnostic {
  const message = "No thread could be started to parse this large file: every change of it holds up the event loop";
  return { source, code: "held_up", message };
}
