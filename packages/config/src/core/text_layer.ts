import { ConfigSourceError } from "../errors.ts";
import { isTable } from "./draft.ts";
import type { Diagnostic, Knowledge, Layer, Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { andThen } from "./maybe.ts";
import { formatPath } from "./path.ts";
import type { Shape } from "./shape.ts";
import { type Budget, budgetForTexts, eachInTurn } from "./sliced.ts";
import { TextFault, valueOfText } from "./text_value.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * The layer of named texts: variables, arguments, files with one value each.
 *
 * If two names have the same path, the one with the lower rank counts, then the earlier one. If one names a scalar or
 * list and another a path below it, the deeper one wins. Both cases are reported. Texts are read by the rule for texts
 * (`text_value.ts`). A name that leads into a list is refused: a list is set as a whole.
 */

/** The character that stands for bytes that are not UTF-8, in variables and arguments. */
const REPLACED = "\uFFFD";

/** The setting of one name. */
export interface Setting {
  /** The name as written: of a variable, an argument, a file. */
  readonly name: string;
  readonly path: Segments;
  /** Several if the name was given several times. */
  readonly text: string | readonly string[];
  /** Of two with the same path, the lower rank counts. */
  readonly rank: number;
  readonly origin: Omit<Origin, "source">;
  /** Whether the value is a secret, whatever its path. */
  readonly secret?: true;
}

/** The differences between kinds of names. */
export interface NamesRules {
  /** How to set a list as a whole, for a message: `put a JSON list into one variable`. */
  readonly whole_list: string;
  /** Whether a name that leads into a list fails the load; otherwise it is left out, with a diagnostic. */
  readonly strict: boolean;
  /** The place where a name is set, as text. By default that of its origin. */
  readonly place?: ((name: string) => string) | undefined;
}

/**
 * @param source the source's name, for origins and diagnostics
 * @param lower the paths and types of the lower layers and the schema
 * @param diagnostics earlier diagnostics, to which new ones are added
 * @param budget lets many texts be read in slices
 * @returns a promise if there are many texts
 * @throws ConfigSourceError if a name leads into a list, or a text is malformed; or rejects with it
 */
export function textLayer(
  source: string,
  settings: readonly Setting[],
  rules: NamesRules,
  lower: Knowledge,
  diagnostics: Diagnostic[],
  budget: Budget,
): Layer | Promise<Layer> {
  const slices = budgetForTexts(settings.length, budget);
  const used: Setting[] = [];
  const keep = (setting: Setting): void => {
    const list = knownListAbove(setting.path, lower);
    if (list === undefined) used.push(setting);
    else refuseInList(source, setting, list, rules, diagnostics);
  };

  const tree: Record<string, Value> = {};
  const winners = new Map<string, Setting>();
  const take = (setting: Setting): void => {
    const path = formatPath(setting.path);
    const first = winners.get(path);
    if (first !== undefined) {
      const message = `"${first.name}" and "${setting.name}" both name "${path}"; "${first.name}" is used`;
      diagnostics.push({ source, code: "duplicate", message, path });
      return;
    }
    const value = read(source, setting, rules, lower, diagnostics);
    if ([setting.text].flat().some((text) => text.includes(REPLACED))) {
      const message = `"${setting.name}" has bytes that are not UTF-8: they are read as U+FFFD`;
      diagnostics.push({ source, code: "not_utf8", message, path });
    }
    if (value === undefined) {
      const message = `"${setting.name}" is empty and "${path}" is not a text: it counts as not set`;
      diagnostics.push({ source, code: "empty", message, path });
      return;
    }
    const list = listAbove(tree, setting.path);
    if (list !== undefined) {
      refuseInList(source, setting, list, rules, diagnostics);
      return;
    }
    const shadowed = set(tree, setting.path, value);
    if (shadowed !== undefined) {
      const above = formatPath(shadowed);
      const message = `"${setting.name}" makes "${above}" a table; the value of "${winners.get(above)?.name ?? above}" is not used`;
      diagnostics.push({ source, code: "shape", message, path: above });
      winners.delete(above);
    }
    winners.set(path, setting);
  };

  return andThen(eachInTurn(settings, keep, slices), () => {
    const ordered = used.sort((a, b) => a.path.length - b.path.length || a.rank - b.rank);
    return andThen(eachInTurn(ordered, take, slices), () => layerOf(source, tree, winners, diagnostics));
  });
}

function layerOf(
  source: string,
  tree: Table,
  winners: ReadonlyMap<string, Setting>,
  diagnostics: readonly Diagnostic[],
): Layer {
  const secrets = [...winners.values()].filter(({ secret }) => secret === true).map(({ path }) => path);
  return {
    source,
    tree,
    diagnostics,
    ...(secrets.length === 0 ? {} : { secrets }),
    origin: (path) => {
      for (let length = path.length; length > 0; length--) {
        const setting = winners.get(formatPath(path.slice(0, length)));
        if (setting !== undefined) return { source, ...setting.origin };
      }
      return { source };
    },
  };
}

/** @throws ConfigSourceError with the origin of the text */
function read(
  source: string,
  setting: Setting,
  { place }: NamesRules,
  lower: Knowledge,
  diagnostics: Diagnostic[],
): Value | undefined {
  const { path, text } = setting;
  try {
    const expected = lower.expected(path);
    if (typeof text === "string") return valueOfText(text, expected);
    if (takesList(expected)) {
      const parts = text.map((one) => valueOfText(one, expected));
      return parts.flatMap((part) =>
        Array.isArray(part) ? (part as readonly Value[]) : part === undefined ? [] : [part],
      );
    }
    if (expected === undefined) return text.flatMap((one) => valueOfText(one) ?? []);
    const shown = formatPath(path);
    const message = `"${setting.name}" is given ${text.length} times and "${shown}" is not a list: the last one counts`;
    diagnostics.push({ source, code: "repeated", message, path: shown });
    return valueOfText(text.at(-1)!, expected);
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    const from = place?.(setting.name) ?? placeOf({ source, ...setting.origin });
    const why = `"${formatPath([...path, ...error.path])}" cannot be read: ${error.message} (from ${from})`;
    throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "text" });
  }
}

