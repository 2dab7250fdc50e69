import { type RemoteAnswer, type RemoteFormat } from "../remote/answer.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { RemoteNews, RemoteOptions } from "../remote/options.ts";
import { RemoteSource } from "../remote/remote_source.ts";
import { tls_material } from "../remote/tls.ts";
import { timed } from "../remote/waiting.ts";
import { ACCEPTED_PACKINGS, type HttpAnswer, HttpClient } from "./exchange.ts";
import { ACCEPTED, format_of, in_utf8 } from "./media_type.ts";
import { type HttpOptions, type HttpSettings, http_settings } from "./options.ts";
import { failed_http_status } from "./status.ts";

/**
 * A document on a web server: TOML, JSON, JSONC or YAML. It is polled, or followed with a long poll, and transferred again
 * only after a change (`ETag`, `Last-Modified`).
 *
 * - 200 is data; 404 and 410 mean that there is no document: empty at first, later a second reading must confirm it.
 * - Any other outcome is an error: the last good values stay. `Retry-After` is respected, up to five minutes.
 * - Redirects are followed, never from https to http; headers and client certificate go to the URL's own origin only.
 *
 * ```ts
 * new HttpSource("https://config.internal/myapp.toml");
 * new HttpSource("https://config.internal/myapp", {
 *   format: "json",
 *   headers: { authorization: async () => `Bearer ${await token()}` },
 *   tls: { ca_file: "/etc/ssl/internal.pem" },
 *   cache_file: "/var/lib/myapp/http.cache",
 * });
 * ```
 */
export class HttpSource extends RemoteSource {
  /**
   * @param url of the document, with `http:` or `https:`. User and password in it are sent, and never shown; neither is its
   *   query
   * @throws TypeError, RangeError for an invalid URL, and for options that contradict each other or are out of range
   */
  constructor(url: string | URL, options: HttpOptions = {}) {
    super(placeOf(http_settings(url, options)), "an HttpSource");
  }
}

function placeOf(settings: HttpSettings): RemoteOptions {
  const { url, long_poll, remote } = settings;
  const place = new Place(settings);
  return {
    ...remote,
    kind: "http",
    place: url.href,
    load: (signal, revision) => place.load(signal, revision),
    ...(long_poll === undefined
      ? {}
      : {
          watch: (signal: AbortSignal, revision: string | undefined) => {
            const patience = long_poll + settings.timeout;
            return timed(patience, signal, (inner) => place.wait(inner, revision, long_poll));
          },
          // A server that does not respond in time has failed.
          watch_timeout: 2 * (long_poll + settings.timeout),
        }),
    close: () => place.close(),
    details: () => ({ address: `${url.origin}${url.pathname}` }),
  };
}

class Place {
  private readonly settings: HttpSettings;
  private readonly client = new HttpClient();

  constructor(settings: HttpSettings) {
    this.settings = settings;
  }

  async load(signal: AbortSignal, revision: string | undefined): Promise<RemoteAnswer> {
    const { max_bytes, format, url } = this.settings;
    const { status, headers, body } = await this.get(signal, conditions(revision), max_bytes);
    if (status === 304 && revision !== undefined) return { unchanged: true };
    if (status === 404 || status === 410) return { absent: true };
    if (status !== 200 || body === undefined) throw failed_http_status(status, headers["retry-after"]);
    const type = headers["content-type"];
    const found: RemoteFormat = format_of(format, type, url.pathname);
    return { content: in_utf8(body, type), format: found, revision: headers.etag ?? headers["last-modified"] };
  }

  /** The server responds when it has another revision, or after that many milliseconds. */
  async wait(signal: AbortSignal, revision: string | undefined, ms: number): Promise<RemoteNews> {
    const prefer = { prefer: `wait=${Math.max(1, Math.round(ms / 1000))}` };
    const { status, headers } = await this.get(signal, { ...conditions(revision), ...prefer }, undefined);
    if (status === 200) return { revision: headers.etag ?? headers["last-modified"] };
    if (status === 304 && revision !== undefined) return { unchanged: true };
    if (status === 404 || status === 410) return { unchanged: revision === undefined };
    throw failed_http_status(status, headers["retry-after"]);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async get(
    signal: AbortSignal,
    asked: Readonly<Record<string, string>>,
    max_bytes: number | undefined,
  ): Promise<HttpAnswer> {
    const { url, tls } = this.settings;
    const { servername, verify } = tls;
    const material = url.protocol === "https:" ? await tls_material(tls) : {};
    const named = servername === undefined ? {} : { servername };
    return this.client.get({
      url,
      headers: await this.headers(signal),
      conditions: { accept: ACCEPTED, "accept-encoding": ACCEPTED_PACKINGS, ...asked },
      tls: { ...material, ...named, verify },
      max_bytes,
      signal,
    });
  }

  /** Functions are called for each request, as credentials are renewed. Their errors are not shown: they may contain these. */
  private async headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const [name, given] of this.settings.headers) {
      const value = typeof given === "function" ? await this.asked(name, given, signal) : given;
      if (value === undefined) continue;
      if (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
        throw new RemoteFailure("header", `the value of header "${name}" cannot be sent`);
      }
      found[name] = value;
    }
    return found;
  }

  private async asked(
    name: string,
    given: () => string | undefined | Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await timed(this.settings.timeout, signal, async () => given());
    } catch {
      throw new RemoteFailure("header", `the function for header "${name}" failed, or took too long`);
    }
  }
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/;

/** The condition that the content is not this revision: an `ETag`, or a time. */
function conditions(revision: string | undefined): Readonly<Record<string, string>> {
  if (revision === undefined) return {};
  return HTTP_DATE.test(revision) ? { "if-modified-since": revision } : { "if-none-match": revision };
}
