/** The running applications, in start order. OTP's `application_controller`. */
import { ensure } from "../term/atom.ts";
import { ALREADY_STARTED, BADARG, NORMAL, PERMANENT, SHUTDOWN, TEMPORARY, TRANSIENT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, OtpError } from "../term/error.ts";
import { tagOf } from "../term/guarded.ts";
import { inWords } from "../term/reason.ts";
import { type Name, atomOf } from "../term/name.ts";
import { report } from "../process/report.ts";
import { Running } from "./running.ts";
import { type Application, inOrder, keyOf } from "./specification.ts";

const NOT_STARTED = ensure("not_started");
const INVALID_RESTART_TYPE = ensure("invalid_restart_type");

/** The effect of an application's end on the others, as a string or an atom. */
export type RestartType =
  | "permanent"
  | "transient"
  | "temporary"
  | typeof PERMANENT
  | typeof TRANSIENT
  | typeof TEMPORARY;

const table = new Map<string, Running>();
/** Called when an application ended by itself that should not have. */
let fatal: ((running: Running, reason: unknown) => void) | undefined;

/** Sets the handler for the end of a permanent application. @returns a function that removes it */
export function onFatal(handler: (running: Running, reason: unknown) => void): () => void {
  fatal = handler;
  return () => {
    if (fatal === handler) fatal = undefined;
  };
}

/** The applications that are running or starting, the first started first. */
export function all(): Running[] {
  return [...table.values()];
}

/** Starts one application; the ones it needs must be running. Resolves when it has started. */
export async function begin(app: Application, type: RestartType, ms: number): Promise<Running> {
  inOrder(app);
  const kind = typeof type === "string" ? ensure(type) : type;
  if (kind !== PERMANENT && kind !== TRANSIENT && kind !== TEMPORARY)
    throw new OtpError(
      [INVALID_RESTART_TYPE, type],
      `Cannot start application "${keyOf(app)}": its restart type must be permanent, transient or temporary, got ${describe(type)}`,
    );
  const key = keyOf(app);
  const present = table.get(key);
  if (present !== undefined) {
    await present.started;
    if (present.phase === "stopping") await present.ended;
    else
      throw new OtpError(
        [ALREADY_STARTED, atomOf(key)],
        `Cannot start application "${key}": it is already running (already_started)`,
      );
  }
  for (const needed of app.applications ?? []) {
    const other = table.get(keyOf(needed));
    if (other?.phase !== "started")
      throw new OtpError(
        [NOT_STARTED, atomOf(keyOf(needed))],
        `Cannot start application "${key}": it needs "${keyOf(needed)}", which is not started (not_started). ensure_all_started starts both`,
      );
  }
  const running = new Running(app, kind, ms);
  table.set(key, running);
  void running.ended.then(([reason]) => over(running, reason));
  await running.started;
  return running;
}

/** Time limits, in ms. */
export interface Limits {
  /** The time left for starting. */
  start(): number;
  readonly stop: number;
}

/** Starts an application and all those it needs. @returns the ones that were started; they are stopped if one fails */
export async function beginAll(app: Application, type: RestartType, limits: Limits): Promise<Running[]> {
  const begun: Running[] = [];
  for (const each of inOrder(app)) {
    const present = table.get(keyOf(each));
    if (present !== undefined && present.phase !== "stopping") {
      await present.started;
      continue;
    }
    try {
      begun.push(await begin(each, type, limits.start()));
    } catch (error) {
      for (const one of begun.toReversed()) await one.stop(limits.stop);
      if (!(error instanceof OtpError)) throw error;
      const wrapped = new OtpError([atomOf(keyOf(each)), error.reason], error.message);
      wrapped.cause = error.cause ?? error;
      throw wrapped;
    }
  }
  return begun;
}

/** The application of this name. @throws OtpError `[not_started, name]` */
export function started(app: Application | Name, what: string): Running {
  let key: string;
  try {
    key = keyOf(app);
  } catch {
    throw new ErlangError(BADARG, `Cannot ${what} ${describe(app)}: an application or its name is needed`);
  }
  const running = table.get(key);
  if (running === undefined)
    throw new OtpError(
      [NOT_STARTED, atomOf(key)],
      `Cannot ${what} application "${key}": it is not started (not_started)`,
    );
  return running;
}

function over(running: Running, reason: unknown): void {
  const { key, type } = running;
  if (table.get(key) === running) table.delete(key);
  if (running.stopsOnPurpose || !running.wasStarted) return;
  const orderly = reason === NORMAL || reason === SHUTDOWN || tagOf(reason, 2) === SHUTDOWN;
  const ends = type === PERMANENT || (type === TRANSIENT && reason !== NORMAL);
  if (orderly && !ends) {
    report(
      "info",
      "application_exited",
      () => ({ application: key, type, reason }),
      () => `Application "${key}" ended with reason ${inWords(reason)}`,
    );
    return;
  }
  report(
    "error",
    "application_exited",
    () => ({ application: key, type, reason }),
    () =>
      `Application "${key}" ended with reason ${inWords(reason)}${ends ? `. It is ${String(type)}: the program ends` : ""}`,
  );
  if (ends) fatal?.(running, reason);
}
