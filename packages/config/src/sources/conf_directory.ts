import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Segments } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";
import { file_names } from "./file_content.ts";
import { type FileLayers, include_key_of } from "./file_layers.ts";
import { FileStack } from "./file_stack.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";

/** Options of `DirectorySource.conf_d`. */
export interface ConfDirectoryOptions extends WatchedFileOptions {
  /** The key at the top of a file that lists files to include; `true` for `"include"`. Default: none. */
  readonly includes?: boolean | string;
  /** For `.env` files: only names that begin with this and an underscore count. Default: all names. */
  readonly prefix?: string;
  /** For `.env` files: paths of other names: `{ PORT: "http.port" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** Name in `status`; by default `file:`, the directory and `/*`. */
  readonly name?: string;
  /** Whether unreadable files fail the start (default `true`). A missing directory counts as empty. */
  readonly required?: boolean;
  /** What a later deletion of the directory does: `"keep"` (default) the last values or `"clear"` them. */
  readonly on_missing?: "keep" | "clear";
}

/** All files of a directory, merged in the order of their names: the source made by `DirectorySource.conf_d`. */
export class ConfDirectory implements Source {
  readonly kind = "file";
  readonly name: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  private readonly files: FileStack;

  /** @throws TypeError for an unknown option or one of the wrong type, RangeError for an invalid time or size */
  constructor(path: string | URL, options: ConfDirectoryOptions = {}) {
    const { includes, prefix, mapping, name, required, on_missing, ...rest } = options;
    const shown = path instanceof URL ? fileURLToPath(path) : path;
    const action = `Cannot make a DirectorySource of the files in "${shown}"`;
    this.name = name ?? `file:${join(String(shown), "*")}`;
    const names = file_names(action, prefix, mapping);
    const rules = { source: this.name, names, include_key: include_key_of(action, includes), one_of_many: true };
    const must_exist = options.must_exist ?? false;
    let absolute = "";
    this.files = new FileStack("DirectorySource", path, rest, rules, async (layers) => {
      const isThere = await addAll(layers, absolute, shown);
      if (isThere || !must_exist) return isThere;
      const why = `there is no directory "${shown}"`;
      throw new ConfigSourceError(`Cannot load "${this.name}": ${why}`, { source: this.name, code: "missing" });
    });
    absolute = resolve(shown);
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
  }

  load(context: SourceContext): Promise<Loaded> {
    return this.files.load(context);
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

async function addAll(layers: FileLayers, path: string, shown: string): Promise<boolean> {
  const names = await layers.directory({ path, shown });
  if (names === undefined) return false;
  const files = names
    .filter((name) => !name.startsWith("."))
    .map((name) => ({ path: join(path, name), shown: join(shown, name) }));
  await layers.read_all(files);
  for (const file of files) await layers.add_found(file);
  return true;
}
