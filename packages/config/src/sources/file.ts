import { FORMAT_NAMES, type FormatName, format_by_extension, KNOWN_EXTENSIONS } from "../formats/by_extension.ts";
import { parse_bytes } from "../formats/parse.ts";
import { environmentLayer } from "../core/environment.ts";
import type { Contribution, Diagnostic, Knowledge, Layer } from "../core/layer.ts";
import { placeOf } from "../core/layers.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import { WatchedFile, type WatchedFileOptions } from "./watched_file.ts";

export interface FileOptions extends WatchedFileOptions {
  /** `"toml"`, `"json"`, `"jsonc"`, `"yaml"` or `"env"`; by default what the extension says, and TOML where there is none. */
  readonly format?: FormatName;
  /** Of a `.env` file: only names that begin with this and an underscore count. Default: all of them. */
  readonly prefix?: string;
  /** Name in `status`; by default `file:` and the path. */
  readonly name?: string;
  /** Whether a file that is there and cannot be read fails the start (default `true`). A missing file is empty. */
  readonly required?: boolean;
  /** When the file is deleted later: `"keep"` (default) its last values or `"clear"` them. */
  readonly on_missing?: "keep" | "clear";
}

/**
 * Configuration from a file: TOML, JSON, JSONC, YAML or `.env`, reloaded when its content changes.
 *
 * A change counts by content, not by modification time, and only when the file has settled: half-written content is not
 * published (see `settling.ts`). The watch notices most changes at once and all of them within `poll_interval`. It keeps
 * no process alive.
 *
 * A file that is empty or broken at the first load is given `settle` (1 s) to become whole before that is an error; tests
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
  readonly #prefix: string;

  /**
   * @param path the file; relative to the working directory at this moment. It need not exist.
   * @param options the format's name, or options
   * @throws TypeError for an unknown format, extension or option, RangeError for a time or size that is none
   */
  constructor(path: string | URL, options: FormatName | FileOptions = {}) {
    const { format, prefix, name, required, on_missing, ...rest } =
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
    if (prefix !== undefined && (typeof prefix !== "string" || found !== "env")) {
      const why = found === "env" ? `prefix must be a string, got ${typeof prefix}` : "only a .env file has a prefix";
      throw new TypeError(`${action}: ${why}`);
    }
    this.#prefix = prefix ?? "";
    this.name = name ?? `file:${this.#file.shown}`;
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
  }

  async load(context: SourceContext): Promise<Loaded> {
    return this.#file.load(this.name, context, async (bytes): Promise<Contribution> => {
      const parsed = await parse_bytes(bytes, this.format, context.signal);
      const diagnostics = this.#file.diagnostics(this.name);
      const held_up = parsed.held_up === true ? [heldUp(this.name)] : [];
      const layer: Layer = {
        source: this.name,
        tree: parsed.tree,
        origin: (path) => ({ source: this.name, file: this.#file.shown, ...parsed.locate(path) }),
        diagnostics: [...diagnostics, ...held_up],
        bytes: bytes.length,
      };
      return this.format === "env" ? (lower) => this.#named(layer, lower) : layer;
    });
  }

  /** The variables of a `.env` file at the paths their names mean, as those of the environment. */
  #named(file: Layer, lower: Knowledge): Layer {
    const rules = { prefix: this.#prefix, mapping: {}, mode: "smart", service_links: true } as const;
    const place = (variable: string) => `${variable}, ${placeOf(file.origin([variable]))}`;
    const layer = environmentLayer(this.name, file.tree as Readonly<Record<string, string>>, rules, lower, place);
    return {
      ...layer,
      origin: (path) => {
        const origin = layer.origin(path);
        if (origin.variable === undefined) return origin;
        // Its place is a line of the file, not a variable of the process.
        return { ...file.origin([origin.variable]), ...(origin.rule === undefined ? {} : { rule: origin.rule }) };
      },
      diagnostics: [...file.diagnostics, ...layer.diagnostics],
      ...(file.bytes === undefined ? {} : { bytes: file.bytes }),
    };
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return this.#file.watch(changed, context);
  }

  together(): Together {
    return this.#file.together();
  }

  status(): object {
    return this.#file.status();
  }
}

function heldUp(source: string): Diagnostic {
  const message = "No thread could be started to parse this large file: every change of it holds up the event loop";
  return { source, code: "held_up", message };
}
