import { resolve } from "node:path";

import type { Contribution, Diagnostic } from "../core/layer.ts";
import { ConfigSourceError } from "../errors.ts";
import { placeText, SyntaxFault } from "../formats/format.ts";
import { type WatchedFileOptions, checked_options } from "./file_options.ts";
import { type Sample, UnreadableFile, print_file } from "./file_sample.ts";
import { FileWatch, type Seen, type WatchedBy } from "./file_watch.ts";
import { events_read } from "./native_watch.ts";
import { has_open_writer } from "./open_writer.ts";
import { type Route, route_of } from "./route.ts";
import { type Arrival, Unsettled, read_settled } from "./settling.ts";
import type { Loaded, SourceContext, Watch } from "./source.ts";
import { systemCode, watchAdvice } from "./system_words.ts";
import { Moments, type Together } from "./together.ts";

/** How often a file is read again because a link in its path was re-pointed meanwhile. */
const READINGS = 10;

/** A file that is loaded when it has settled, and watched: the common part of file and template sources. */
export class WatchedFile {
  /** The path as given, for messages. */
  readonly shown: string;
  readonly #path: string;
  /** The options, with defaults filled in. */
  readonly options: Required<WatchedFileOptions>;
  /** The last accepted sample. */
  #last: Sample | undefined;
  /**
   * The state seen by the last load, whatever its outcome; `undefined` if another load of the same state might succeed.
   */
  #seen: Seen | undefined;
  /** Content that could not be parsed, which is not parsed again. */
  #refused: { readonly digest: string; readonly fault: SyntaxFault } | undefined;
  /** Whether the file that was last read was renamed into place. */
  #renamed = false;
  /** The links through which the last good load read. */
  #links: ReadonlyMap<string, string> = new Map();
  readonly #moments = new Moments();
  /** When (ms of `performance.now()`) the path was last seen with the loaded content, or an event reported a change. */
  #since: number | undefined;
  #watch: FileWatch | undefined;
  /** Why native events are not available, and the part of it reported by the last layer. */
  readonly #unwatched = new Map<"path" | "inode", string>();
  #reported = "";

  /** @param shown the path for messages; by default as given */
  constructor(owner: string, path: string | URL, options: WatchedFileOptions, shown?: string) {
    const checked = checked_options(owner, path, options);
    this.#path = resolve(checked.shown);
    this.shown = shown ?? checked.shown;
    this.options = checked.options;
  }

  /**
   * Loads the file once it has settled.
   *
   * @param parse makes a layer from the content; its `SyntaxFault` becomes a `ConfigSourceError` with the place
   */
  async load(
    source: string,
    context: SourceContext,
    parse: (bytes: Uint8Array) => Promise<Contribution>,
  ): Promise<Loaded> {
    return this.#moments.covered(() => this.#loaded(source, context, parse));
  }

