import { ConfigSourceError } from "../errors.ts";
import { few } from "./few.ts";
import type { Diagnostic, Knowledge, Layer } from "./layer.ts";
import { foldedName, namedPath } from "./named_path.ts";
import { formatPath, MAX_DEPTH } from "./path.ts";
import { andThen } from "./maybe.ts";
import { type Budget, budgetForTexts, eachInTurn } from "./sliced.ts";
import { type NamesRules, type Setting, textLayer } from "./text_layer.ts";
import type { Segments } from "./value.ts";

/**
 * How files with one value each become a layer. The name is split at the separators (`__` and `.`); directories are
 * segments unchanged. Each part becomes the known key that reads the same, otherwise itself, in lower case if it is all
 * capitals. A name without separators at the top is the only known path that reads the same, otherwise a key.
 *
 *     database/password   database.password   DATABASE__PASSWORD      database.password
 *     db_password                                                     db.password if that is known, else db_password
 *
 * The value is the text, without a single line break at its end, read by the rule for texts (`text_value.ts`).
 */
export interface FileKeyRules {
  /** The path above all of them. */
  readonly at: Segments;
  readonly separators: readonly string[];
  /** Whether the values are secrets. */
  readonly secret: boolean;
}

/** A file with one value. */
export interface FileKey {
  /** The path for messages. */
  readonly shown: string;
  /** Its directories, and the parts of its name. */
  readonly parts: readonly string[];
  readonly text: string;
}

/**
 * The parts of a file's name.
 *
 * @param directories the names of the directories above it
 * @throws ConfigSourceError for a name that is not a path
 */
export function partsOf(
  source: string,
  shown: string,
  directories: readonly string[],
  name: string,
  { at, separators }: FileKeyRules,
): readonly string[] {
  const bits = separators.reduce((parts, separator) => parts.flatMap((part) => part.split(separator)), [name]);
  const parts = [...directories, ...bits];
  const fault = parts.includes("")
    ? "it has an empty part in its name"
    : parts.includes("__proto__")
      ? 'no table may have the key "__proto__"'
      : at.length + parts.length > MAX_DEPTH
        ? `it has more than ${MAX_DEPTH} parts in its name`
        : undefined;
  if (fault === undefined) return parts;
  throw new ConfigSourceError(`Cannot read "${shown}": ${fault}`, { source, file: shown, code: "name" });
}

/**
 * Makes the layer of files with one value each.
 *
 * @param budget lets many files be read in slices
 * @returns a promise if there are many files
 * @throws ConfigSourceError for a name that leads into a list; or rejects with it
 */
export function fileKeysLayer(
  source: string,
  files: readonly FileKey[],
  rules: FileKeyRules,
  lower: Knowledge,
  diagnostics: readonly Diagnostic[],
  budget: Budget,
): Layer | Promise<Layer> {
  const found = [...diagnostics];
  const settings: Setting[] = [];
  const set = ({ shown, parts, text }: FileKey): void => {
    const ambiguous = (fits: readonly Segments[]): void => {
      const paths = few(fits, (fit) => `"${formatPath(fit)}"`);
      const message = `"${shown}" fits ${paths.join(", ")}; it is read as ${paths[0]!}`;
      found.push({ source, code: "ambiguous", message, path: formatPath(fits[0]!) });
    };
    const path = pathOf(parts, rules.at, lower, ambiguous);
    const origin = { file: shown, place: `file:${shown}` };
    settings.push({ name: shown, path, text, rank: 0, origin, ...(rules.secret ? { secret: true } : {}) });
  };
  return andThen(eachInTurn(files, set, budgetForTexts(files.length, budget)), () =>
    textLayer(source, settings, NAMES, lower, found, budget),
  );
}

const NAMES: NamesRules = { whole_list: "put a JSON list into one file", strict: true };

function pathOf(
  parts: readonly string[],
  at: Segments,
  lower: Knowledge,
  ambiguous: (fits: readonly Segments[]) => void,
): Segments {
  if (parts.length === 1 && at.length === 0) {
    const fits = lower.paths(foldedName(parts[0]!));
    if (fits.length > 1) ambiguous(fits);
    if (fits.length > 0) return fits[0]!;
  }
  const path = namedPath([...at, ...parts], lower, plain, ambiguous);
  return [...at, ...path.slice(at.length)];
}

function plain(part: string): string {
  return part === part.toUpperCase() ? part.toLowerCase() : part;
}
