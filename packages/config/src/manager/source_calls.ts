import type { Contribution } from "../core/layer.ts";
import { formatPath } from "../core/path.ts";
import type { Segments, Value } from "../core/value.ts";
import { isRevoked, typeOf } from "../core/words.ts";
import { ConfigSourceError } from "../errors.ts";
import type { Source, SourceContext, Watch } from "../sources/source.ts";
import type { ConfigSpec } from "../spec.ts";
import { lateError, type LoadOutcome } from "./outcome.ts";
import { asError } from "./thrown.ts";

/**
 * The calls of a source by its process. A source is foreign code, and not always typed: its functions are looked up for
 * each call, its results are read once and checked, and its errors are its own, or name it.
 */
export class SourceCalls {
  private readonly spec: ConfigSpec;
  private readonly name: string;
  private readonly source: Source;
  /** The last contribution, to which an unchanged source refers. */
  private contribution: Contribution | undefined;
  /** Whether no load has succeeded yet. */
  private first = true;

  constructor(spec: ConfigSpec, index: number) {
    this.spec = spec;
    this.name = spec.layer_names[index]!;
    this.source = spec.layers[index]!;
  }

  /** Whether a load has succeeded. */
  get hasLoaded(): boolean {
    return !this.first;
  }

  /** Loads. Never rejects. */
  async load(signal: AbortSignal): Promise<LoadOutcome> {
    try {
      const { outcome, contribution } = read(await this.method("load")(this.context(signal)));
      if (outcome === "absent") {
        this.contribution = undefined;
        this.first = false;
        return { outcome };
      }
      if (outcome === "data" && contribution !== undefined) {
        this.first = false;
        this.contribution = contribution;
        return { outcome, contribution };
      }
      if (outcome !== "unchanged") throw this.misunderstood(outcome);
      if (this.contribution !== undefined) return { outcome, contribution: this.contribution };
      if (!this.first) return { outcome: "absent" };
      throw this.failure(`Cannot load "${this.name}": its first load returned "unchanged"`, "unchanged");
    } catch (error) {
      if (signal.aborted) return { outcome: "late", error: this.late() };
      return { outcome: "error", error: this.failed(`load "${this.name}"`, error) };
    }
  }

  /** Watches for changes; undefined if it reports none. @throws an error that names the source */
  async watch(changed: () => void, signal: AbortSignal): Promise<{ readonly watch: Watch } | undefined> {
    try {
      if (this.source.watch === undefined) return undefined;
      return { watch: await this.method("watch")(changed, this.context(signal)) };
    } catch (error) {
      throw this.failed(`watch "${this.name}"`, error);
    }
  }

  /** Writes a value. @throws an error that names the source */
  async write(path: Segments, value: Value | undefined, signal: AbortSignal): Promise<void> {
    try {
      await this.method("write")(path, value, this.context(signal));
    } catch (error) {
      throw this.failed(`write "${formatPath(path)}" to "${this.name}"`, error);
    }
  }

  /** The error of a load that did not end in time. */
  late(): ConfigSourceError {
    return lateError(this.name, this.spec.load_timeout);
  }

  private context(signal: AbortSignal): SourceContext {
    return { signal, env: this.spec.env, first: this.first };
  }

  private misunderstood(outcome: unknown): ConfigSourceError {
    const got = outcome === "data" ? 'outcome "data" without contribution' : "something else";
    const want = 'outcome "data" with contribution, "unchanged" or "absent"';
    return this.failure(`Cannot load "${this.name}": its load must return ${want}, got ${got}`, "not_a_layer");
  }

  /** A function of the source. @throws ConfigSourceError if it is not a function, or no longer one */
  private method<K extends "load" | "watch" | "write">(key: K): NonNullable<Source[K]> {
    const method: unknown = this.source[key];
    if (typeof method === "function" && !isRevoked(method)) return method.bind(this.source) as NonNullable<Source[K]>;
    const message = `Cannot ${key} "${this.name}": its ${key} must be a function, got ${typeOf(method)}`;
    throw this.failure(message, "not_a_source");
  }

  /** The source's error: its own, or one that names the source if its own does not. */
  private failed(action: string, thrown: unknown): Error {
    const error = asError(thrown);
    if (error === thrown) return error;
    const place = { source: this.name, code: "failed", cause: thrown };
    return new ConfigSourceError(`Cannot ${action}: ${error.message}`, place);
  }

  private failure(message: string, code: string): ConfigSourceError {
    return new ConfigSourceError(message, { source: this.name, code });
  }
}

/** The result of a load, read once, since it may be anything. */
function read(loaded: unknown): { readonly outcome: unknown; readonly contribution: Contribution | undefined } {
  if (typeof loaded !== "object" || loaded === null || isRevoked(loaded))
    return { outcome: undefined, contribution: undefined };
  const { outcome, contribution } = loaded as { readonly outcome?: unknown; readonly contribution?: Contribution };
  return { outcome, contribution };
}
