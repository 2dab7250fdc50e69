import { ConfigSourceError } from "../errors.ts";
import type { Diagnostic, Knowledge, Layer } from "./layer.ts";
import { few } from "./few.ts";
import { andThen } from "./maybe.ts";
import { formatPath, MAX_DEPTH, parsePath } from "./path.ts";
import { matches, type Pattern } from "./pattern.ts";
import { type ServiceLinks, serviceLinks } from "./service_links.ts";
import { type Budget, budgetForTexts, eachInTurn, UNLIMITED } from "./sliced.ts";
import { type NamesRules, type Setting, textLayer } from "./text_layer.ts";
import type { Segments } from "./value.ts";

/**
 * How a variable's name becomes a path, in this order:
 *
 *  1. `mapping` names the path;
 *  2. in a name with `__`, `__` separates the segments; each becomes the known key that reads the same, or itself in
 *    lower case: `MYAPP_DATABASE__MAX_CONNECTIONS` is `database.max_connections`, or `database.maxConnections`;
 *  3. the lower layers or the schema have exactly one path that reads the same: `MYAPP_DATABASE_MAX_CONNECTIONS` is
 *    `database.max_connections`, or `database.maxConnections`, once a file or the schema has that;
 *  4. otherwise every `_` separates; also if several known paths match, which is reported as ambiguous.
 *
 * Names read the same if they are equal apart from capitals, dashes, dots and underscores (`known_paths.ts`). A prefix
 * ends at an underscore, whether it is written with one or not. With `mode: "naive"` only the fourth rule applies.
 *
 * Left out with a diagnostic: variables that Kubernetes and Docker set for services (`service_links.ts`); an empty text
 * for a value that is not a text (`text_value.ts`). Left out without one: names that `ignore` matches. A name that
 * leads into a list is refused: a list is set as a whole.
 *
 * With `files`, `NAME_FILE` names a file that holds the text of `NAME`, as in Docker images, unless a mapping has the
 * path of `NAME_FILE` itself, or the lower layers or the schema have a path that reads the same. Setting both is
 * refused, and so is a file that cannot be read; without a prefix these are only diagnostics, because the variable may
 * belong to another program. Such a value is a secret.
 *
 * If two variables name the same path, the earlier rule wins, then the name that sorts first (`text_layer.ts`).
 *
 * The rule is decision "Environment names" of the specification.
 */

/** The rules for reading names. */
export interface EnvironmentRules {
  /**
   * Only variables that start with the prefix and an underscore count; it is not part of the path. Empty: every
   * variable.
   */
  readonly prefix: string;
  /** Path by variable name, complete or without the prefix. A complete name need not have the prefix. */
  readonly mapping: Readonly<Record<string, string | Segments>>;
  readonly mode: "smart" | "naive";
  /** Variables that are left out. */
  readonly ignore?: readonly Pattern[];
  /** Whether variables that Kubernetes and Docker set for services count as well. */
  readonly service_links?: boolean;
}

/** The file of a variable that names one. */
export interface VariableFile {
  /** The path in the variable; empty if the variable is. */
  readonly path: string;
  /** Its content, or why it cannot be read: a code, and a text to follow `cannot be read:`. */
  readonly content: { readonly text: string } | { readonly code: string; readonly why: string };
}

/** The ending of variables that name a file. */
export const FILE_SUFFIX = "_FILE";

/** The prefix with its final underscore. */
export function prefixOf(prefix: string): string {
  return prefix === "" || prefix.endsWith("_") ? prefix : `${prefix}_`;
}

/**
 * A variable's name with the prefix in its own spelling, if the name begins with the prefix apart from capitals, as on
 * Windows, where case is ignored: `MyApp_Port` is `MYAPP_Port`.
 *
 * @returns undefined if it does not begin with the prefix, or begins with it exactly
 */
