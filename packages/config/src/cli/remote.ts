import { decoded, withoutCredentials } from "../core/credentials.ts";
import { readJson } from "../core/json_reader.ts";
import { writtenOf } from "../core/json_writer.ts";
import type { Environment } from "../answers/environment.ts";
import type { LeavesAnswer, ValueAnswer } from "../answers/values.ts";
import type { Verdict } from "../answers/verdict.ts";
import type { Explanation } from "../core/explain.ts";
import { isTable } from "../core/draft.ts";
import { REDACTED } from "../core/redaction.ts";
import type { Table } from "../core/value.ts";
import type { ChangedValue, HistoryEntry } from "../protocol.ts";
import type { Side } from "./comparison.ts";
import { Failure } from "./failure.ts";
import type { Progress } from "./progress.ts";
import type { Address, Subject } from "./subject.ts";

/** A request that was refused. */
export class Refused extends Failure {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(message: string, status: number, body: Readonly<Record<string, unknown>>) {
    super(message, status === 400 || status === 404 ? 2 : 1);
    this.status = status;
    this.body = body;
  }
}

/** A running program, asked through its dashboard. */
export class RemoteSubject implements Subject {
  private readonly progress: Progress;
  private readonly base: URL;
  private readonly headers: Headers;
  private readonly manager: string | undefined;
  /** The token for changes. */
  private token: string | undefined;

  /** @throws Failure if the address or a header is invalid */
  constructor({ url, token, manager, headers }: Address, progress: Progress) {
    this.progress = progress;
    this.manager = manager;
    this.base = addressOf(url);
    // The printed address has a token that is valid for one visit.
    this.token = token ?? this.base.searchParams.get("token") ?? undefined;
    this.base.search = "";
    this.base.hash = "";
    if (!this.base.pathname.endsWith("/")) this.base.pathname += "/";
    this.headers = new Headers();
    const { username, password } = this.base;
    if (username !== "" || password !== "") {
      const credentials = `${decoded(username)}:${decoded(password)}`;
      this.headers.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
      this.base.username = "";
      this.base.password = "";
    }
    for (const line of headers) {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/u.exec(line) ?? [];
      if (name === undefined)
        throw new Failure('Cannot use --header: it must be a line such as "Authorization: Bearer …"', 2);
      this.headers.set(name, value ?? "");
    }
  }

  verdict = () => this.answer<Verdict>("verdict");
  value = (path: string) => this.answer<ValueAnswer>("value", { path });
  leaves = (path: string) => this.answer<LeavesAnswer>("leaves", { path });
  explanation = (path: string) => this.answer<Explanation>("explanation", { path });
  environment = () => this.answer<Environment>("environment");
  history = () => this.answer<readonly HistoryEntry[]>("history");
  difference = (from: number, to: number | undefined) =>
    this.answer<readonly ChangedValue[]>("difference", {
      from: String(from),
      ...(to === undefined ? {} : { to: String(to) }),
    });

  async side(): Promise<Side> {
    const { value } = await this.value("");
    return { shown: isTable(value) ? value : ({} as Table) };
  }

  /**
   * Asks the program for an action.
   *
   * @param action such as `configuration/put`
   * @throws Refused with the program's reason
   */
  async act(action: string, body: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const send = (): Promise<Response> =>
      this.request(action, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(this.token === undefined ? {} : { "x-dashboard-token": this.token }),
        },
        body: writtenOf({ ...body, ...(this.manager === undefined ? {} : { manager: this.manager }) }),
      });
    let response = await send();
    if (response.status === 403 && (await this.visit())) response = await send();
    return (await this.read(response)) as Readonly<Record<string, unknown>>;
  }

  /** A page's stream of events, which ends with the signal. @throws Refused */
  async stream(page: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const query = this.manager === undefined ? "" : `&manager=${encodeURIComponent(this.manager)}`;
    const response = await this.request(`stream?page=${page}${query}`, { signal });
    if (!response.ok || response.body === null) await this.read(response);
    return response.body!;
  }

  private async answer<T>(name: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const search = new URLSearchParams({ ...query, ...(this.manager === undefined ? {} : { manager: this.manager }) });
    return (await this.read(await this.request(`answers/${name}?${search}`))) as T;
  }

  /** Opens the page: it contains a token if its visitor may write. */
  private async visit(): Promise<boolean> {
    const invitation = this.token === undefined ? "" : `?token=${encodeURIComponent(this.token)}`;
    const response = await this.request(invitation, { headers: { accept: "text/html" } });
    const [, boot = "{}"] =
      /<script type="application\/json" id="boot">(.*?)<\/script>/su.exec(await response.text()) ?? [];
    const { token } = JSON.parse(boot) as { readonly token?: unknown };
    if (typeof token !== "string") return false;
    this.token = token;
    return true;
  }

  private async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(this.headers);
    headers.set("accept", "application/json");
    for (const [name, value] of Object.entries((init.headers ?? {}) as Record<string, string>))
      headers.set(name, value);
    this.progress.waiting([this.base.host]);
    try {
      const signal = init.signal ?? AbortSignal.timeout(PATIENCE);
      return await fetch(new URL(path, this.base), { ...init, signal, headers, redirect: "manual" });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new Failure(
        `Cannot reach ${this.base.href}: ${whyUnreachable(error)}; is it the address of the program's dashboard?`,
      );
    } finally {
      this.progress.waiting([]);
    }
  }

  private async read(response: Response): Promise<unknown> {
    const isJson = /^application\/json\b/u.test(response.headers.get("content-type") ?? "");
    const body: unknown = isJson ? readJson(await response.text()).value : undefined;
    if (response.ok && isJson) return body;
    const { error } = (body ?? {}) as { readonly error?: unknown };
    if (typeof error === "string") throw new Refused(error, response.status, body as Record<string, unknown>);
    throw new Failure(
      `Cannot ask ${this.base.href}: no dashboard of @otpts/config answers there (status ${response.status}); its path belongs to the address, as in http://127.0.0.1:3000/otp/`,
    );
  }
}

/** @throws Failure, without the credentials in the text, if it is no address of a web server */
function addressOf(text: string): URL {
  const address = /^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `http://${text}`;
  const found = URL.canParse(address) ? new URL(address) : undefined;
  if (found !== undefined && /^https?:$/u.test(found.protocol)) return found;
  throw new Failure(
    `Cannot use --url "${withoutCredentials(text, REDACTED)}": it must be the address of a dashboard, such as http://127.0.0.1:4000/`,
    2,
  );
}

/** The longest wait for an answer, in ms. */
const PATIENCE = 30_000;

function whyUnreachable(error: unknown): string {
  const { cause, message, name } = error as {
    cause?: { code?: string; message?: string };
    message: string;
    name: string;
  };
  if (name === "TimeoutError") return `no answer within ${PATIENCE / 1_000} seconds`;
  return cause?.code === "ECONNREFUSED" ? "no program listens there" : (cause?.message ?? message);
}
