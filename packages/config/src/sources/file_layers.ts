import { dirname, isAbsolute, join } from "node:path";

import type { Contribution, Diagnostic } from "../core/layer.ts";
import { matches, parsePattern, type Pattern } from "../core/pattern.ts";
import type { Value } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";
import { type FormatName, format_by_extension, KNOWN_EXTENSIONS } from "../formats/by_extension.ts";
import { placeText, type Position } from "../formats/format.ts";
import { contribution_of, type FileContent, type FileNames, read_content } from "./file_content.ts";
import { MOST, type Round, too_many } from "./file_set.ts";

/** How files become layers. */
export interface FileRules {
  readonly source: string;
  /** How the names of `.env` files become paths. */
  readonly names: FileNames;
  /** The key at the top of a file that lists the files it includes; undefined without includes. */
  readonly include_key: string | undefined;
  /** Whether the source has several files, so that its name does not identify the file. */
  readonly one_of_many: boolean;
}

/** Maximum depth of includes. */
const DEEPEST = 10;

/** A file, and its path for messages. */
interface Named {
  /** Absolute. */
  readonly path: string;
  readonly shown: string;
}

/**
 * The layers of one load: files, and the files that these include.
 *
 * An include is a path, or a list of paths; relative to the including file; with `*`, `?`, `[a-z]` and `{a,b}` in any
 * part. A file's own settings override those of the files it includes; of several included files, the last one is on
 * top. A named file must exist, unless there is a `-` before it; a pattern may match nothing, and matches hidden files
 * only explicitly. Files must not include each other in a circle, nor deeper than ten levels.
 */
export class FileLayers {
  /** Lowest first. */
  readonly contributions: Contribution[] = [];
  readonly diagnostics: Diagnostic[] = [];
  private readonly round: Round<FileContent>;
  private readonly rules: FileRules;
  private readonly signal: AbortSignal;

  constructor(round: Round<FileContent>, rules: FileRules, signal: AbortSignal) {
    this.round = round;
    this.rules = rules;
    this.signal = signal;
  }

  /** Reads a file, whose content `add` then uses. Undefined if there is none. */
  read({ path, shown }: Named, format: FormatName): Promise<FileContent | undefined> {
    return this.round.file(path, shown, (bytes) => read_content(bytes, format, this.signal));
  }

  /**
   * Reads files of known formats all at once, because each may have to settle. What is wrong with one is an error when it
   * is added.
   *
   * @throws ConfigSourceError if there are too many
   */
  async read_all(files: readonly Named[]): Promise<void> {
    const formats = new Map(files.map((file) => [file.path, { file, format: known_format(file.path) }]));
    const known = [...formats.values()].filter(({ format }) => format !== undefined);
    if (known.length > MOST) throw too_many(this.rules.source, "files");
    await Promise.allSettled(known.map(({ file, format }) => this.read(file, format!)));
  }

  /** The names in a directory, sorted. Undefined if there is none. */
  directory({ path, shown }: Named): Promise<readonly string[] | undefined> {
    return this.round.directory(path, shown);
  }

  /**
   * Adds the layers of a file and of the files it includes.
   *
   * @returns whether the file exists
   */
  async add(file: Named, format: FormatName, chain: readonly Named[] = []): Promise<boolean> {
    const content = await this.read(file, format);
    if (content === undefined) return false;
    const { source, names, include_key, one_of_many } = this.rules;
    const { tree } = content.parsed;
    let own = tree;
    if (include_key !== undefined && format !== "env" && Object.hasOwn(tree, include_key)) {
      const { [include_key]: included, ...rest } = tree;
      own = rest;
      await this.include(included!, file, content, [...chain, file]);
    }
    // A file included twice counts twice.
    if (this.contributions.length >= MOST) throw this.failure("too_many", `more than ${MOST} files are merged`, file);
    const config = { source, shown: file.shown, format, names, one_of_many: one_of_many || chain.length > 0 };
    this.contributions.push(contribution_of(config, content, [], own));
    return true;
  }

  /** Adds a file that was found, not named: one with an unknown format is reported. */
  async add_found(file: Named, chain: readonly Named[] = []): Promise<void> {
    const format = known_format(file.path);
    if (format === undefined) {
      const message = `"${file.shown}" is not read, as its extension is unknown: known are ${KNOWN_EXTENSIONS}`;
      this.diagnostics.push({ source: this.rules.source, code: "unknown_format", message });
      return;
    }
    await this.add(file, format, chain);
  }

