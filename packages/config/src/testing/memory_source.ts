/** A source whose content the test sets. */
import type { Segments, Table } from "../core/value.ts";
import type { Loaded, Source, SourceContext, Watch } from "../sources/source.ts";

/** Options of a source in memory. */
export interface MemorySourceOptions {
  /** Name in `status`, and in the origins of values. Default: `memory`. */
  readonly name?: string;
  /** Whether a start fails when the first load throws. Default: true. */
  readonly required?: boolean;
  /** Whether the last values stay when the content is removed. Default: `keep`. */
  readonly on_missing?: "keep" | "clear";
  /** Whether puts are written through to it. Default: false. */
  readonly writable?: boolean;
}

/** A configuration source in memory. The test sets its content and can inspect what was written. */
export class MemorySource implements Source {
  readonly name: string;
  readonly kind = "memory";
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  write?: NonNullable<Source["write"]>;
  private held: Table | Error | undefined;
  private stored = 0;
  private shown = -1;
  private readonly watchers = new Set<() => void>();

  /** @param tree the initial content, plain data; undefined for none */
  constructor(tree?: object, options: MemorySourceOptions = {}) {
    this.name = options.name ?? "memory";
    this.required = options.required ?? true;
    this.on_missing = options.on_missing ?? "keep";
    this.held = copied(tree);
    if (options.writable === true) this.write = async (path, value) => this.put(path, value);
  }

  /** A copy of the content; undefined without content or after `fail`. */
  get tree(): Table | undefined {
    return this.held instanceof Error ? undefined : copied(this.held);
  }

  /** Replaces the content, and notifies the manager. */
  set(tree: object): void {
    this.change(copied(tree));
  }

  /** Sets one value, or removes it (undefined), and notifies the manager. @param path a dotted string or segments */
  put(path: string | Segments, value: unknown): void {
    const segments = typeof path === "string" ? path.split(".") : path;
    const tree: Record<string, unknown> = this.tree ?? {};
    let at = tree;
    for (const key of segments.slice(0, -1)) {
      const below = at[key];
      at = (at[key] = typeof below === "object" && below !== null && !Array.isArray(below) ? below : {}) as typeof tree;
    }
    const last = segments.at(-1) as string;
    if (value === undefined) delete at[last];
    else at[last] = value;
    this.set(tree);
  }

  /** Removes the content, like a deleted file. */
  clear(): void {
    this.change(undefined);
  }

  /** Makes every load fail until the content is set again. */
  fail(error: Error): void {
    this.change(error);
  }

  async load({ first }: SourceContext): Promise<Loaded> {
    const { held, stored } = this;
    if (held instanceof Error) throw held;
    if (held === undefined) return { outcome: "absent" };
    if (!first && this.shown === stored) return { outcome: "unchanged" };
    this.shown = stored;
    const { name: source } = this;
    return { outcome: "data", contribution: { source, tree: held, origin: () => ({ source }), diagnostics: [] } };
  }

  async watch(changed: () => void): Promise<Watch> {
    const watcher = () => changed();
    this.watchers.add(watcher);
    return { close: async () => void this.watchers.delete(watcher) };
  }

  private change(held: Table | Error | undefined): void {
    this.held = held;
    this.stored++;
    for (const watcher of this.watchers) watcher();
  }
}

function copied<T>(tree: T): Table | undefined {
  return tree === undefined ? undefined : (structuredClone(tree) as unknown as Table);
}