export function otherwiseSpelt(variable: string, prefix: string): string | undefined {
  const whole = prefixOf(prefix);
  if (variable.startsWith(whole) || !variable.toUpperCase().startsWith(whole.toUpperCase())) return undefined;
  return whole + variable.slice(whole.length);
}

/** The rule that turned a variable's name into a path, as in `Origin.rule`. */
export type EnvironmentRule = "mapping" | "double_underscore" | "known_path" | "single_underscore" | "naive";

/** A description of the rule. */
export function ruleInWords(rule: string): string {
  return Object.hasOwn(WORDS, rule) ? WORDS[rule as EnvironmentRule] : rule;
}

const WORDS: Readonly<Record<EnvironmentRule, string>> = {
  mapping: "the mapping names the path",
  double_underscore: '"__" separates',
  known_path: "a known path reads the same",
  single_underscore: 'every "_" separates',
  naive: 'every "_" separates, by mode: "naive"',
};

/**
 * Makes the layer of the environment.
 *
 * @param source the source's name, for origins and diagnostics
 * @param entries the variables; one whose value is undefined is not set
 * @param lower the paths and types of the lower layers and the schema
 * @param place the place where a variable is set, as text; by default the process's environment
 * @param files the files read for variables that may name files
 * @param budget lets many variables be read in slices
 * @returns a promise if there is a budget and there are many variables
 * @throws ConfigSourceError if a mapping has an impossible path; or rejects with it
 */
export function environmentLayer(
  source: string,
  entries: Readonly<Record<string, string | undefined>>,
  rules: EnvironmentRules,
  lower: Knowledge,
  place?: NamesRules["place"],
  files?: ReadonlyMap<string, VariableFile>,
): Layer;
export function environmentLayer(
  source: string,
  entries: Readonly<Record<string, string | undefined>>,
  rules: EnvironmentRules,
  lower: Knowledge,
  place: NamesRules["place"],
  files: ReadonlyMap<string, VariableFile> | undefined,
  budget: Budget,
): Layer | Promise<Layer>;
export function environmentLayer(
  source: string,
  entries: Readonly<Record<string, string | undefined>>,
  rules: EnvironmentRules,
  lower: Knowledge,
  place?: NamesRules["place"],
  files: ReadonlyMap<string, VariableFile> = NO_FILES,
  budget: Budget = UNLIMITED,
): Layer | Promise<Layer> {
  const diagnostics: Diagnostic[] = [];
  const settings: Setting[] = [];
  const variables = Object.keys(entries);
  const slices = budgetForTexts(variables.length, budget);
  let links: ReadonlySet<string> = NO_LINKS;
  const take = (variable: string): void => {
    const text = entries[variable];
    if (text === undefined || links.has(variable)) return;
    if (rules.ignore?.some((pattern) => matches(pattern, [variable])) === true) return;
    const fileOf = (name: string): VariableFile | undefined => {
      return files.has(name) && !isPlain(name, rules, lower) ? files.get(name) : undefined;
    };
    if (text === "" && (fileOf(`${variable}${FILE_SUFFIX}`)?.path ?? "") !== "") return;
    const file = fileOf(variable);
    if (file?.path === "") {
      const message = `"${variable}" is empty, and names no file: it counts as not set`;
      diagnostics.push({ source, code: "empty", message });
      return;
    }
    const meant = file === undefined ? variable : variable.slice(0, -FILE_SUFFIX.length);
    const named = pathOf(source, meant, rules, lower, diagnostics);
    if (named === undefined) return;
    const { path, rule } = named;
    const setting: Setting = { name: variable, path, text, rank: ORDER.indexOf(rule), origin: { variable, rule } };
    if (file === undefined) settings.push(setting);
    else {
      const held = textIn(source, variable, meant, file, entries, rules, diagnostics);
      if (held === undefined) return;
      settings.push({ ...setting, text: held, origin: { variable, rule, file: file.path }, secret: true });
    }
  };
  // Without a prefix, a name that leads into a list belongs to another program.
  const names: NamesRules = { whole_list: "put a JSON list into one variable", strict: rules.prefix !== "", place };
  const linked = rules.service_links === true ? links : linksAmong(source, entries, rules, diagnostics, slices);
  return andThen(linked, (found) => {
    links = found;
    return andThen(eachInTurn(variables.sort(), take, slices), () =>
      textLayer(source, settings, names, lower, diagnostics, budget),
    );
  });
}

