/** One installed handler: its callbacks are called here, and every outcome is a value. */
import { EXIT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { Thrown } from "../term/error.ts";
import { isA, isTuple, tagOf } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { andThen, isThenable } from "../term/thenable.ts";
import { acting } from "../process/context.ts";
import { processOf } from "../process/process.ts";
import { report } from "../process/report.ts";
import { callTerminate } from "../behaviour/lacking.ts";
import { shownName } from "../behaviour/served.ts";
import { GEN_EVENT_EXIT, SWAPPED } from "./atoms.ts";
import { type Callback, missing, nameOfHandler, wrongResult } from "./mistake.ts";
import type { AnyHandler } from "./types.ts";

/** A handler in its manager. */
export interface Handler {
  readonly module: AnyHandler;
  /** Undefined if it was installed without one. */
  readonly id: unknown;
  readonly state: unknown;
  /** The process that installed it with `add_sup_handler`. */
  readonly supervisor: Pid | undefined;
}

/** The name of a handler: its module, or module and id. */
export function refOf({ module, id }: Handler): unknown {
  return id === undefined ? module : [module, id];
}

/** Calls a callback like Erlang's `catch`: a thrown term is the result, and a failure is `['EXIT', reason]`. */
export function caught(call: () => unknown): unknown {
  try {
    const result = call();
    return !isTuple(result) && isThenable(result) ? Promise.resolve(result).catch(failed) : result;
  } catch (error) {
    return failed(error);
  }
}

/** The same for a result that will be read: if it throws on inspection, that is a failure of the callback. */
export function read(call: () => unknown): unknown {
  return caught(() => {
    const given = call();
    return !isTuple(given) && isThenable(given) ? Promise.resolve(given).then(copied) : copied(given);
  });
}

function copied(result: unknown): unknown {
  return Array.isArray(result) ? Array.from(result as readonly unknown[]) : result;
}

function failed(error: unknown): unknown {
  return isA(error, Thrown) ? error.value : [EXIT, reasonOf(error)];
}

/** Calls a callback of an installed handler, which the module must have. */
export function calls({ module, state }: Handler, callback: Exclude<Callback, "init">, term: unknown): unknown {
  return read(() => invoke(module, callback, term, state));
}

/** Calls the init of a handler that is to be installed. */
export function installs(module: AnyHandler, args: unknown): unknown {
  return read(() => invoke(module, "init", args));
}

function invoke(module: AnyHandler, callback: Callback, ...args: readonly unknown[]): unknown {
  const method = module[callback] as ((...given: readonly unknown[]) => unknown) | undefined;
  if (typeof method !== "function") throw missing(module, callback);
  return method.call(module, ...args);
}

/**
 * Ends a handler: its terminate gets `argument`. Its supervising process is notified of `how` (for a crash, with the
 * callback's result), and a crash is reported. Returns terminate's result.
 *
 * @param how the reason for its supervising process: `normal`, `shutdown`, `[swapped, handler, supervisor]`, or the
 *   result of a callback
 */
export function end(handler: Handler, argument: unknown, how: End, last: unknown): unknown {
  const { module, state } = handler;
  const result = module.terminate === undefined ? undefined : caught(() => callTerminate(module, argument, state));
  return andThen(result, (value) => {
    announceEnd(handler, how, last);
    return value;
  });
}

/** Notifies the handler's supervising process of its end, and reports a crash. */
export function announceEnd(handler: Handler, how: End, last: unknown): void {
  if (how.crash !== undefined) reportCrash(handler, how.crash, last);
  const { supervisor } = handler;
  if (supervisor !== undefined) processOf(supervisor)?.accept([GEN_EVENT_EXIT, refOf(handler), how.notice]);
}

/** The end of a handler: the reason for its supervising process, and for a crash, the callback and its result. */
export interface End {
  readonly notice: unknown;
  readonly crash?: { readonly callback: Callback; readonly result: unknown };
}

/** The end of a handler that was replaced by another one. */
export function swapped(by: unknown, supervisor: Pid | undefined): End {
  return { notice: [SWAPPED, by, supervisor ?? false] };
}

function reportCrash(handler: Handler, { callback, result }: NonNullable<End["crash"]>, last: unknown): void {
  const manager = acting();
  const reason = tagOf(result, 2) === EXIT ? (result as readonly unknown[])[1] : result;
  const shown = shownStatus(handler, last, reason);
  report(
    "error",
    "handler_crash",
    () => ({ pid: manager?.pid, name: manager?.name, handler: refOf(handler), ...shown }),
    () =>
      [
        `gen_event handler ${nameOfHandler(refOf(handler))} crashed, and was removed`,
        `  Reason: ${shown.reason === reason ? wrongResult(handler.module, callback, result) : inWords(shown.reason)}`,
        `  Last event: ${describe(shown.message)}`,
        `  State: ${describe(shown.state)}`,
        ...(manager === undefined ? [] : [`  Manager: ${shownName(manager)}`]),
      ].join("\n"),
  );
}

/** A handler's state as its `format_status` shows it. */
export function shownState(handler: Handler): unknown {
  return formatted(handler.module, { state: handler.state }, { state: HIDDEN }).state;
}

const HIDDEN = "not shown: format_status failed";

function shownStatus({ module, state }: Handler, message: unknown, reason: unknown) {
  return formatted(module, { state, message, reason }, { state: HIDDEN, message: HIDDEN, reason });
}

// A status as the module shows it. Hidden data must not be shown because the module's code failed.
function formatted<T extends object>(module: AnyHandler, status: T, hidden: T): T {
  if (module.format_status === undefined) return status;
  try {
    return { ...status, ...(module.format_status(status) as Partial<T>) };
  } catch {
    return hidden;
  }
}
