import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { contributionOf } from "../core/contribution.ts";
import { type FileKey, type FileKeyRules, fileKeysLayer, partsOf } from "../core/file_keys.ts";
import type { Diagnostic } from "../core/layer.ts";
import { parsePath } from "../core/path.ts";
import type { Segments } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";
import { decode_utf8 } from "../formats/utf8.ts";
import { type ConfDirectoryOptions, ConfDirectory } from "./conf_directory.ts";
import { FileSet, MOST, type Round, too_many } from "./file_set.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import { systemCode } from "./system_words.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";

/** Options of a `DirectorySource`. */
export interface DirectoryOptions extends WatchedFileOptions {
  /** The path above all its values: `"database"`. Default: the root. */
  readonly at?: string | Segments;
  /** Separators of segments in the name of a file. Default: `["__", "."]`; `[]` for none. */
  readonly separators?: readonly string[];
  /** Whether the values are secrets, whatever their names: never shown in logs, errors, `status`, … Default `true`. */
  readonly secret?: boolean;
  /** Larger files, in bytes, are left out with a diagnostic. Default 1 MiB. */
  readonly max_bytes?: number;
  /** Name in `status`; by default `directory:` and the path. */
  readonly name?: string;
  /** Whether an unreadable directory fails the start (default `true`). A missing one counts as empty. */
  readonly required?: boolean;
  /** What a later deletion of the directory does: `"keep"` (default) the last values or `"clear"` them. */
  readonly on_missing?: "keep" | "clear";
}

/** The content of a file: a text, or not a text. */
type Content = { readonly text: string } | { readonly text: undefined };

/** Maximum depth of directories. */
const DEEPEST = 16;
/** How many entries of a directory are looked at together. */
const AT_ONCE = 64;

/**
 * Configuration from a directory with one file for each value: secrets of Kubernetes and Docker, credentials of
 * systemd, and other mounts of that kind. `core/file_keys.ts` describes how the name of a file becomes a path.
 *
 * The directory is watched, including for added and removed files and for the link `..data` that Kubernetes re-points,
 * and taken as one: old and new values are never mixed. Hidden files and files that are not regular are left out; files
 * that are not text or are too large are left out with a diagnostic.
 *
 * @example new DirectorySource("/run/secrets")
 * @example new DirectorySource("/etc/myapp/database", { at: "database" })
 * @example new DirectorySource("/etc/myapp/flags", { secret: false })
 */
export class DirectorySource implements Source {
  readonly kind = "directory";
  readonly name: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  private readonly files: FileSet<Content>;
  /** The path, and its form for messages. */
  private readonly placeIn: (env: SourceContext["env"]) => readonly [path: string, shown: string] | undefined;
  private readonly rules: FileKeyRules;
  private readonly must_exist: boolean;

  /**
   * @param path the directory; relative to the current working directory. It need not exist.
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for an invalid time or size
   */
  constructor(path: string | URL, options: DirectoryOptions = {}) {
    const { at = [], separators = ["__", "."], secret = true, name, required, on_missing, ...rest } = options;
    const { max_bytes = 1024 * 1024, ...others } = rest;
    this.files = new FileSet("DirectorySource", path, { ...others, max_bytes });
    const shown = path instanceof URL ? fileURLToPath(path) : path;
    const action = `make a DirectorySource of "${shown}"`;
    if (!Array.isArray(separators) || !separators.every((one) => typeof one === "string" && one !== "")) {
      throw new TypeError(`Cannot ${action}: separators must be a list of texts that are not empty`);
    }
    if (typeof secret !== "boolean") {
      throw new TypeError(`Cannot ${action}: secret must be a boolean, got ${typeof secret}`);
    }
    const top = Array.isArray(at) && at.length === 0 ? [] : parsePath(at, `${action}: at`);
    this.rules = { at: top, separators: [...(separators as readonly string[])], secret };
    this.must_exist = options.must_exist ?? false;
    const absolute = resolve(shown);
    const variable = credentials.get(options);
    this.placeIn = (env) => {
      if (variable === undefined) return [absolute, shown];
      const directory = env[variable];
      return directory === undefined || directory === "" ? undefined : [resolve(directory), directory];
    };
    this.name = name ?? `directory:${shown}`;
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
  }

  /**
   * The credentials that systemd passes to a service (`LoadCredential=`, `SetCredential=`): the directory in
   * `$CREDENTIALS_DIRECTORY`; empty if that is not set.
   */
  static credentials(options: DirectoryOptions = {}): DirectorySource {
    const given = { ...options };
    credentials.set(given, "CREDENTIALS_DIRECTORY");
    return new DirectorySource("$CREDENTIALS_DIRECTORY", given);
  }

  /**
   * All files of a directory, merged in the order of their names: `/etc/myapp/conf.d/10-base.toml`, over it
   * `20-site.yaml`. Each has the format of its extension; a file with an unknown extension, or without one, is reported
   * and left out, and hidden files are left out. Files may be added and removed; several at a time are one change.
   *
   * @param path the directory; relative to the current working directory. It need not exist.
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for an invalid time or size
   * @example DirectorySource.conf_d("/etc/myapp/conf.d")
   */
  static conf_d(path: string | URL, options: ConfDirectoryOptions = {}): Source {
    return new ConfDirectory(path, options);
  }