function takesList(shape: Shape | undefined): boolean {
  return shape?.type === "array" || shape?.options?.some(takesList) === true;
}

/** The known list above a path. */
function knownListAbove(path: Segments, lower: Knowledge): Segments | undefined {
  for (let length = 1; length < path.length; length++) {
    const known = lower.expected(path.slice(0, length));
    if (known === undefined) return undefined;
    if (known.type === "array") return path.slice(0, length);
  }
  return undefined;
}

/** The list that another text of this layer has set above a path. */
function listAbove(tree: Readonly<Record<string, Value>>, path: Segments): Segments | undefined {
  let at: Value | undefined = tree;
  for (let length = 1; length < path.length; length++) {
    at = isTable(at) ? own(at, path[length - 1]!) : undefined;
    if (Array.isArray(at)) return path.slice(0, length);
  }
  return undefined;
}

function refuseInList(
  source: string,
  { name, path }: Setting,
  list: Segments,
  { whole_list, strict }: NamesRules,
  diagnostics: Diagnostic[],
): void {
  const why = `"${name}" leads into the list "${formatPath(list)}", and a list is set as a whole: ${whole_list}`;
  if (strict) throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "below_list" });
  diagnostics.push({ source, code: "below_list", message: `${why}; it is not used`, path: formatPath(path) });
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Sets a value, making tables on the way. Returns the path of a value that was replaced by a table. */
function set(tree: Record<string, Value>, path: Segments, value: Value): Segments | undefined {
  let shadowed: Segments | undefined;
  let at = tree;
  path.slice(0, -1).forEach((segment, depth) => {
    const below = own(at, segment);
    if (isTable(below)) {
      at = below as Record<string, Value>;
      return;
    }
    if (below !== undefined) shadowed = path.slice(0, depth + 1);
    at = at[segment] = {};
  });
  at[path[path.length - 1]!] = value;
  return shadowed;
}
