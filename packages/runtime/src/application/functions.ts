/**
 * Start and stop of a whole program.
 *
 *   const shop = application.define({
 *     name: "shop",
 *     start: () => supervisor.start_link([orders, web]),
 *     drain: (_state, context) => server.drain(context),
 *   });
 *   await application.run(shop);
 *
 * *When not to use it:* a script that ends by itself, or a library. A supervisor with `{ signals: true }` is enough where
 * nothing has to be drained.
 */
import { ALREADY_STARTED, OK, TEMPORARY } from "../term/atoms.ts";
import { OtpError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { acting } from "../process/context.ts";
import { processOf } from "../process/process.ts";
import type { Name } from "../term/name.ts";
import { all, begin, beginAll, type RestartType, started } from "./controller.ts";
import { type Application, checkApplication } from "./specification.ts";

export { type Drainable, type DrainOptions, drainable } from "./http.ts";
export {
  type ApplicationHealth,
  type Endpoint,
  type Health,
  liveness,
  type ProbeOptions,
  probes,
  readiness,
} from "./health.ts";
export { type Program, run, type RunOptions, type Timeouts } from "./program.ts";
export type { ProgramPhase } from "./state.ts";
export type { Phase } from "./running.ts";
export type { Application, PhaseContext } from "./specification.ts";
export type { RestartType };

/** An application, checked, with the type of its state. @throws ErlangError `badarg` */
export function define<S>(app: Application<S>): Application<S> {
  checkApplication(app);
  return Object.freeze({ ...app });
}

/**
 * Starts an application; those it needs must run.
 *
 * @param type what its end means: `permanent`, the program ends with it, with status 1; `transient`, the same unless the
 *   reason is `normal`; `temporary`, it is only told of. Default: temporary
 * @param timeout how long the start may take, in ms; then it fails, and what was started is killed. Default: for ever
 * @throws OtpError `[not_started, name]`, `[already_started, name]`, `[bad_return, …]`, `[reason, [name, start, [normal]]]`
 */
export async function start<S>(
  app: Application<S>,
  type: RestartType = TEMPORARY,
  timeout: Timeout = Infinity,
): Promise<typeof OK> {
  await begin(app as Application, type, milliseconds(timeout, "start an application"));
  return OK;
}

/** Like `start`, and content with an application that runs already. */
export async function ensure_started<S>(app: Application<S>, type: RestartType = TEMPORARY): Promise<typeof OK> {
  try {
    await begin(app as Application, type, Infinity);
  } catch (error) {
    if (!OtpError.is(error, ALREADY_STARTED)) throw error;
  }
  return OK;
}

/**
 * Starts an application and all it needs, each after those it needs.
 *
 * @returns the names of those that did not run yet, in the order of their start
 * @throws OtpError `[name, reason]`; those that it has started are stopped then
 */
export async function ensure_all_started<S>(app: Application<S>, type: RestartType = TEMPORARY): Promise<Name[]> {
  const begun = await beginAll(app as Application, type, { start: () => Infinity, stop: Infinity });
  return begun.map((running) => running.app.name);
}

/**
 * Stops an application: `prep_stop`, its tree, `stop`. Those that need it go on, as in OTP. Resolves when nothing of it is left.
 *
 * @param timeout in ms; then its processes are killed. Default: as long as its tree's shutdown times take
 * @throws OtpError `[not_started, name]`
 */
export async function stop<S>(app: Application<S> | Name, timeout: Timeout = Infinity): Promise<typeof OK> {
  const ms = milliseconds(timeout, "stop an application");
  await started(app as Application, "stop").stop(ms);
  return OK;
}

/** `[name, description, version]` of each application that runs, the last started first. */
export function which_applications(): (readonly [name: Name, description: string, vsn: string])[] {
  return all()
    .filter(({ phase }) => phase !== "starting")
    .toReversed()
    .map(({ app }) => [app.name, app.description ?? "", app.vsn ?? ""]);
}

/** The name of the application that a process belongs to, or undefined. @param pid default: the calling process */
export function get_application(pid?: Pid): Name | undefined {
  const process = pid === undefined ? acting() : processOf(pid);
  return process === undefined ? undefined : all().find((running) => running.owns(process))?.app.name;
}
