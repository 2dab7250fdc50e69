import { inspect } from "node:util";

import { knownPaths } from "../../../src/core/known_paths.ts";
import type { Knowledge, Layer } from "../../../src/core/layer.ts";
import type { Table } from "../../../src/core/value.ts";
import type { ConfigSourceError } from "../../../src/errors.ts";
import type { Loaded, Source, SourceContext, Watch } from "../../../src/sources/source.ts";

/** Nothing below, and no schema. */
export const nothing_known: Knowledge = knownPaths([]);

/** Drives a source as the manager does, and remembers what came of it. */
export class Follower {
  readonly source: Source;
  /** What the manager would serve. */
  tree: Table = {};
  layer: Layer | undefined;
  /** Every tree that became visible. */
  readonly trees: Table[] = [];
  readonly outcomes: (Loaded["outcome"] | "error")[] = [];
  readonly errors: ConfigSourceError[] = [];
  /** How often a failing source was good again. */
  recovered = 0;
  /** How often the watch rang. */
  rings = 0;
  readonly #stop = new AbortController();
  readonly #env: SourceContext["env"];
  readonly #knowledge: Knowledge;
  #watch: Watch | undefined;
  #first = true;
  #failing = false;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(source: Source, env: SourceContext["env"] = {}, knowledge: Knowledge = nothing_known) {
    this.source = source;
    this.#env = env;
    this.#knowledge = knowledge;
  }

  /** Loads, then watches. */
  static async start(source: Source, env: SourceContext["env"] = {}, knowledge?: Knowledge): Promise<Follower> {
    const follower = new Follower(source, env, knowledge);
    await follower.reload();
    await follower.watch();
    return follower;
  }

  get context(): SourceContext {
    return { signal: this.#stop.signal, env: this.#env, first: this.#first };
  }

  get failing(): boolean {
    return this.#failing;
  }

  async watch(): Promise<void> {
    this.#watch = await this.source.watch!(() => {
      this.rings += 1;
      void this.#ring();
    }, this.context);
  }

  /** One load runs at a time; one more waits. */
  async reload(): Promise<void> {
    await this.#running;
    await (this.#running ??= this.#load().finally(() => (this.#running = undefined)));
  }

  /** Ends it as the end of its process does. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watch?.close();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** All its reports, as a log would show them. */
  told(): string {
    const parts = [this.source, this.errors, this.trees, this.layer?.diagnostics, this.source.status?.()];
    const texts = parts.map((part) => inspect(part, { depth: 20, showHidden: true }));
    return [...texts, ...this.errors.map((error) => `${error.message} ${error.stack} ${JSON.stringify(error)}`)].join(
      "\n",
    );
  }

  async #ring(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    do {
      this.#again = false;
      await this.reload();
    } while (this.#again && !this.#stop.signal.aborted);
  }

  async #load(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      const loaded = await this.source.load(this.context);
      this.#first = false;
      this.outcomes.push(loaded.outcome);
      if (this.#failing) this.recovered += 1;
      this.#failing = false;
      if (loaded.outcome === "data") {
        this.layer =
          typeof loaded.contribution === "function" ? loaded.contribution(this.#knowledge) : loaded.contribution;
        this.#show(this.layer.tree);
      } else if (loaded.outcome === "absent" && this.source.on_missing === "clear") {
        this.#show({});
      }
    } catch (error) {
      this.#first = false;
      if (this.#stop.signal.aborted) return;
      this.#failing = true;
      this.outcomes.push("error");
      this.errors.push(error as ConfigSourceError);
    }
  }

  #show(tree: Table): void {
    if (tree === this.tree) return;
    this.tree = tree;
    this.trees.push(tree);
  }
}
