/** Whether the program works (liveness) and can take work (readiness), as functions and as an HTTP endpoint. */
import { describe } from "../term/describe.ts";
import { isError, messageOf } from "../term/guarded.ts";
import { checkOptions } from "../term/options.ts";
import { all } from "./controller.ts";
import { limited, type Outcome } from "./limited.ts";
import { program, type ProgramPhase } from "./state.ts";
import type { Phase, Running } from "./running.ts";

/** The health of an application in a probe. */
export interface ApplicationHealth {
  readonly name: string;
  readonly phase: Phase;
  readonly ok: boolean;
  /** The reason if it is not ok. */
  readonly reason?: string | undefined;
}

/** The result of a probe. */
export interface Health {
  readonly ok: boolean;
  /** The phase of the program: `starting`, `ready`, `draining`, `stopping`, `stopped`. */
  readonly phase: ProgramPhase;
  readonly applications: readonly ApplicationHealth[];
}

/** How long a check of an application may take by default, in ms. */
const CHECK = 1_000;

/**
 * Whether the program can take work: it is ready and not draining, and each application's `ready` agrees. A load
 * balancer sends requests only while this holds.
 *
 * @param timeout how long an application's `ready` may take, in ms. Default: 1,000
 */
export async function readiness(timeout = CHECK): Promise<Health> {
  const asked = await Promise.all(all().map((running) => readyOf(running, timeout)));
  const { phase } = program;
  return { ok: phase === "ready" && asked.every(({ ok }) => ok), phase, applications: asked };
}

/**
 * Whether the program works: each application's `live` agrees. If it does not, waiting is of no use and the program
 * should be replaced. Draining is not a failure.
 *
 * @param timeout how long an application's `live` may take, in ms. Default: 1,000
 */
export async function liveness(timeout = CHECK): Promise<Health> {
  const asked = await Promise.all(all().map((running) => check(running, "live", timeout)));
  return { ok: asked.every(({ ok }) => ok), phase: program.phase, applications: asked };
}

/** Whether one application can take work. */
export async function readyOf(running: Running, timeout: number): Promise<ApplicationHealth> {
  const { key: name, phase } = running;
  if (phase !== "started") return { name, phase, ok: false, reason: `it is ${phase}` };
  return check(running, "ready", timeout);
}

async function check(running: Running, which: "ready" | "live", timeout: number): Promise<ApplicationHealth> {
  const { app, key: name, phase, state } = running;
  if (app[which] === undefined || phase === "starting") return { name, phase, ok: true };
  const reason = no(await limited((context) => app[which]?.(state, context), timeout), which, timeout);
  return reason === undefined ? { name, phase, ok: true } : { name, phase, ok: false, reason };
}

function no(outcome: Outcome, which: string, timeout: number): string | undefined {
  if (outcome === undefined) return `${which} did not answer within ${timeout} ms`;
  if ("error" in outcome)
    return `${which} failed: ${isError(outcome.error) ? messageOf(outcome.error) : describe(outcome.error)}`;
  const { value } = outcome;
  return value === true || value === undefined ? undefined : `${which} answered ${describe(value)}`;
}

/** The paths of the probes, and how long a check may take. */
export interface ProbeOptions {
  /** Path of liveness. Default: `/livez`. */
  readonly live?: string | undefined;
  /** Path of readiness. Default: `/readyz`. */
  readonly ready?: string | undefined;
  /** How long an application's check may take, in ms. Default: 1,000. */
  readonly timeout?: number | undefined;
  /** Whether the response has applications and reasons, which may be internal. Default: true. */
  readonly details?: boolean | undefined;
}

/** An HTTP endpoint with web-standard types. */
export type Endpoint = (request: Request) => Promise<Response>;

/**
 * An HTTP endpoint for probes: 200 if all is well, otherwise 503, with the health as JSON. Other paths get 404, and
 * methods other than GET and HEAD get 405. It works with frameworks that use `Request` and `Response`: Hono, Bun, Deno;
 * `docs/application.md` shows it with Fastify.
 */
export function probes(options: ProbeOptions = {}): Endpoint {
  checkOptions(options, ["live", "ready", "timeout", "details"], "make probes");
  const { live = "/livez", ready = "/readyz", timeout = CHECK, details = true } = options;
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== live && pathname !== ready) return new Response(null, { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD")
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    const health = await (pathname === live ? liveness(timeout) : readiness(timeout));
    const body = details ? health : { ok: health.ok, phase: health.phase };
    return new Response(request.method === "HEAD" ? null : JSON.stringify(body), {
      status: health.ok ? 200 : 503,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  };
}
