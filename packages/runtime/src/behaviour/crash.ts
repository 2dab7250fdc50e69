/** The report of a process that ended abnormally: everything needed to find out why, reported once. */
import { quoted } from "../term/name.ts";
import { describe, detail } from "../term/describe.ts";
import { isA, isError, isTuple, textOf } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import { isOrderly, sentenceOf, stackOf } from "../term/reason.ts";
import { isThenable } from "../term/thenable.ts";
import { type Process, processOf } from "../process/process.ts";
import * as registry from "../process/registry.ts";
import { heard, report } from "../process/report.ts";
import type { Status } from "./callbacks.ts";
import { shownEvent, type SystemEvent } from "./debug.ts";
import { nameOfModule } from "./module_name.ts";
import { type Served, shownName } from "./served.ts";
import { State } from "./supervisor_state.ts";

/**
 * Reports the end of a server, unless its reason is an orderly one. Called before it dies, while it still has its name.
 *
 * @param when its activity, if it was not handling a message
 * @param given the reason passed to `format_status`: in a gen_statem it is without the stack
 */
export function reportCrash(server: Served, reason: unknown, when = "between two messages", given = reason): void {
  // OTP calls format_status before it checks for handlers.
  if (isOrderly(reason) || (server.module.format_status === undefined && !heard("process_crash"))) return;
  const shown = formatted(server, server.status({ reason: given }));
  const place = placeOf(server.pid, server.parent);
  const why = shown.reason === given ? reason : shown.reason;
  const { log: events, ...others } = shown;
  const log = (events as readonly SystemEvent[] | undefined)?.map(shownEvent) ?? [];
  const rest = log.length > 0 ? { ...others, log } : others;
  const details = {
    pid: server.pid,
    name: registry.nameOf(server),
    initial_call: server.initialCall,
    ancestors: server.ancestors,
    ...place,
    ...rest,
    reason: why,
  };
  report(
    "error",
    "process_crash",
    () => details,
    () =>
      [
        `${server.behaviour} ${shownName(server)} terminating`,
        `  Reason: ${reasonText(why, sentenceOf(reason))}`,
        lastLine(shown, when),
        `  State: ${lines(shown.state)}${isPromise(shown.state) ? " (a promise: is an await missing where the callback returned it?)" : ""}`,
        ...("data" in shown ? [`  Data: ${lines(shown.data)}`] : []),
        ...(shown.postponed?.length ? [`  Postponed: ${lines(shown.postponed)}`] : []),
        ...(shown.timeouts?.length ? [`  Time-outs: ${lines(shown.timeouts)}`] : []),
        ...(log.length > 0 ? [`  Log: ${lines(log)}`] : []),
        ...(server.module.behaviour === undefined
          ? [`  Module: ${nameOfModule(server.module).replace(/^the (?:empty )?module /u, "")}`]
          : []),
        ...placeText(place),
        `  Ancestors: ${describe(details.ancestors)}`,
        `  Started as: ${details.initial_call}`,
      ].join("\n"),
  );
}

// Its current message: a gen_server's message, or the first event of a gen_statem's queue.
function lastLine(shown: Status, when: string): string {
  if (shown.queue?.length) return `  Last event: ${lines(shown.queue[0])}`;
  return "message" in shown ? `  Last message: ${lines(shown.message)}` : `  Last message: none (${when})`;
}

/** The place of a process in its supervisor. */
export interface Place {
  readonly supervisor?: Pid;
  readonly child_id?: unknown;
}

/** The supervisor of a process and its id there, if it is a child. */
export function placeOf(pid: Pid, parent: Pid | undefined): Place {
  const state: unknown =
    parent === undefined ? undefined : (processOf(parent) as { state?: unknown } | undefined)?.state;
  if (parent === undefined || !(state instanceof State)) return {};
  const child = state.children.findByPid(pid) ?? state.starting;
  return child === undefined ? { supervisor: parent } : { supervisor: parent, child_id: child.spec.id };
}

/** A place as text for a report: one line, or none. */
export function placeText({ supervisor, ...child }: Place): readonly string[] {
  if (supervisor === undefined) return [];
  const { name } = processOf(supervisor) as Process;
  const who = name === undefined ? String(supervisor) : `${quoted(name)} ${supervisor}`;
  return [`  Child: ${"child_id" in child ? `${describe(child.child_id)} of` : "of"} supervisor ${who}`];
}

/** A reason as text for a report: its sentence, the term, and where it was raised. */
export function reasonText(reason: unknown, said = sentenceOf(reason)): string {
  const stack = stackOf(reason);
  return `${said === undefined ? lines(reason) : said.replaceAll("\n", "\n    ")}${stack === "" ? "" : `\n    ${stack.replaceAll("\n", "\n    ")}`}`;
}

/** The failure of a format_status that returned no status. */
class Unusable extends Error {}

/** A status as formatted by the callback module. A failing format_status does no harm. */
export function formatted(server: Served, status: Status): Status {
  const { module } = server;
  if (module.format_status === undefined) return status;
  try {
    const changed: unknown = module.format_status(status);
    if (isThenable(changed)) throw new Unusable("it must not be asynchronous");
    if (typeof changed !== "object" || changed === null || isTuple(changed))
      throw new Unusable(
        `it must return the status object, and returned ${changed === null ? "null" : typeof changed === "object" ? "an array" : typeof changed}`,
      );
    return { ...status, ...(changed as Status) };
  } catch (error) {
    // Hidden data must not be shown because the module's code failed. The error's message may contain it too.
    const own = isA(error, Unusable);
    const why = own ? error.message : isError(error) ? textOf(error).split(":", 1)[0] : typeof error;
    const hidden = `not shown: format_status failed (${why})`;
    return {
      ...Object.fromEntries(Object.keys(status).map((key) => [key, LISTS.has(key) ? [] : hidden])),
      reason: status.reason,
      log: [],
    };
  }
}

const LISTS: ReadonlySet<string> = new Set(["log", "postponed", "queue", "timeouts"]);

const lines = (term: unknown): string => detail(term).replaceAll("\n", "\n    ");

function isPromise(term: unknown): boolean {
  try {
    return isThenable(term);
  } catch {
    return false;
  }
}
