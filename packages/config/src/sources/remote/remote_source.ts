import { createHash } from "node:crypto";

import { withoutCredentials } from "../../core/credentials.ts";
import { PlainDataError } from "../../core/plain.ts";
import { ConfigSourceError } from "../../errors.ts";
import type { Loaded, Source, SourceContext, Watch } from "../source.ts";
import { checked_answer } from "./answer.ts";
import { CacheFile } from "./cache_file.ts";
import { known_connection } from "./connection.ts";
import { RemoteContent } from "./content.ts";
import { RemoteFailure, source_error, tellable } from "./failure.ts";
import type { Heard } from "./follow.ts";
import { type RemoteNews, type RemoteOptions, type RemoteSettings, remote_settings } from "./options.ts";
import { type Reading, Remote } from "./remote.ts";
import { type LineStatus, line_status } from "./status.ts";
import { timed } from "./waiting.ts";

/** The state of a remote source. Plain data, without secrets. */
export interface RemoteStatus extends LineStatus {
  /** The revision that was loaded last. */
  readonly revision: string | undefined;
  /** Loads and waits since the source exists. */
  readonly requests: number;
}

/** Slowest pace of waits that find no change, or that do not wait, in milliseconds. */
const POLLING = 5000;
/** Maximum length of a shown revision. */
const SHOWN = 100;

/**
 * A source whose content comes from another machine. A function that loads, and optionally one that waits for a change, are
 * specific to a place; the rest is shared: polling and waiting, time-outs, retries with back-off, the last good values while
 * the place is down, the cache file, and `status`. `remote_source` makes one.
 */
export class RemoteSource implements Source {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  private readonly given: RemoteOptions;
  private readonly settings: RemoteSettings;
  private readonly content: RemoteContent;
  private readonly remote: Remote;
  /** The revision that the last wait reported, until a load has read it. */
  private heard: string | undefined;
  /** The revision with which the running wait was started. */
  private waiting: { readonly revision: string | undefined } | undefined;
  private requests = 0;
  private last_contact: number | undefined;

  /** @param owner the name for error messages. @throws TypeError, RangeError for invalid options */
  constructor(options: RemoteOptions, owner = "a remote source") {
    this.settings = remote_settings(owner, options);
    this.given = { ...options };
    this.name = options.name;
    this.kind = options.kind ?? "remote";
    this.required = this.settings.required;
    this.on_missing = this.settings.on_missing;
    const { name: source, kind } = this;
    const place = createHash("sha256")
      .update(options.place ?? source)
      .digest("hex");
    const { cache_file, debounce, backoff, poll_interval, secret } = this.settings;
    const slowest = Math.max(POLLING, poll_interval);
    this.content = new RemoteContent(source, secret);
    this.remote = new Remote({
      source,
      place: `"${source}"`,
      on_missing: this.on_missing,
      held: this.content,
      cache: cache_file === undefined ? undefined : new CacheFile(cache_file, { kind, name: source, place }),
      debounce,
      backoff,
      load_backoff: backoff,
      poll_interval,
      unrelated: slowest,
      polling: slowest,
      failed: (error) => this.failed(error),
      release: () => this.release(),
    });
  }

  /** @throws ConfigSourceError whose code says why */
  load(context: SourceContext): Promise<Loaded> {
    return this.remote.load(context, () => this.read(context));
  }

  /** Follows the place until that is closed or the context's signal fires. */
  watch(changed: () => void, context: SourceContext): Promise<Watch> {
    const ask =
      this.given.watch === undefined
        ? undefined
        : (again: boolean, signal: AbortSignal) => this.wait(again, signal, context.env);
    const blind = () => this.given.watch !== undefined && this.content.revision === undefined;
    return this.remote.watch(changed, context, ask, blind);
  }

  status(): RemoteStatus {
    return {
      ...this.given.details?.(),
      ...line_status(this.remote.standing, this.last_contact),
      revision: this.content.revision?.slice(0, SHOWN),
      requests: this.requests,
    };
  }

