import { ConfigSourceError } from "../errors.ts";
import { few } from "./few.ts";
import type { Diagnostic, Knowledge, Layer } from "./layer.ts";
import { formatPath, MAX_DEPTH, parsePath } from "./path.ts";
import { foldedName, namedPath } from "./named_path.ts";
import { matches, type Pattern } from "./pattern.ts";
import { andThen } from "./maybe.ts";
import { type Budget, budgetForTexts, eachInTurn } from "./sliced.ts";
import { type NamesRules, type Setting, textLayer } from "./text_layer.ts";
import type { Segments } from "./value.ts";

/**
 * How a command-line option becomes a path and a value.
 *
 *     --database.url x   --database.url=x    the value follows the name
 *     --verbose          --no-cache          true, false
 *     --set a.b=1                            any path, unchanged
 *     --host a --host b                      a list
 *     -- ends the options; the rest belongs to the program
 *
 * The name, in this order: `mapping` has the path; in a name with dots, each part becomes the known key that reads the
 * same (`--database.max-connections` is `database.max_connections`), or stays as it is; a name without dots is the only
 * known path that reads the same (`--database-url` is `database.url`), or a key at the top. `--no-NAME` is false at
 * `NAME`, unless `no-NAME` is known.
 *
 * The value is the text after `=`, otherwise the next argument unless that is an option; a boolean takes only `true`
 * and `false`. It is read by the rule for texts (`text_value.ts`). If an option is given several times, each is an
 * element if a list is expected or the path is unknown; otherwise the last one counts. `--set PATH=VALUE` overrides an
 * option for the same path.
 *
 * An option with one dash needs a mapping: `-p 80`, `-p=80`. Other arguments belong to the program.
 */
export interface ArgumentsRules {
  /** Path by option, without its dashes. */
  readonly mapping: ReadonlyMap<string, Segments>;
  readonly ignore: readonly Pattern[];
}

/** An option as it was written. */
export interface Option {
  /** The name without its dashes. */
  readonly name: string;
  /** The name with its dashes. */
  readonly raw: string;
  /** The text after `=`. */
  readonly inline: string | undefined;
  /** The next argument, if that is not an option. */
  readonly next: string | undefined;
}

/** The options among arguments. @throws ConfigSourceError for one without a name */
export function parseArguments(source: string, argv: readonly string[]): readonly Option[] {
  const options: Option[] = [];
  const end = argv.indexOf("--");
  const written = end === -1 ? argv : argv.slice(0, end);
  for (const [index, argument] of written.entries()) {
    if (isValue(argument)) continue;
    const equals = argument.indexOf("=");
    const raw = equals === -1 ? argument : argument.slice(0, equals);
    const name = raw.replace(/^--?/, "");
    if (name === "") throw failure(source, `argument ${index + 1} has no name before "="`);
    const next = written[index + 1];
    options.push({
      name,
      raw,
      inline: equals === -1 ? undefined : argument.slice(equals + 1),
      next: next !== undefined && isValue(next) ? next : undefined,
    });
  }
  return options;
}

/** Whether an argument is not an option. Negative numbers and the dash for standard input are not options. */
function isValue(argument: string): boolean {
  return !argument.startsWith("-") || argument === "-" || /^-\.?\d/.test(argument);
}

/** A setting from an option. */
interface Given {
  readonly raw: string;
  readonly path: Segments;
  readonly texts: string[];
  readonly rank: number;
}

/**
 * Makes the layer of the options.
 *
 * @param budget lets many options be read in slices
 * @returns a promise if there are many options
 * @throws ConfigSourceError for an invalid option; or rejects with it
 */
export function argumentsLayer(
  source: string,
  options: readonly Option[],
  rules: ArgumentsRules,
  lower: Knowledge,
  budget: Budget,
): Layer | Promise<Layer> {
  const diagnostics: Diagnostic[] = [];
  const given = new Map<string, Given>();
  const slices = budgetForTexts(options.length, budget);
  const take = (option: Option): void => {
    if (rules.ignore.some((pattern) => matches(pattern, [option.name]))) return;
    const read =
      option.raw === "--set" && !rules.mapping.has("set")
        ? setOf(source, option)
        : namedBy(source, option, rules, lower, diagnostics);
    if (read === undefined) return;
    const key = `${read.rank} ${formatPath(read.path)}`;
    const before = given.get(key);
    if (before === undefined) given.set(key, { ...read, texts: [read.text] });
    else before.texts.push(read.text);
  };
  const settings: Setting[] = [];
  const unknown = new UnknownPaths(source, lower);
  const set = ({ raw, path, texts, rank }: Given): void => {
    unknown.look(raw, path);
    const text = texts.length === 1 ? texts[0]! : texts;
    settings.push({ name: raw, path, text, rank, origin: { place: `argv:${raw}` } });
  };
  return andThen(eachInTurn(options, take, slices), () =>
    andThen(eachInTurn(given.values(), set, slices), () => {
      diagnostics.push(...unknown.diagnostics());
      return textLayer(source, settings, NAMES, lower, diagnostics, budget);
    }),
  );
}

const NAMES: NamesRules = { whole_list: "give it as a JSON list, or once for each element", strict: true };

interface Read {
  readonly raw: string;
  readonly path: Segments;
  readonly text: string;
  readonly rank: number;
}