  private async include(included: Value, file: Named, content: FileContent, chain: readonly Named[]): Promise<void> {
    const { include_key } = this.rules;
    const list = Array.isArray(included) ? (included as readonly Value[]) : [included];
    const place = content.parsed.locate([include_key!]);
    const refuse = (code: string, why: string): ConfigSourceError => this.failure(code, why, file, place);
    if (chain.length > DEEPEST) {
      const files = chain.map(({ shown }) => `"${shown}"`).join(", ");
      throw refuse("too_deep", `files include one another deeper than ${DEEPEST} levels: ${files}`);
    }
    await this.readAhead(list, file);
    for (const written of list) {
      if (typeof written !== "string" || written === "" || written === "-" || written.includes("\0")) {
        throw refuse("include", `"${include_key}" must be a path or a list of paths`);
      }
      const isOptional = written.startsWith("-");
      const path = isOptional ? written.slice(1) : written;
      const isPattern = MAGIC.test(path);
      const named = await this.filesAt(path, file).catch((error: unknown) => {
        throw error instanceof TypeError ? refuse("include", error.message) : error;
      });
      for (const found of named) {
        const circle = chain.findIndex((above) => above.path === found.path);
        if (circle >= 0) {
          const files = [...chain.slice(circle), found].map(({ shown }) => `"${shown}"`).join(" → ");
          throw refuse("include_cycle", `files include one another in a circle: ${files}`);
        }
        if (isPattern) {
          await this.add_found(found, chain);
          continue;
        }
        const format = format_by_extension(found.path);
        if (format === undefined) {
          throw refuse("include", `the extension of "${found.shown}" is unknown, use one of ${KNOWN_EXTENSIONS}`);
        }
        if ((await this.add(found, format, chain)) || isOptional) continue;
        throw refuse(
          "missing",
          `it includes "${found.shown}", which does not exist (write "-${path}" if it is optional)`,
        );
      }
    }
  }

  /** Reads what a file includes. What is wrong with a path is an error when it is included. */
  private async readAhead(list: readonly Value[], file: Named): Promise<void> {
    const found = list.map(async (written) => {
      if (typeof written !== "string" || written.includes("\0")) return [];
      return this.filesAt(written.replace(/^-/, ""), file).catch(() => []);
    });
    await this.read_all((await Promise.all(found)).flat());
  }

  /** The files of a path or pattern, sorted. */
  private async filesAt(written: string, from: Named): Promise<readonly Named[]> {
    const base: Named = isAbsolute(written)
      ? { path: "/", shown: "/" }
      : { path: dirname(from.path), shown: dirname(from.shown) };
    if (!MAGIC.test(written)) {
      return [isAbsolute(written) ? { path: join(written), shown: written } : below(base, written)];
    }
    let found: readonly Named[] = [base];
    for (const part of written.split("/").filter((one) => one !== "" && one !== ".")) {
      const pattern = MAGIC.test(part) ? patternOf(part) : undefined;
      const next = found.map(async (place): Promise<readonly Named[]> => {
        if (pattern === undefined) return [below(place, part)];
        const names = (await this.directory(place).catch(noDirectory)) ?? [];
        const isHidden = (name: string): boolean => name.startsWith(".") && !part.startsWith(".");
        return names.filter((name) => !isHidden(name) && matches(pattern, [name])).map((name) => below(place, name));
      });
      found = (await Promise.all(next)).flat();
    }
    return found;
  }

  private failure(code: string, why: string, { shown }: Named, at?: Position): ConfigSourceError {
    return new ConfigSourceError(`Cannot read "${shown}": ${why}${placeText(at)}`, {
      source: this.rules.source,
      code,
      file: shown,
      ...at,
    });
  }
}

/** The key that lists includes. @throws TypeError if the option is invalid */
export function include_key_of(action: string, includes: unknown): string | undefined {
  if (includes === undefined || includes === false) return undefined;
  if (includes === true) return "include";
  if (typeof includes === "string" && includes !== "") return includes;
  throw new TypeError(`${action}: includes must be true or the key that lists them, got ${typeof includes}`);
}

/** The format of a file found in a directory; the format of one without an extension is unknown. */
export function known_format(path: string): FormatName | undefined {
  return HAS_EXTENSION.test(path) ? format_by_extension(path) : undefined;
}

/** @throws TypeError for an invalid pattern */
function patternOf(part: string): Pattern {
  if (part.includes("**")) {
    throw new TypeError('a pattern names the files of directories one by one: "**" is not known');
  }
  // A dot separates segments elsewhere, so it is escaped, unless it already is.
  const segment = part.replace(/\\.|\./g, (sign) => (sign === "." ? "\\." : sign));
  return parsePattern(segment, "include files");
}

/** The errors that a pattern ignores. */
function noDirectory(error: unknown): undefined {
  if (error instanceof ConfigSourceError && error.code === "not_a_directory") return;
  throw error;
}

const HAS_EXTENSION = /\.[^./\\]+$/;
const MAGIC = /[*?[{]/;

function below({ path, shown }: Named, name: string): Named {
  return { path: join(path, name), shown: join(shown, name) };
}
