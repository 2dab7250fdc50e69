/**
 * Starting and stopping a whole program.
 *
 *   const shop = application.define({
 *     name: "shop",
 *     start: () => supervisor.start_link([orders, web]),
 *     drain: (_state, context) => server.drain(context),
 *   });
 *   await application.run(shop);
 *
 * *When not to use it:* for a script that ends by itself, or for a library. A supervisor with `{ signals: true }` is
 * enough if nothing has to be drained.
 */
import { ALREADY_STARTED, BADARG, OK, TEMPORARY } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, OtpError } from "../term/error.ts";
import { Pid } from "../term/pid.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { acting } from "../process/context.ts";
import { processOf } from "../process/process.ts";
import { isName, type Name } from "../term/name.ts";
import { strange } from "../term/strange.ts";
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

/** Checks an application and infers the type of its state. @throws ErlangError `badarg` */
export function define<S>(app: Application<S>): Application<S> {
  checkApplication(app);
  return Object.freeze({ ...app });
}

/**
 * Starts an application; the ones it needs must be running.
 *
 * @param type the effect of its end: `permanent`, the program ends with it, with status 1; `transient`, the same unless
 *   the reason is `normal`; `temporary`, it is only reported. Default: temporary
 * @param timeout how long the start may take, in ms; after that it fails, and its processes are killed. Default: for
 *   ever
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

/** Like `start`, but succeeds if the application is already running. */
export async function ensure_started<S>(app: Application<S>, type: RestartType = TEMPORARY): Promise<typeof OK> {
  try {
    await begin(app as Application, type, Infinity);
  } catch (error) {
    if (!OtpError.is(error, ALREADY_STARTED)) throw error;
  }
  return OK;
}

/**
 * Starts an application and all those it needs, in dependency order.
 *
 * @returns the names of those that were not running, in start order
 * @throws OtpError `[name, reason]`; the applications started by this call are stopped
 */
export async function ensure_all_started<S>(app: Application<S>, type: RestartType = TEMPORARY): Promise<Name[]> {
  const begun = await beginAll(app as Application, type, { start: () => Infinity, stop: Infinity });
  return begun.map((running) => running.app.name);
}

/**
 * Stops an application: `prep_stop`, its tree, `stop`. Applications that need it go on, as in OTP. Resolves when all
 * its processes have ended.
 *
 * @param timeout in ms; after that its processes are killed. Default: no limit other than its tree's shutdown times
 * @throws OtpError `[not_started, name]`
 */
export async function stop<S>(app: Application<S> | Name, timeout: Timeout = Infinity): Promise<typeof OK> {
  const ms = milliseconds(timeout, "stop an application");
  await started(app as Application, "stop").stop(ms);
  return OK;
}

/** `[name, description, version]` of each running application, the last started first. */
export function which_applications(): (readonly [name: Name, description: string, vsn: string])[] {
  return all()
    .filter(({ phase }) => phase !== "starting")
    .toReversed()
    .map(({ app }) => [app.name, app.description ?? "", app.vsn ?? ""]);
}

/** The name of the application that a process belongs to, or undefined. @param pid default: the calling process */
export function get_application(pid?: Pid): Name | undefined {
  if (pid !== undefined && !(pid instanceof Pid))
    throw new ErlangError(
      BADARG,
      `Cannot look up the application of ${describe(pid)}: a pid is needed${isName(pid) ? " (use erlang.whereis for a name)" : strange(pid)}`,
    );
  const process = pid === undefined ? acting() : processOf(pid);
  return process === undefined ? undefined : all().find((running) => running.owns(process))?.app.name;
}