const NO_LINKS: ReadonlySet<string> = new Set();

const NO_FILES: ReadonlyMap<string, VariableFile> = new Map();

/** Whether a variable that might name a file is an ordinary one. */
function isPlain(variable: string, rules: EnvironmentRules, lower: Knowledge): boolean {
  if (mappingOf(variable, rules) !== undefined) return true;
  const prefix = prefixOf(rules.prefix);
  if (rules.mode === "naive" || !variable.startsWith(prefix)) return false;
  const name = variable.slice(prefix.length);
  const bare = name.replace(/^_+/, "").replace(/_+$/, "");
  if (!bare.includes("__")) return lower.paths(bare.toLowerCase()).some((path) => lower.has(path));
  return lower.has(lower.named(bare.split(/__+/)).map((keys) => keys[0]!));
}

/** @throws ConfigSourceError if the file cannot be read, or the variable itself is set as well */
function textIn(
  source: string,
  variable: string,
  meant: string,
  { path, content }: VariableFile,
  entries: Readonly<Record<string, string | undefined>>,
  { prefix }: EnvironmentRules,
  diagnostics: Diagnostic[],
): string | undefined {
  const refuse = (code: string, why: string): void => {
    if (prefix !== "") throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code, file: path });
    diagnostics.push({ source, code, message: `${why}; "${variable}" is not used` });
  };
  const other = own(entries, meant);
  if (other !== undefined && other !== "") {
    refuse("exclusive", `"${meant}" and "${variable}" are both set, only one of them is allowed`);
  } else if ("text" in content) {
    return content.text;
  } else {
    const hint = `map "${variable}" if it is a setting of its own`;
    refuse(content.code, `"${path}", the file that "${variable}" names, cannot be read: ${content.why} (${hint})`);
  }
  return undefined;
}

/**
 * The variable that sets a path: the one in the mapping, otherwise the shortest one that is read as this path and no
 * other. Undefined if there is none.
 */
export function variableFor(path: Segments, rules: EnvironmentRules, lower: Knowledge): string | undefined {
  const words = path.map((key) =>
    key
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replace(/[^A-Za-z0-9]+/g, "_")
      .toUpperCase(),
  );
  const prefix = prefixOf(rules.prefix);
  const names = [...Object.keys(rules.mapping), `${prefix}${words.join("_")}`, `${prefix}${words.join("__")}`];
  return names.find((variable) => {
    if (rules.ignore?.some((pattern) => matches(pattern, [variable])) === true) return false;
    const found: Diagnostic[] = [];
    const named = pathOf("", variable, rules, lower, found);
    return found.length === 0 && named !== undefined && formatPath(named.path) === formatPath(path);
  });
}

const ORDER: readonly EnvironmentRule[] = ["mapping", "double_underscore", "known_path", "single_underscore", "naive"];