function setOf(source: string, { inline, next }: Option): Read {
  const text = inline ?? next ?? "";
  const equals = text.indexOf("=");
  if (equals < 1) throw failure(source, '"--set" must be followed by PATH=VALUE');
  const written = text.slice(0, equals);
  return { raw: `--set ${written}`, path: pathIn(source, written), text: text.slice(equals + 1), rank: 0 };
}

function pathIn(source: string, written: string): Segments {
  try {
    return safe(source, parsePath(written, `read path of "--set"`), written);
  } catch (error) {
    if (error instanceof ConfigSourceError) throw error;
    throw failure(source, (error as Error).message);
  }
}

function namedBy(
  source: string,
  option: Option,
  rules: ArgumentsRules,
  lower: Knowledge,
  diagnostics: Diagnostic[],
): Read | undefined {
  const { name, raw, inline, next } = option;
  const mapped = rules.mapping.get(name);
  if (mapped === undefined && !raw.startsWith("--")) {
    // A value may follow the letter directly.
    const shown = raw.length > 2 ? `${raw.slice(0, 2)}…` : raw;
    const message = `"${shown}" has one dash, and no mapping names a path for it; it is not used`;
    diagnostics.push({ source, code: "unknown_argument", message });
    return undefined;
  }
  if (mapped === undefined && name.startsWith("no-") && name.length > 3 && !isKnown(name, lower)) {
    const path = rules.mapping.get(name.slice(3)) ?? pathOf(source, raw, name.slice(3), lower, diagnostics);
    if (inline !== undefined) throw failure(source, `"${raw}" is false by itself, and takes no value`);
    return { raw, path, text: "false", rank: 1 };
  }
  const path = mapped ?? pathOf(source, raw, name, lower, diagnostics);
  const expected = lower.expected(path)?.type;
  const takesNext = expected === "boolean" ? next === "true" || next === "false" : next !== undefined;
  if (expected === "string" && inline === undefined && !takesNext) {
    const message = `"${raw}" has no value, and "${formatPath(path)}" is a text: it is read as "true"`;
    diagnostics.push({ source, code: "no_value", message, path: formatPath(path) });
  }
  return { raw, path, text: inline ?? (takesNext ? next! : "true"), rank: 1 };
}

function isKnown(name: string, lower: Knowledge): boolean {
  const parts = name.split(".");
  if (parts.length === 1) return lower.paths(foldedName(name)).length > 0;
  return lower.expected(lower.named(parts).map((keys) => keys[0]!)) !== undefined;
}

function pathOf(source: string, raw: string, name: string, lower: Knowledge, diagnostics: Diagnostic[]): Segments {
  const parts = name.split(".");
  if (parts.includes("")) throw failure(source, `"${raw}" has an empty part in its name`);
  if (parts.length > MAX_DEPTH) throw failure(source, `an option has more than ${MAX_DEPTH} parts in its name`);
  const ambiguous = (fits: readonly Segments[], path: Segments): void => {
    const shown = few(fits, (fit) => `"${formatPath(fit)}"`).join(", ");
    const message = `"${raw}" fits ${shown}; it is read as "${formatPath(path)}", use "--set" to choose`;
    diagnostics.push({ source, code: "ambiguous", message, path: formatPath(path) });
  };
  if (parts.length === 1) {
    const fits = lower.paths(foldedName(name));
    const path = fits.find((fit) => fit.length === 1 && fit[0] === name) ?? fits[0] ?? [name];
    if (fits.length > 1 && path[0] !== name) ambiguous(fits, path);
    return safe(source, path, raw);
  }
  const keep = (part: string): string => part;
  return safe(
    source,
    namedPath(parts, lower, keep, (fits) => ambiguous(fits, fits[0]!)),
    raw,
  );
}

function safe(source: string, path: Segments, raw: string): Segments {
  if (path.length > 0 && !path.includes("__proto__")) return path;
  throw failure(source, `"${raw}": no table may have the key "__proto__"`);
}

/** Maximum number of unknown paths that are compared with all known ones: each may take some milliseconds. */
const MOST_COMPARED = 100;

/** The options whose paths nothing else knows. Without a lower layer no path is known, and none can be misspelt. */
class UnknownPaths {
  private readonly source: string;
  private readonly lower: Knowledge;
  private readonly found: Diagnostic[] = [];
  /** Number of unknown paths. */
  private count = 0;

  constructor(source: string, lower: Knowledge) {
    this.source = source;
    this.lower = lower;
  }

  /** Looks at the path that an option sets. */
  look(raw: string, path: Segments): void {
    if (this.lower.has(path) || this.lower.expected(path) !== undefined || ++this.count > MOST_COMPARED) return;
    const near = this.lower.near(path);
    if (near === undefined) return;
    const shown = formatPath(path);
    const message = `"${raw}" sets "${shown}", which nothing else knows; the nearest known path is "${formatPath(near)}"`;
    this.found.push({ source: this.source, code: "unknown_path", message, path: shown });
  }

  /** A diagnostic for each option that is probably misspelt, and one for those that were too many to compare. */
  diagnostics(): readonly Diagnostic[] {
    if (this.found.length === 0 || this.count <= MOST_COMPARED) return this.found;
    const message = `${this.count} options set paths that nothing else knows; only the first ${MOST_COMPARED} were compared with the known ones`;
    return [...this.found, { source: this.source, code: "unknown_path", message }];
  }
}

function failure(source: string, why: string): ConfigSourceError {
  return new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "argument" });
}
