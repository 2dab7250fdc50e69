import type { StandardSchemaV1 } from "@standard-schema/spec";

import { knownPaths } from "../../src/core/known_paths.ts";
import type { Knowledge, Layer } from "../../src/core/layer.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import type { Shape } from "../../src/core/shape.ts";
import type { Table } from "../../src/core/value.ts";
import type { Loaded, Source, SourceContext, Watch } from "../../src/sources/source.ts";

/** What layers below know where there are none. */
export const nothing_below: Knowledge = knownPaths([]);

export function context(given: Partial<SourceContext> = {}): SourceContext {
  return { signal: new AbortController().signal, env: {}, first: true, ...given };
}

export function layer_of(loaded: Loaded, lower: Knowledge = nothing_below): Layer {
  if (loaded.outcome !== "data") throw new Error(`Expected data, got ${loaded.outcome}`);
  return typeof loaded.contribution === "function" ? loaded.contribution(lower) : loaded.contribution;
}

export async function first_tree(source: Source): Promise<Table> {
  return layer_of(await source.load(context())).tree;
}

/** The error a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("Expected a rejection");
    },
    (error: Error) => error,
  );
}

export { eventually } from "../eventually.ts";

/** What is published at a moment: a tree, or that there is none. */
export type Published = Table | "absent" | { readonly error: Error };

/** Drives a source as its process does: one load at a time, once more for every hint. */
export class Driver {
  readonly published: Published[] = [];
  readonly #source: Source;
  readonly #abort = new AbortController();
  #watch: Watch | undefined;
  #loading: Promise<void> | undefined;
  #again = false;

  constructor(source: Source) {
    this.#source = source;
  }

  get last(): Published | undefined {
    return this.published.at(-1);
  }

  async start(): Promise<void> {
    await this.#load(true);
    this.#watch = await this.#source.watch?.(() => void this.#changed(), context({ signal: this.#abort.signal }));
  }

  async stop(): Promise<void> {
    await this.#watch?.close();
    this.#abort.abort();
    await this.#loading;
  }

  async #changed(): Promise<void> {
    if (this.#loading !== undefined) {
      this.#again = true;
      return;
    }
    this.#loading = (async () => {
      do {
        this.#again = false;
        await this.#load(false);
      } while (this.#again);
      this.#loading = undefined;
    })();
    await this.#loading;
  }

  async #load(first: boolean): Promise<void> {
    try {
      const loaded = await this.#source.load(context({ signal: this.#abort.signal, first }));
      if (loaded.outcome === "absent") this.published.push("absent");
      else if (loaded.outcome === "data") this.published.push(layer_of(loaded).tree);
    } catch (error) {
      if (!this.#abort.signal.aborted) this.published.push({ error: error as Error });
    }
  }
}

export function schemaShape(schema: StandardSchemaV1 | undefined): Shape | undefined {
  return shapeOf(schema);
}
