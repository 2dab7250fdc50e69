import { resolve } from "node:path";

import { FORMAT_NAMES, type FormatName, format_by_extension, KNOWN_EXTENSIONS } from "../formats/by_extension.ts";
import { variableFor } from "../core/environment.ts";
import type { Knowledge } from "../core/layer.ts";
import type { Segments } from "../core/value.ts";
import { contribution_of, file_names, type FileNames, read_content } from "./file_content.ts";
import { type FamilyOptions, FileFamily } from "./file_family.ts";
import { include_key_of } from "./file_layers.ts";
import { FileStack } from "./file_stack.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";
import { WatchedFile } from "./watched_file.ts";

export interface FileOptions extends WatchedFileOptions {
  /**
   * `"toml"`, `"json"`, `"jsonc"`, `"yaml"` or `"env"`; by default that of the extension, and TOML if there is none.
   */
  readonly format?: FormatName;
  /** For a `.env` file: only names that begin with this and an underscore count. Default: all names. */
  readonly prefix?: string;
  /** For a `.env` file: paths of other names: `{ PORT: "http.port" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** The key at the top of the file that lists files to include; `true` for `"include"`. Default: none. */
  readonly includes?: boolean | string;
  /** Name in `status`; by default `file:` and the path. */
  readonly name?: string;
  /** Whether an unreadable file fails the start (default `true`). A missing file counts as empty. */
  readonly required?: boolean;
  /** What a later deletion does: `"keep"` (default) the last values or `"clear"` them. */
  readonly on_missing?: "keep" | "clear";
}

/**
 * Configuration from a file: TOML, JSON, JSONC, YAML or `.env`, reloaded when its content changes.
 *
 * A change of the content counts, not of the modification time, and only when the file has settled: half-written
 * content is not published (see `settling.ts`). The watch notices most changes at once and all of them within
 * `poll_interval`. It does not keep the program alive.
 *
 * A file that is empty or broken at the first load has `settle` (1 s) to become complete before that is an error; tests
 * may want `{ settle: 0 }`.
 *
 * @example new FileSource("/etc/myapp/config.toml")
 * @example new FileSource("settings.conf", { format: "json", on_missing: "clear" })
 */
export class FileSource implements Source {
  readonly kind = "file";
  readonly name: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  readonly format: FormatName;
  readonly #file: WatchedFile;
  /** The file with its includes, if it may have any. */
  readonly #stack: FileStack | undefined;
  readonly #names: FileNames;

  /**
   * A family of files as one source: `config.toml`, over it `config.<profile>.toml`, `config.local.toml` and
   * `config.<profile>.local.toml`, each in any format. All of them may be missing; the origin of each value has its
   * file.
   *
   * They are watched, including for files that are added or removed, and taken as one: the new content of one is never
   * visible beside the old content of another. Two files that differ only in their extension are an error. The stem
   * `.env` has the files `.env`, `.env.<profile>`, `.env.local` and `.env.<profile>.local`.
   *
   * @param stem the path and beginning of the files' names; relative to the current working directory
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for an invalid time or size
   * @example FileSource.family("config", { profile: "production" })
   * @example FileSource.family("/etc/myapp/config", { profile: "development", profile_env: "NODE_ENV" })
   */
  static family(stem: string | URL, options: FamilyOptions = {}): Source {
    return new FileFamily(stem, options);
  }

  /**
   * @param path the file; relative to the current working directory. It need not exist.
   * @param options the format's name, or options
   * @throws TypeError for an unknown format, extension or option, RangeError for an invalid time or size
   */
  constructor(path: string | URL, options: FormatName | FileOptions = {}) {
    const { format, prefix, mapping, includes, name, required, on_missing, ...rest } =
      typeof options === "string" ? { format: options } : options;
    this.#file = new WatchedFile("FileSource", path, rest);
    const action = `Cannot make a FileSource of "${this.#file.shown}"`;
    if (format !== undefined && (typeof format !== "string" || !FORMAT_NAMES.includes(format))) {
      const known = FORMAT_NAMES.map((known) => `"${known}"`).join(", ");
      throw new TypeError(
        `${action}: format must be one of ${known}, got ${typeof format === "string" ? JSON.stringify(format) : typeof format}`,
      );
    }
    const found = format ?? format_by_extension(this.#file.shown);
    if (found === undefined) {
      throw new TypeError(`${action}: its extension is unknown, say { format } or use one of ${KNOWN_EXTENSIONS}`);
    }
    this.format = found;
    this.#names = file_names(action, prefix, mapping);
    const given = prefix !== undefined ? "a prefix" : mapping !== undefined ? "a mapping" : undefined;
    if (given !== undefined && found !== "env" && includes === undefined) {
      throw new TypeError(`${action}: only a .env file has ${given}`);
    }
    this.name = name ?? `file:${this.#file.shown}`;
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
    const include_key = include_key_of(action, includes);
    if (include_key === undefined) return;
    const { shown } = this.#file;
    const file = { path: resolve(shown), shown };
    const rules = { source: this.name, names: this.#names, include_key, one_of_many: false };
    this.#stack = new FileStack("FileSource", path, rest, rules, async (layers) => {
      const isThere = await layers.add(file, found);
      if (!isThere && rest.must_exist === true) throw this.#file.missing(this.name);
      return isThere;
    });
  }

  async load(context: SourceContext): Promise<Loaded> {
    if (this.#stack !== undefined) return this.#stack.load(context);
    return this.#file.load(this.name, context, async (bytes) => {
      const content = await read_content(bytes, this.format, context.signal);
      const file = { source: this.name, shown: this.#file.shown, format: this.format, names: this.#names };
      return contribution_of({ ...file, one_of_many: false }, content, this.#file.diagnostics(this.name));
    });
  }

  variable(path: Segments, known: Knowledge): string | undefined {
    if (this.format !== "env") return undefined;
    return variableFor(path, { ...this.#names, mode: "smart" }, known);
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return (this.#stack ?? this.#file).watch(changed, context);
  }

  together(): Together {
    return (this.#stack ?? this.#file).together();
  }

  status(): object {
    return (this.#stack ?? this.#file).status();
  }
}
