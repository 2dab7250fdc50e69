import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Diagnostic, Layer } from "../core/layer.ts";
import { ConfigSourceError } from "../errors.ts";
import { SyntaxFault } from "../formats/format.ts";
import { type Sample, UnreadableFile, print_file } from "./file_sample.ts";
import { type Seen, watch_file } from "./file_watch.ts";
import { Unsettled, read_settled } from "./settled_file.ts";
import type { Loaded, SourceContext, Watch } from "./source.ts";

export interface WatchedFileOptions {
  /** How long (ms, default 50) a file must have been calm before a change made in place counts. */
  readonly debounce?: number;
  /** The same for what looks half-written (emptied, shorter, broken, just created) or gone (ms, default 1000). */
  readonly settle?: number;
  /** How often (ms) the watch looks for what the system did not tell: 5000 by default, 250 with `use_polling`. */
  readonly poll_interval?: number;
  /** Watch by looking alone, for file systems that tell nothing (network shares, some containers). Default `false`. */
  readonly use_polling?: boolean;
  /** Files larger than this many bytes are refused (default 16 MiB). */
  readonly max_bytes?: number;
}

const numbers = ["debounce", "settle", "poll_interval", "max_bytes"] as const;

/** A file that is loaded when it has settled, and watched: what file and template sources share. */
export class WatchedFile {
  /** The path as it was given, for people. */
  readonly shown: string;
  readonly #path: string;
  readonly #options: Required<WatchedFileOptions>;
  /** What counted last. */
  #last: Sample | undefined;
  /** What the last load saw, whatever came of it; `undefined` where another load might fare better with the same. */
  #seen: Seen | undefined;

  /** Why native events cannot be had, and whether a layer has told it. */
  #unwatched: { readonly code: string; told: boolean } | undefined;

  constructor(owner: string, path: string | URL, options: WatchedFileOptions) {
    if (typeof path !== "string" && !(path instanceof URL)) {
      throw new TypeError(`Cannot make a ${owner}: path must be a string or a file URL, got ${typeof path}`);
    }
    this.shown = typeof path === "string" ? path : fileURLToPath(path);
    if (this.shown === "" || this.shown.includes("\0")) {
      throw new TypeError(`Cannot make a ${owner}: path must be a path, got ${JSON.stringify(this.shown)}`);
    }
    this.#path = resolve(this.shown);
    const { debounce = 50, settle = 1000, use_polling = false, max_bytes = 16 * 1024 * 1024, ...rest } = options;
    const { poll_interval = use_polling ? 250 : 5000, ...unknown } = rest;
    for (const name of Object.keys(unknown)) {
      throw new TypeError(`Cannot make a ${owner} of "${this.shown}": there is no option "${name}"`);
    }
    this.#options = { debounce, settle, use_polling, max_bytes, poll_interval };
    for (const name of numbers) {
      const value = this.#options[name];
      if (typeof value !== "number" || !(value >= 0) || (name === "poll_interval" && value < 10)) {
        const wanted = name === "poll_interval" ? "a number of ms, at least 10" : "a number, at least 0";
        throw new RangeError(
          `Cannot make a ${owner} of "${this.shown}": ${name} must be ${wanted}, got ${String(value)}`,
        );
      }
    }
  }

  /**
   * Loads the file once it has settled.
   *
   * @param parse makes a layer of the content; a `SyntaxFault` it throws becomes a `ConfigSourceError` with the place
   */
  async load(source: string, context: SourceContext, parse: (bytes: Uint8Array) => Promise<Layer>): Promise<Loaded> {
    const last = context.first || this.#unwatched?.told === false ? undefined : this.#last;
    const before = await print_file(this.#path);
    try {
      const judge = async (sample: Sample) => {
        this.#seen = sample;
        return sample.absent ? undefined : await parse(sample.bytes);
      };
      const { sample, judged } = await read_settled(this.#path, this.#options, last, judge, context.signal);
      // The content itself need not be kept: its digest tells whether it changes.
      this.#last = { ...sample, bytes: new Uint8Array(0) };
      this.#seen = this.#last;
      if (sample.absent) return { outcome: "absent" };
      return judged === undefined ? { outcome: "unchanged" } : { outcome: "data", contribution: judged };
    } catch (error) {
      this.#rememberFailure(error, before);
      throw this.#explained(source, error);
    }
  }

  /** A failure that only a change of the file can mend need not be met again before there is one. */
  #rememberFailure(error: unknown, before: string): void {
    if (error instanceof UnreadableFile && error.code !== "unreadable") {
      this.#seen = { print: before, digest: undefined };
    } else if (error instanceof SyntaxFault && this.#seen !== undefined) {
      this.#seen = { print: this.#seen.print, digest: this.#seen.digest };
    } else {
      this.#seen = undefined;
    }
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    const failed = (error: unknown) => {
      this.#unwatched ??= { code: (error as NodeJS.ErrnoException).code ?? "unknown", told: false };
      changed();
    };
    return watch_file(this.#path, this.#options, () => this.#seen, changed, failed, context.signal);
  }

  /** What a layer of this file should tell apart from its content. */
  diagnostics(source: string): readonly Diagnostic[] {
    if (this.#unwatched === undefined) return [];
    this.#unwatched.told = true;
    const every = `every ${this.#options.poll_interval} ms`;
    const message = `"${this.shown}" cannot be watched (${this.#unwatched.code}): it is looked at ${every} instead`;
    return [{ source, code: "unwatched", message }];
  }

  #explained(source: string, error: unknown): unknown {
    const place = { source, file: this.shown };
    const cannot = `Cannot read "${this.shown}"`;
    if (error instanceof SyntaxFault) {
      const { line, column } = error.position ?? {};
      const at = line === undefined || error.placed ? "" : `, at line ${line}, column ${column}`;
      return new ConfigSourceError(`${cannot}: ${error.message}${at}`, {
        ...place,
        code: error.code,
        ...error.position,
      });
    }
    if (error instanceof UnreadableFile) {
      return new ConfigSourceError(`${cannot}: ${error.message}`, { ...place, code: error.code, cause: error.cause });
    }
    if (error instanceof Unsettled) {
      const message = `${cannot}: it has been changing for ${error.waited} ms, wanted a file that is not being written`;
      return new ConfigSourceError(message, { ...place, code: "unsettled" });
    }
    return error;
  }
}
