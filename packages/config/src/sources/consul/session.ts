import { file_text, tls_material } from "../remote/tls.ts";
import type { Answer, Call, ConsulClient, KeyQuery } from "./client.ts";
import type { BodyReader } from "./exchange.ts";
import { RemoteFailure } from "../remote/failure.ts";
import type { Operation } from "./operation.ts";
import { type ConsulSettings, type Endpoint, consul_endpoint, endpoint_name } from "./options.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The parameters of one request. */
export interface Asking {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly reader?: BodyReader;
}

/**
 * The endpoint, credentials and connections, created with the first request.
 *
 * Secrets are only in private fields, and in the header of a request that is in flight.
 */
export class ConsulSession {
  readonly #settings: ConsulSettings;
  #endpoint: Endpoint | undefined;
  #client: Promise<ConsulClient> | undefined;
  #requests = 0;
  #lastContact: number | undefined;
  #leaderContact: number | undefined;

  constructor(settings: ConsulSettings) {
    this.#settings = settings;
  }

  /** Requests made so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Unix time of the last good response, in milliseconds. */
  get last_contact(): number | undefined {
    return this.#lastContact;
  }

  /** Milliseconds since the responding server last heard from the leader: the greatest age of a `stale` response. */
  get leader_contact(): number | undefined {
    return this.#leaderContact;
  }

  /** The address of Consul, for people. */
  address(env: Environment): string {
    try {
      return endpoint_name((this.#endpoint ??= consul_endpoint(this.#settings, env)));
    } catch {
      return "an address that cannot be read";
    }
  }

  /** @throws RemoteFailure */
  async get(query: KeyQuery, asking: Asking): Promise<Answer> {
    // The server adds up to a sixteenth to the wait of a blocking query.
    const timeout = query.after === undefined ? this.#settings.timeout : (query.after.wait * 17) / 16 + 2000;
    const answer = await this.#with(asking, timeout, (client, call) => client.get(query, call));
    this.#leaderContact = answer.leader_contact;
    return answer;
  }

  /** @returns `false` if a key has changed meanwhile. @throws RemoteFailure */
  async commit(operations: readonly Operation[], asking: Asking): Promise<boolean> {
    try {
      return await this.#with(asking, this.#settings.timeout, (client, call) => client.commit(operations, call));
    } catch (error) {
      const { code, message } = error as RemoteFailure;
      if (code !== "timeout" && code !== "truncated") throw error;
      throw new RemoteFailure(code, `${message}; it is unknown whether it was written`);
    }
  }

  /** Closes all connections; resolves when they are closed. The next request opens new ones. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.close();
  }

  async #with<T>(asking: Asking, timeout: number, ask: (client: ConsulClient, call: Call) => Promise<T>): Promise<T> {
    const connecting = (this.#client ??= this.#connect(asking.env));
    const client = await connecting.catch((error: unknown) => {
      if (this.#client === connecting) this.#client = undefined;
      throw error;
    });
    const call: Call = {
      token: await this.#token(asking),
      timeout,
      max_bytes: this.#settings.max_bytes,
      signal: asking.signal,
      ...(asking.reader === undefined ? {} : { reader: asking.reader }),
    };
    this.#requests += 1;
    try {
      const result = await ask(client, call);
      this.#lastContact = Date.now();
      return result;
    } catch (error) {
      const { code, status } = error as RemoteFailure;
      if (status !== undefined) this.#lastContact = Date.now();
      // Certificates may have been renewed on disk: the next request reads them again.
      const renew = code === "tls" || code === "unreachable";
      if (renew && this.#endpoint?.protocol === "https:" && this.#client === connecting) await this.close();
      throw error;
    }
  }

  async #connect(env: Environment): Promise<ConsulClient> {
    try {
      this.#endpoint ??= consul_endpoint(this.#settings, env);
    } catch (error) {
      throw new RemoteFailure("unreachable", (error as Error).message.replace(/^Cannot reach Consul: /, ""));
    }
    const endpoint = this.#endpoint;
    const Client = await loadedClient();
    return new Client(endpoint, endpoint.protocol === "https:" ? await tls_material(endpoint.tls) : {});
  }

  async #token({ env, signal }: Asking): Promise<string | undefined> {
    const { given, timeout } = this.#settings;
    let token: unknown;
    if (typeof given.token === "function") token = await asked(given.token, timeout, signal);
    else if (given.token !== undefined) token = given.token;
    else if (given.token_file !== undefined) token = await file_text("token", given.token_file);
    else if (env["CONSUL_HTTP_TOKEN"]) token = env["CONSUL_HTTP_TOKEN"];
    else if (env["CONSUL_HTTP_TOKEN_FILE"]) token = await file_text("token", env["CONSUL_HTTP_TOKEN_FILE"]);
    if (token === undefined || token === "") return undefined;
    if (typeof token !== "string") throw new RemoteFailure("token", `the token must be a string, got ${typeof token}`);
    const trimmed = token.trim();
    if (!/^[\x21-\x7e]*$/.test(trimmed))
      throw new RemoteFailure("token", "the token has characters that cannot be sent");
    return trimmed === "" ? undefined : trimmed;
  }
}

/** The function's own errors are not passed on: they may contain secrets. */
async function asked(token: () => string | Promise<string>, timeout: number, signal: AbortSignal): Promise<string> {
  let end: () => void = () => undefined;
  const over = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(
      () => reject(new RemoteFailure("token", `the token function returned nothing within ${timeout} ms`)),
      timeout,
    );
    const stop = () => reject(new RemoteFailure("stopped", "the source was stopped"));
    signal.addEventListener("abort", stop, { once: true });
    end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
  });
  try {
    return await Promise.race([over, (async () => await token())()]);
  } catch (error) {
    throw error instanceof RemoteFailure ? error : new RemoteFailure("token", "the token function failed");
  } finally {
    end();
  }
}

/** The client's package is loaded with the first request, so only programs that use Consul load it. */
async function loadedClient(): Promise<typeof ConsulClient> {
  try {
    return (await import("./client.ts")).ConsulClient;
  } catch (error) {
    throw new RemoteFailure("unreachable", `cannot load the package "consul": ${(error as Error).message}`);
  }
}