  async #loaded(
    source: string,
    context: SourceContext,
    parse: (bytes: Uint8Array) => Promise<Contribution>,
  ): Promise<Loaded> {
    const fresh = context.first || this.#reported !== this.#unwatchedIn();
    const before = await print_file(this.#path);
    let route: Route = await route_of(this.#path);
    const judge = {
      last: this.#last,
      bound: () => (this.#since === undefined ? Infinity : performance.now() - this.#since),
      known: fresh ? undefined : this.#last?.digest,
      arrival: async (sample: Sample) => {
        const arrival = await this.#arrival(sample, (route = await route_of(this.#path)));
        if (sample.digest !== this.#last?.digest) this.#renamed = arrival === "whole";
        return arrival;
      },
      parse: async (sample: Sample) => {
        this.#seen = sample;
        if (!sample.absent && sample.digest === this.#refused?.digest) throw this.#refused.fault;
        return sample.absent ? undefined : await parse(sample.bytes);
      },
    };
    try {
      for (let reading = 1; ; reading += 1) {
        const { sample, parsed } = await read_settled(this.#path, this.options, judge, context.signal);
        const after = await route_of(this.#path);
        const steady = [...after.steps].every(([step, was]) => route.steps.get(step) === was);
        route = after;
        if (!steady && reading < READINGS) continue;
        // The content itself need not be kept: its digest shows whether it changes.
        this.#last = { ...sample, bytes: new Uint8Array(0) };
        this.#seen = this.#last;
        this.#since = performance.now();
        if (sample.absent && this.options.must_exist) throw MISSING();
        this.#links = route.steps;
        if (sample.absent) return { outcome: "absent" };
        return parsed === undefined ? { outcome: "unchanged" } : { outcome: "data", contribution: parsed };
      }
    } catch (error) {
      const { digest } = this.#seen ?? {};
      if (error instanceof SyntaxFault && digest !== undefined) this.#refused = { digest, fault: error };
      this.#rememberFailure(error, before, context.signal.aborted);
      throw this.explained(source, error);
    }
  }

  /**
   * How a file that was just read came into place: by a rename, or because a link in its path was pointed to it after
   * it was written. If both have the same time, which is coarse, it may have been written just after.
   */
  async #arrival(sample: Sample, route: Route): Promise<Arrival> {
    if (sample.absent || sample.identity === this.#last?.identity) return "in place";
    const repointed = [...route.made].filter(
      ([link]) => this.#links.has(link) && this.#links.get(link) !== route.steps.get(link),
    );
    if (repointed.length === 0 && this.#watch === undefined) return "in place";
    // The search for a writer comes first: the writes of one that has ended by now were queued as events before.
    if ((await has_open_writer(this.#path)) === true) return "in place";
    await events_read();
    if (repointed.some(([, made]) => sample.changed < made)) return "whole";
    if (repointed.some(([, made]) => sample.changed === made)) return "in one moment";
    // If the file has another name, it may be written under that.
    return sample.links === 1 && this.#watch?.renamed === true ? "whole" : "in place";
  }

  /** Lets content that could not be parsed be parsed again, because something else that it depends on has changed. */
  forget(): void {
    this.#refused = undefined;
  }

  /** A failure that only a change of the file can fix is not repeated before there is one. */
  #rememberFailure(error: unknown, before: string, gaveUp: boolean): void {
    if (error instanceof UnreadableFile && error.lasting) {
      this.#seen = { print: before, digest: undefined };
    } else if ((error instanceof SyntaxFault || gaveUp) && this.#seen !== undefined) {
      // Content that could not be parsed in time would take as long again, so the watch does not request that.
      this.#seen = { print: this.#seen.print, digest: this.#seen.digest };
    } else {
      this.#seen = undefined;
    }
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    const watch = new FileWatch(this.#path, this.options, {
      seen: () => this.#seen,
      changed,
      stirred: () => (this.#since = this.#moments.notice()),
      differs: () => this.#moments.differs(),
      calm: () => {
        // The unreadable file exists and has existed.
        if (this.#seen === this.#last) this.#since = performance.now();
        this.#moments.calm();
      },
      unwatched: (what, error) => {
        if (error === undefined) this.#unwatched.delete(what);
        else this.#unwatched.set(what, systemCode(error));
        changed();
      },
    });
    const close = async () => {
      context.signal.removeEventListener("abort", close);
      if (this.#watch === watch) this.#watch = undefined;
      await watch.close();
    };
    context.signal.addEventListener("abort", close, { once: true });
    this.#watch = watch;
    if (context.signal.aborted) await close();
    else await watch.start();
    return { close };
  }

  /** The print of the state seen by the last load (`print_file`); undefined if there was none. */
  get print(): string | undefined {
    return this.#seen?.print;
  }

  /** When the last accepted file was changed, in ms since the epoch; 0 if there was none. */
  get changed(): number {
    return Number((this.#last?.changed ?? 0n) / 1_000_000n);
  }

  /** Data about files that change together with this one. */
  together(): Together {
    const { stirred, answered } = this.#moments;
    return { links: this.#links, stirred, answered, renamed: this.#renamed };
  }

  /** How changes are noticed at the moment. */
  get watched(): WatchedBy {
    return this.#watch?.watched ?? "no";
  }

  /** When (ms since the epoch) the watch last checked it. */
  get last_looked(): number | undefined {
    return this.#watch?.last_looked;
  }

  /** The status for operators. */
  status(): object {
    const looked = this.last_looked;
    return {
      watched: this.watched,
      ...(looked === undefined ? {} : { last_looked: new Date(looked).toISOString() }),
    };
  }

  /** Diagnostics for a layer of this file, apart from its content. */
  diagnostics(source: string): readonly Diagnostic[] {
    this.#reported = this.#unwatchedIn();
    return [...this.#unwatched].map(([what, code]) => {
      const look = `every ${this.options.poll_interval} ms`;
      const message =
        what === "path"
          ? `"${this.shown}" cannot be watched (${code}): it is polled ${look} instead`
          : `"${this.shown}" is watched by its directory only (chokidar: ${code}): writes under another name of it, such as a bind mount or a hard link, are noticed ${look}`;
      const advice = watchAdvice(code);
      return { source, code: "unwatched", message: advice === undefined ? message : `${message}; ${advice}` };
    });
  }

  #unwatchedIn(): string {
    return [...this.#unwatched].join(" ");
  }

  /** The error for a file that must exist. */
  missing(source: string): unknown {
    return this.explained(source, MISSING());
  }

  /** A failure as an error of this source, with the file and the place in it. */
  explained(source: string, error: unknown): unknown {
    const place = { source, file: this.shown };
    const cannot = `Cannot read "${this.shown}"`;
    if (error instanceof SyntaxFault) {
      const at = error.placed ? "" : placeText(error.position);
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
      const message = `${cannot}: it has been changing for ${error.waited} ms; write it in one step, or rename it into place`;
      return new ConfigSourceError(message, { ...place, code: "unsettled" });
    }
    return error;
  }
}

const MISSING = (): UnreadableFile => new UnreadableFile("missing", "there is no such file");
