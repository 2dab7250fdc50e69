import { writtenOf } from "../core/json_writer.ts";
import { formatPath } from "../core/path.ts";
import type { Segments } from "../core/value.ts";
import type { ConfigSpec } from "../spec.ts";
import { type Description } from "./description.ts";
import type { ReadOptions } from "./json_schema.ts";
import { placeholderFor } from "./placeholder.ts";
import { isShowable } from "./showable.ts";
import { descriptionOf, isSetting, OPTIONAL, type Standing, standingOf, TOP } from "./settings.ts";
import { constraintsOf, typeOf } from "./words.ts";

/** An example file before it is written in a format: keys with values, comments, and whether they are required. */
export interface Entry {
  readonly key: string;
  readonly path: Segments;
  /** Lines above it. */
  readonly comments: readonly string[];
  /** Whether the file is invalid without it; otherwise it is written as a comment. */
  readonly needed: boolean;
  readonly hasDefault: boolean;
  readonly value: unknown;
  /** Whether the key is made up, for a record. */
  readonly madeUp: boolean;
  /** The entries of a table; undefined for a value. */
  readonly entries: readonly Entry[] | undefined;
}

/** The outline of an example file. Values that the schema refuses have a comment that they must be filled in. */
export function outlineOf(spec: ConfigSpec, options: ReadOptions): readonly Entry[] {
  const root = entriesOf(spec, descriptionOf(spec, options), [], TOP);
  const wrong = problemsOf(spec, valuesOf(root, false));
  return wrong.size === 0 ? root : noted(root, wrong);
}

/** The values of an outline. @param all with the defaults, or only the required ones */
export function valuesOf(entries: readonly Entry[], all: boolean): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const { key, needed, hasDefault, value, entries: below } of entries) {
    if (!needed && !(all && hasDefault)) continue;
    tree[key] = below === undefined ? value : valuesOf(below, all);
  }
  return tree;
}

function entriesOf(spec: ConfigSpec, of: Description, path: Segments, standing: Standing): readonly Entry[] {
  if (path.length > DEEPEST) return [];
  const made: Entry[] = [];
  for (const [key, { of: child, required }] of of.keys) {
    const entry = entryOf(spec, child, [...path, key], standingOf(child, required, [...path, key], standing));
    if (entry.needed || spec.deprecations.at(entry.path) === undefined) made.push(entry);
  }
  if (of.keys.size === 0 && of.rest !== undefined) {
    made.push({ ...entryOf(spec, of.rest, [...path, "example"], OPTIONAL), madeUp: true });
  }
  return made;
}

const DEEPEST = 16;

function entryOf(spec: ConfigSpec, of: Description, path: Segments, standing: Standing): Entry {
  const { otherwise, required } = standing;
  const secret = of.words["secret"] === true || of.words["writeOnly"] === true || spec.secrets.covers(path);
  const isTable = !isSetting(of) || (of.types.includes("object") && of.rest !== undefined && of.options.length === 0);
  const shown = secret || !isShowable(spec, path, otherwise) ? undefined : otherwise;
  const value = shown ?? placeholderFor(spec, of, path, secret);
  return {
    key: path.at(-1)!,
    path,
    comments: commentsOf(of, isTable, { ...standing, otherwise: shown }, secret),
    needed: required,
    hasDefault: shown !== undefined,
    value,
    madeUp: false,
    entries: isTable ? entriesOf(spec, of, path, standing) : undefined,
  };
}

function commentsOf(of: Description, isTable: boolean, standing: Standing, secret: boolean): string[] {
  const description = of.words["description"];
  const lines = typeof description === "string" ? description.split(/\r?\n/) : [];
  if (isTable) return lines;
  const kind = [typeOf(of), ...constraintsOf(of)].join(", ");
  const { required, requiredIn, otherwise } = standing;
  const needs = required ? "required" : requiredIn === undefined ? "optional" : `required in ${formatPath(requiredIn)}`;
  const rest = [otherwise === undefined ? needs : `default: ${writtenOf(otherwise)}`, ...(secret ? ["secret"] : [])];
  return [...lines, [kind, ...rest].join("; ")];
}

/** The values that a schema refuses, by dotted path. An asynchronous schema is ignored. */
function problemsOf(spec: ConfigSpec, tree: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (spec.schema === undefined) return found;
  try {
    const result = spec.schema["~standard"].validate(structuredClone(tree));
    if (!("issues" in result)) return found;
    for (const { path = [], message } of result.issues ?? []) {
      const segments = path.map((part) => String(typeof part === "object" ? part.key : part));
      found.set(formatPath(segments), message);
    }
  } catch {
    // The example is shown unchanged: if a schema throws here, it also throws at the start of the program.
  }
  return found;
}

function noted(entries: readonly Entry[], wrong: ReadonlyMap<string, string>): readonly Entry[] {
  return entries.map((entry) => {
    const why = [...wrong].find(([path]) => {
      const at = formatPath(entry.path);
      return path === at || (entry.entries === undefined && path.startsWith(`${at}.`));
    })?.[1];
    return {
      ...entry,
      comments: why === undefined || !entry.needed ? entry.comments : [...entry.comments, `fill in: ${why}`],
      entries: entry.entries === undefined ? undefined : noted(entry.entries, wrong),
    };
  });
}