  private async read({ signal, env }: SourceContext): Promise<Reading> {
    const { timeout, format, max_bytes } = this.settings;
    const { heard } = this;
    const answer = await this.asked(timeout, signal, (inner) => this.given.load(inner, this.content.revision, env));
    const reading = await this.content.take(checked_answer(answer, format, max_bytes), signal);
    // A wait has reported a change meanwhile: another load follows.
    if (this.heard !== heard) return reading;
    this.heard = undefined;
    // A wait that began with another revision may wait in vain.
    return { ...reading, again: this.waiting !== undefined && this.waiting.revision !== this.content.revision };
  }

  private async wait(again: boolean, signal: AbortSignal, env: SourceContext["env"]): Promise<Heard> {
    if (again) this.heard = undefined;
    const known = this.heard ?? this.content.revision;
    this.waiting = { revision: known };
    const { watch_timeout } = this.settings;
    const wait = async (inner: AbortSignal) => newsOf(await this.given.watch!(inner, known, env));
    // A long silence means that there was no change, or that the connection is dead: the next wait shows which.
    const answer = await this.asked<RemoteNews>(watch_timeout, signal, wait, { unchanged: true }).finally(() => {
      this.waiting = undefined;
    });
    const { revision } = answer;
    const moved = answer.unchanged !== true && (revision === undefined || revision !== known);
    if (moved) this.heard = revision;
    return { news: moved || again, moved, valid: true };
  }

  /** Every request passes here. */
  private async asked<T>(
    ms: number,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T>,
    late?: T,
  ): Promise<T> {
    this.requests += 1;
    const answer = await timed(ms, signal, ask, late);
    if (answer !== late) this.last_contact = Date.now();
    return answer;
  }

  /** A user's function may fail or hang, and must not delay the stop. */
  private async release(): Promise<void> {
    const close = async () => this.given.close?.();
    await timed(this.settings.timeout, new AbortController().signal, close).catch(() => undefined);
  }

  private failed(thrown: unknown): ConfigSourceError {
    if (thrown instanceof ConfigSourceError) return thrown;
    const action = `Cannot read "${this.name}"`;
    return source_error(this.name, action, tellable(thrown) ? thrown : failureOf(thrown));
  }
}

/**
 * Makes a source from the functions that are specific to a remote place.
 *
 * ```ts
 * const flags = remote_source({
 *   name: "flags",
 *   async load(signal, revision) {
 *     const response = await fetch("https://flags.internal/v1/app", { signal, headers: { "if-none-match": revision ?? "" } });
 *     if (response.status === 304) return { unchanged: true };
 *     if (response.status === 404) return { absent: true };
 *     if (!response.ok) throw new RemoteFailure("http_status", `unexpected answer (${response.status})`);
 *     return { content: await response.text(), revision: response.headers.get("etag") ?? undefined };
 *   },
 * });
 * ```
 *
 * @throws TypeError, RangeError for invalid options
 */
export function remote_source(options: RemoteOptions): RemoteSource {
  return new RemoteSource(options);
}

function newsOf(answer: unknown): RemoteNews {
  if (answer === undefined) return {};
  const { unchanged, revision } = (answer ?? {}) as { readonly unchanged?: unknown; readonly revision?: unknown };
  const isNews =
    typeof answer === "object" && answer !== null && (revision === undefined || typeof revision === "string");
  if (!isNews) {
    throw new RemoteFailure("not_an_answer", "watch must resolve with nothing, or with unchanged: true or a revision");
  }
  return { unchanged: unchanged === true, revision: revision as string | undefined };
}

/** A user's function may throw anything. */
function failureOf(thrown: unknown): RemoteFailure {
  const { message, cause } = (thrown ?? {}) as { readonly message?: unknown; readonly cause?: unknown };
  // `fetch` reports "fetch failed", with the reason in the cause.
  const network = known_connection(cause ?? thrown);
  if (network !== undefined) return network;
  if (thrown instanceof PlainDataError)
    return new RemoteFailure("not_plain", `its content is not plain data: ${thrown.message}`);
  const words = typeof message === "string" && message !== "" ? message : "load threw a value that is not an Error";
  return new RemoteFailure("failed", withoutCredentials(words, "[redacted]"));
}