function pathOf(
  source: string,
  variable: string,
  rules: EnvironmentRules,
  lower: Knowledge,
  diagnostics: Diagnostic[],
): { readonly path: Segments; readonly rule: EnvironmentRule } | undefined {
  const prefix = prefixOf(rules.prefix);
  const inside = variable.startsWith(prefix);
  const name = inside ? variable.slice(prefix.length) : "";
  const mapped = mappingOf(variable, rules);
  if (mapped !== undefined) return { path: mappedPath(source, variable, mapped), rule: "mapping" };
  if (!inside) return undefined;
  const lowered = name.toLowerCase();
  const words = lowered.split("_").filter((word) => word !== "");
  if (words.length === 0) {
    diagnostics.push({ source, code: "empty_name", message: `"${variable}" names no path; it is not used` });
    return undefined;
  }
  if (words.length > MAX_DEPTH) {
    const shown = variable.length > 100 ? `${variable.slice(0, 100)}…` : variable;
    const message = `"${shown}" has more than ${MAX_DEPTH} words; it is not used`;
    diagnostics.push({ source, code: "too_deep", message });
    return undefined;
  }
  if (rules.mode === "naive") return { path: words, rule: "naive" };
  const bare = name.replace(/^_+/, "").replace(/_+$/, "");
  const ambiguous = (fits: readonly Segments[], path: Segments, advice: string): void => {
    const shown = few(fits, (fit) => `"${formatPath(fit)}"`, SHOWN);
    const message = `"${variable}" fits ${shown.join(", ")}; it is read as "${formatPath(path)}", ${advice}`;
    diagnostics.push({ source, code: "ambiguous", message, path: formatPath(path) });
  };
  if (bare.includes("__")) {
    const fits = lower.named(bare.split(/__+/));
    const path = fits.map((keys) => keys[0]!);
    const unclear = fits.findIndex((keys) => keys.length > 1);
    if (unclear >= 0) {
      const paths = fits[unclear]!.map((key) => [...path.slice(0, unclear), key]);
      ambiguous(paths, path.slice(0, unclear + 1), "map it to choose");
    }
    return { path, rule: "double_underscore" };
  }
  const known = lower.paths(words.join("_"));
  if (known.length === 1) return { path: known[0]!, rule: "known_path" };
  if (known.length > 1) ambiguous(known, words, 'write "__" between segments to choose');
  return { path: words, rule: "single_underscore" };
}

/** Maximum number of paths in a diagnostic. */
const SHOWN = 5;

/** The mapping of a variable, by its complete name or the part after the prefix. */
function mappingOf(variable: string, { mapping, mode, prefix }: EnvironmentRules): string | Segments | undefined {
  if (mode === "naive") return undefined;
  const whole = own(mapping, variable);
  if (whole !== undefined || !variable.startsWith(prefixOf(prefix))) return whole;
  return own(mapping, variable.slice(prefixOf(prefix).length)) ?? own(mapping, variable.slice(prefix.length));
}

function linksAmong(
  source: string,
  entries: Readonly<Record<string, string | undefined>>,
  rules: EnvironmentRules,
  diagnostics: Diagnostic[],
  budget: Budget,
): ReadonlySet<string> | Promise<ReadonlySet<string>> {
  const all = new Set<string>();
  const leaveOut = ({ service, variables }: ServiceLinks): void => {
    const left = variables.filter((variable) => {
      const counts = variable.startsWith(prefixOf(rules.prefix)) && mappingOf(variable, rules) === undefined;
      return counts && rules.ignore?.some((pattern) => matches(pattern, [variable])) !== true;
    });
    for (const variable of left) all.add(variable);
    if (left.length === 0) return;
    const shown = left
      .slice(0, 3)
      .map((variable) => `"${variable}"`)
      .join(", ");
    const rest = left.length > 3 ? ` and ${left.length - 3} more` : "";
    const message = `${shown}${rest} describe the service "${service}" of Kubernetes or Docker and are not used; { service_links: true } uses them`;
    diagnostics.push({ source, code: "service_link", message });
  };
  return andThen(serviceLinks(entries, budget), (groups) => andThen(eachInTurn(groups, leaveOut, budget), () => all));
}

function mappedPath(source: string, variable: string, mapped: string | Segments): Segments {
  const action = `map environment variable "${variable}" to path`;
  let problem = "it names no path";
  try {
    const path = parsePath(mapped, action);
    if (path.length > 0 && !path.includes("__proto__")) return path;
    if (path.length > 0) problem = 'no table may have the key "__proto__"';
  } catch (error) {
    throw new ConfigSourceError((error as Error).message, { source, code: "mapping" });
  }
  throw new ConfigSourceError(`Cannot ${action}: ${problem}`, { source, code: "mapping" });
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
