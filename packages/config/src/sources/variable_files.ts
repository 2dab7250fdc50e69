import { isUtf8 } from "node:buffer";
import { resolve } from "node:path";

import type { VariableFile } from "../core/environment.ts";
import { ConfigSourceError } from "../errors.ts";
import { decode_utf8 } from "../formats/utf8.ts";
import { FileSet, type Taken } from "./file_set.ts";
import type { SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";

/** Files named by variables, each with the text of another variable; watched, and taken as one. */
export class VariableFiles {
  private readonly files: FileSet<VariableFile["content"]>;
  /** The files that the last load could not read, and why. */
  private failed = "";

  /** @throws TypeError for an unknown option, RangeError for an invalid time or size */
  constructor(options: WatchedFileOptions) {
    const { max_bytes = 1024 * 1024, must_exist: _, ...rest } = options;
    this.files = new FileSet("EnvironmentSource", "files", { ...rest, max_bytes });
  }

  /**
   * Reads the files. An unreadable one is not a failure yet, because it is not yet known which variables really name
   * files.
   *
   * @param paths the paths by variable
   */
  async load(
    source: string,
    context: SourceContext,
    paths: ReadonlyMap<string, string>,
  ): Promise<Taken<ReadonlyMap<string, VariableFile>>> {
    const taken = await this.files.load(source, context, async (round) => {
      const reads = [...paths].map(async ([variable, path]): Promise<readonly [string, VariableFile]> => {
        if (path === "") return [variable, { path, content: { code: "empty", why: "its name is empty" } }];
        try {
          const content = await round.file(resolve(path), path, read);
          return [variable, { path, content: content ?? { code: "missing", why: "there is no such file" } }];
        } catch (error) {
          if (!(error instanceof ConfigSourceError)) throw error;
          const why = error.message.replace(`Cannot read "${path}": `, "");
          return [variable, { path, content: { code: error.code, why } }];
        }
      });
      return new Map(await Promise.all(reads));
    });
    const failures = [...taken.result].flatMap(([variable, { content }]) =>
      "why" in content ? [variable, content.why] : [],
    );
    const failed = failures.join("\n");
    const changed = taken.changed || failed !== this.failed;
    this.failed = failed;
    return { ...taken, changed };
  }

  watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return this.files.watch(changed, context);
  }

  together(): Together {
    return this.files.together();
  }
}

async function read(bytes: Uint8Array): Promise<VariableFile["content"]> {
  if (isUtf8(bytes) && !bytes.includes(0)) return { text: decode_utf8(bytes) };
  return { code: "binary", why: "it is not a text: it is not UTF-8, or contains a NUL" };
}
