/**
 * Access control. Only this machine has access, unless `authorize` decides otherwise; no other site has access through
 * a visitor's browser (DNS rebinding, cross-site requests); and writing needs a token that no other site can read.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Checked, isLoopback, type Visitor } from "./options.ts";

/** An admitted request. */
export interface Admitted {
  readonly visitor: Visitor;
}

const PATIENCE = 10_000;
/** Headers that proxies add. A proxy that adds none looks like a program on this machine. */
const PROXIES = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"] as const;
/** The header with the token. */
export const TOKEN_HEADER = "x-dashboard-token";
const TOKENS = 100;

export class Guard {
  private readonly options: Checked;
  /** Tokens that allow writing, oldest first. */
  private readonly tokens: string[] = [];
  /** The token in a printed address, valid for one visit. */
  private invitation: string | undefined = undefined;
  /** Whether pages get a token only with an invitation. */
  private invited = false;

  constructor(options: Checked) {
    this.options = options;
  }

  private known(token: string): boolean {
    const { token: lasting } = this.options;
    return this.tokens.some((one) => same(one, token)) || (lasting !== undefined && same(lasting, token));
  }

  /** Makes an invitation for one visit; from now on no page gets a token without one. */
  invite(): string {
    this.invited = true;
    this.invitation = newToken();
    return this.invitation;
  }

  /** A token for a page, if it may write. @param invitation the invitation in its address */
  tokenFor({ write = true }: Visitor, invitation: string | undefined): string | undefined {
    if (this.options.read_only || !write) return undefined;
    if (this.invited && this.options.authorize === undefined) {
      if (invitation === undefined || this.invitation === undefined || !same(invitation, this.invitation))
        return undefined;
      this.invitation = undefined;
    }
    const token = newToken();
    this.tokens.push(token);
    if (this.tokens.length > TOKENS) this.tokens.shift();
    return token;
  }

  /** Admits a request, or returns the response to it. */
  async admit(request: Request, connection: unknown): Promise<Admitted | Response> {
    const { authorize, hosts } = this.options;
    const url = new URL(request.url);
    const host = request.headers.get("host") ?? url.host;
    if (authorize === undefined) {
      const remote = remoteAddress(request, connection);
      if (remote !== undefined && !isLoopback(remote))
        return refusal(
          403,
          `only requests from this machine are allowed (this one comes from ${remote}): set the option authorize`,
        );
      if (PROXIES.some((name) => request.headers.has(name)))
        return refusal(
          403,
          "only requests from this machine are allowed, and a proxy passed this one on: set the option authorize",
        );
    }
    for (const one of new Set([host, url.host])) {
      const name = hostName(one);
      const known = isLoopback(name) || (hosts?.includes(name) ?? authorize !== undefined);
      if (!known) return refusal(403, `"${name.slice(0, 100)}" is not one of its host names: set the option hosts`);
    }
    const foreign = fromElsewhere(request, host, hosts ?? []);
    if (foreign !== undefined) return refusal(403, foreign);
    if (authorize === undefined) return { visitor: {} };
    return authorized(request, authorize);
  }

  /** Why this request may not write; undefined if it may. */
  refusedWrite(request: Request, { write = true }: Visitor): Response | undefined {
    if (this.options.read_only)
      return refusal(403, "this dashboard is read-only: it allows changes with { read_only: false }");
    if (!write) return refusal(403, "you may read but not write");
    const token = request.headers.get(TOKEN_HEADER);
    if (token === null || !this.known(token))
      return refusal(
        403,
        `the token is missing or unknown: open the page ${this.invited ? "with the address that the program prints" : "again"}`,
      );
    if (!/^application\/json\b/u.test(request.headers.get("content-type") ?? ""))
      return refusal(415, "the body must be application/json");
    return undefined;
  }
}

/** A refusing response, with the reason in words. */
export function refusal(status: number, why: string): Response {
  return Response.json({ error: `Cannot answer: ${why}` }, { status });
}

async function authorized(
  request: Request,
  authorize: NonNullable<Checked["authorize"]>,
): Promise<Admitted | Response> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("late")), PATIENCE);
    });
    const answer = await Promise.race([authorize(request.clone()), late]);
    if (answer instanceof Response) return answer;
    if (answer === true) return { visitor: {} };
    if (typeof answer !== "object" || answer === null) return refusal(403, "you may not read");
    const { user, write } = answer;
    return {
      visitor: {
        ...(typeof user === "string" ? { user: user.slice(0, 200) } : {}),
        ...(write === false ? { write: false } : {}),
      },
    };
  } catch {
    // Its error is not shown to visitors without access.
    return refusal(403, "your access could not be checked");
  } finally {
    clearTimeout(timer);
  }
}

// A request that another site made the browser send.
function fromElsewhere(request: Request, host: string, hosts: readonly string[]): string | undefined {
  const origin = request.headers.get("origin");
  if (origin !== null) {
    let own = false;
    try {
      const { host: from, hostname } = new URL(origin);
      // For a proxy that does not pass the host name on, `hosts` must name it.
      own = from === host || hosts.includes(hostname);
    } catch {
      // "null", or no origin at all.
    }
    if (!own)
      return `the request comes from another site: its Origin is ${origin.slice(0, 100)}, and its Host ${host.slice(0, 100)}; a proxy must pass Host on, or the option hosts must have the host name in the page's address`;
  }
  const site = request.headers.get("sec-fetch-site");
  const visit = request.headers.get("sec-fetch-mode") === "navigate" && request.method === "GET";
  if (site !== null && site !== "same-origin" && site !== "none" && !visit)
    return "the request comes from another site (Sec-Fetch-Site)";
  return undefined;
}

function hostName(host: string): string {
  return host.replace(/:\d+$/u, "").toLowerCase();
}

/** The address that a request comes from, if the framework provides it. */
export function remoteAddress(request: Request, connection: unknown): string | undefined {
  const found = connection as
    | {
        remote_address?: unknown;
        incoming?: { socket?: { remoteAddress?: unknown } };
        remoteAddr?: { hostname?: unknown };
        requestIP?: (request: Request) => { address?: unknown } | null;
        server?: { requestIP?: (request: Request) => { address?: unknown } | null };
      }
    | null
    | undefined;
  if (typeof found !== "object" || found === null) return undefined;
  try {
    const bun = typeof found.requestIP === "function" ? found : found.server;
    const address =
      found.remote_address ??
      found.incoming?.socket?.remoteAddress ??
      found.remoteAddr?.hostname ??
      bun?.requestIP?.(request)?.address;
    return typeof address === "string" ? address : undefined;
  } catch {
    return undefined;
  }
}

const newToken = (): string => randomBytes(24).toString("base64url");

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