  async load(context: SourceContext): Promise<Loaded> {
    const { name: source, rules } = this;
    const place = this.placeIn(context.env);
    const { result, changed, diagnostics } = await this.files.load(source, context, async (round) => {
      const walk = new Walk(source, round, rules);
      const isThere = place !== undefined && (await walk.all(...place));
      return { walk, isThere };
    });
    const { walk, isThere } = result;
    if (!isThere && this.must_exist) {
      const why = place === undefined ? "CREDENTIALS_DIRECTORY is not set" : "there is no such directory";
      throw new ConfigSourceError(`Cannot load "${source}": ${why}`, { source, code: "missing" });
    }
    if (!isThere) return { outcome: "absent" };
    if (!changed) return { outcome: "unchanged" };
    const said = [...diagnostics, ...walk.diagnostics];
    const files = walk.files.sort((one, other) => (one.shown < other.shown ? -1 : 1));
    const contribution = contributionOf((lower, budget) => fileKeysLayer(source, files, rules, lower, said, budget));
    return { outcome: "data", contribution };
  }

  watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return this.files.watch(changed, context);
  }

  together(): Together {
    return this.files.together();
  }

  status(): object {
    return this.files.status();
  }
}

/** Variables that name the directory, by options. */
const credentials = new WeakMap<object, string>();

/** A file that was found. */
interface Entry {
  readonly path: string;
  readonly shown: string;
  readonly directories: readonly string[];
  readonly name: string;
}

/** One walk through a directory. */
class Walk {
  readonly files: FileKey[] = [];
  private readonly found: Entry[] = [];
  private readonly counts = { files: 0, directories: 0 };
  readonly diagnostics: Diagnostic[] = [];
  private readonly source: string;
  private readonly round: Round<Content>;
  private readonly rules: FileKeyRules;

  constructor(source: string, round: Round<Content>, rules: FileKeyRules) {
    this.source = source;
    this.round = round;
    this.rules = rules;
  }

  /** Walks through the whole directory. @returns whether it exists */
  async all(path: string, shown: string): Promise<boolean> {
    const top = await seen(path);
    const isThere = await this.directory(
      path,
      shown,
      [],
      top === "circle" || top === undefined ? [] : [identityOf(top)],
    );
    // All at once, because each may have to settle.
    await Promise.all(this.found.map((file) => this.file(file)));
    return isThere;
  }

  /**
   * @param above the directory itself and its parents on the way, by identity
   * @returns whether the directory exists
   */
  private async directory(
    path: string,
    shown: string,
    directories: readonly string[],
    above: readonly string[],
  ): Promise<boolean> {
    const names = await this.round.directory(path, shown);
    if (names === undefined) return false;
    if (directories.length > DEEPEST) {
      this.leaveOut(shown, "too_deep", `it is deeper than ${DEEPEST} directories`);
      return true;
    }
    const shownNames = names.filter((name) => !name.startsWith("."));
    // Some at a time, so that a directory with too many files is refused before all of them were looked at.
    for (let from = 0; from < shownNames.length; from += AT_ONCE) {
      await Promise.all(
        shownNames.slice(from, from + AT_ONCE).map((name) => this.entry(path, shown, directories, above, name)),
      );
    }
    return true;
  }

  private async entry(
    path: string,
    shown: string,
    directories: readonly string[],
    above: readonly string[],
    name: string,
  ): Promise<void> {
    const at = { path: join(path, name), shown: join(shown, name) };
    const entry = await seen(at.path);
    const isDirectory = entry !== "circle" && entry?.isDirectory() === true;
    if (entry === "circle" || (isDirectory && above.includes(identityOf(entry)))) {
      this.leaveOut(at.shown, "link_cycle", "its links lead in a circle");
    } else if (isDirectory) {
      this.count("directories");
      await this.directory(at.path, at.shown, [...directories, name], [...above, identityOf(entry)]);
    } else {
      this.count("files");
      this.found.push({ ...at, directories, name });
    }
  }

  /** @throws ConfigSourceError if there are too many */
  private count(what: "files" | "directories"): void {
    this.counts[what] += 1;
    if (this.counts[what] > MOST) throw too_many(this.source, what);
  }

  private async file({ path, shown, directories, name }: Entry): Promise<void> {
    try {
      const content = await this.round.file(path, shown, read);
      if (content === undefined) return;
      if (content.text === undefined) this.leaveOut(shown, "binary", "it is not UTF-8, or holds a NUL");
      else {
        const parts = partsOf(this.source, shown, directories, name, this.rules);
        this.files.push({ shown, parts, text: content.text });
      }
    } catch (error) {
      if (!(error instanceof ConfigSourceError) || (error.code !== "too_large" && error.code !== "not_a_file"))
        throw error;
      this.leaveOut(shown, error.code, error.message.slice(error.message.indexOf(": ") + 2));
    }
  }

  private leaveOut(shown: string, code: string, why: string): void {
    this.diagnostics.push({ source: this.source, code, message: `"${shown}" is not used: ${why}` });
  }
}

/** What a path leads to; undefined where nothing can be seen. */
async function seen(path: string): Promise<Stats | "circle" | undefined> {
  return stat(path).catch((error: unknown) => (systemCode(error) === "ELOOP" ? "circle" : undefined));
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

async function read(bytes: Uint8Array): Promise<Content> {
  return { text: !isUtf8(bytes) || bytes.includes(0) ? undefined : decode_utf8(bytes) };
}
