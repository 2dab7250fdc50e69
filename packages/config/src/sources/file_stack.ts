import { newBudget } from "../budget.ts";
import { stacked } from "../core/stack.ts";
import type { FileContent } from "./file_content.ts";
import { FileLayers, type FileRules } from "./file_layers.ts";
import { FileSet } from "./file_set.ts";
import type { Loaded, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";

/**
 * Adds the layers of one load.
 *
 * @returns whether the source's file or directory exists
 */
export type Plan = (layers: FileLayers, context: SourceContext) => Promise<boolean>;

/** Several files, loaded, watched and taken as one layer: the common part of sources with many files. */
export class FileStack {
  private readonly files: FileSet<FileContent>;
  private readonly rules: FileRules;
  private readonly plan: Plan;

  /**
   * @param owner the source's class, for messages
   * @param shown the path for messages
   * @throws TypeError for an unknown option, RangeError for an invalid time or size
   */
  constructor(owner: string, shown: string | URL, options: WatchedFileOptions, rules: FileRules, plan: Plan) {
    this.files = new FileSet(owner, shown, options);
    this.rules = rules;
    this.plan = plan;
  }

  async load(context: SourceContext): Promise<Loaded> {
    const { source } = this.rules;
    const { result, changed, diagnostics } = await this.files.load(source, context, async (round) => {
      const layers = new FileLayers(round, this.rules, context.signal);
      return { layers, isThere: await this.plan(layers, context) };
    });
    if (!result.isThere) return { outcome: "absent" };
    if (!changed) return { outcome: "unchanged" };
    const { layers } = result;
    const said = [...diagnostics, ...layers.diagnostics];
    return { outcome: "data", contribution: await stacked(source, layers.contributions, said, newBudget()) };
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
