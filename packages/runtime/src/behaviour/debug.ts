/**
 * OTP's debug options, which `sys` switches on for a process. Few processes have any, so they are in `Extra`, and the
 * loops check one bit.
 *
 * A loop reports *system events*, the tuples of OTP: a gen_server `[in, message]`, `[out, reply, from, state]`, `[noreply, state]` and
 * `[continue, term]`; a gen_event `[in, message]`; a gen_statem `[in, event, state]`, `[out, reply, from]`,
 * `[consume | postpone, event, state, next_state]`, `[start_timer, timer, state]`, `[enter, module, state]` and
 * `[terminate, reason, state]`.
 */
import { type Atom, Atom as AtomClass, ensure } from "../term/atom.ts";
import { CONTINUE, GEN_CALL, GEN_CAST, NOREPLY, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isA, isTuple, tagOf } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { isThenable } from "../term/thenable.ts";
import type { Process } from "../process/process.ts";
import { nameOf } from "../process/registry.ts";
import { report } from "../process/report.ts";
import { LogFile } from "./log_file.ts";
import { showable } from "./sensitive.ts";
import { type Served, shownName } from "./served.ts";

export const IN = ensure("in");
export const OUT = ensure("out");
export const ENTER = ensure("enter");
export const CONSUME = ensure("consume");
export const POSTPONE = ensure("postpone");
export const START_TIMER = ensure("start_timer");
export const TERMINATE = ensure("terminate");
const DONE = ensure("done");
const CALL = ensure("call");
const NOTIFY = ensure("notify");
const NO_STATISTICS = ensure("no_statistics");

/** A system event: a tuple whose first element is the kind of event. */
export type SystemEvent = readonly [what: Atom, ...details: unknown[]];

/**
 * A debug function: gets its state, an event and the process's name or pid, and returns its next state. The atom `done`, or an
 * exception, removes it.
 */
export type DebugFunction<S = unknown> = (state: S, event: SystemEvent, extra: Atom | Pid) => S | Atom<"done">;

/** The argument of `sys.install`: a function with its initial state, or the same with an id for removing it. */
export type DebugSpec<S = unknown> =
  | readonly [fun: DebugFunction<S>, state: S]
  | readonly [id: unknown, fun: DebugFunction<S>, state: S];

/** An element of the start option `debug`. */
export type DebugOption =
  | "trace"
  | "log"
  | "statistics"
  | readonly [option: "log", limit: number]
  | readonly [option: "log_to_file", file: string]
  // oxlint-disable-next-line typescript/no-explicit-any -- each function has a state of its own type
  | readonly [option: "install", spec: DebugSpec<any>];

/** The result of `sys.statistics`. */
export interface Statistics {
  /** When counting began. */
  readonly start_time: Date;
  readonly current_time: Date;
  /** The scheduler's count of messages and other steps since then. */
  readonly reductions: number;
  readonly messages_in: number;
  /** Replies that callbacks returned. */
  readonly messages_out: number;
}

interface Installed {
  readonly id: unknown;
  readonly fun: DebugFunction;
  state: unknown;
}

/** How many events a log keeps by default. */
const LOG = 10;

/** The debug options of one process. */
export class Debug {
  trace = false;
  log: { readonly limit: number; readonly events: SystemEvent[] } | undefined = undefined;
  file: LogFile | undefined = undefined;
  statistics: { readonly start: number; readonly reductions: number; in: number; out: number } | undefined = undefined;
  /** The last installed first. */
  installed: readonly Installed[] = [];

  get idle(): boolean {
    const { trace, log, file, statistics, installed } = this;
    return !trace && log === undefined && file === undefined && statistics === undefined && installed.length === 0;
  }
}

/** Changes a process's debug options with `change`. */
function changed(server: Served, change: (debug: Debug) => void): typeof OK {
  const debug = debugOf(server) ?? new Debug();
  change(debug);
  server.debugged = !debug.idle;
  if (server.debugged) server.more.debug = debug;
  else if (server.extra !== undefined) server.extra.debug = undefined;
  return OK;
}

function debugOf(process: Process): Debug | undefined {
  return process.extra?.debug as Debug | undefined;
}

export function setTrace(server: Served, on: boolean): typeof OK {
  return changed(server, (debug) => (debug.trace = on));
}

/** Starts a log. A running log keeps its limit and its events. */
export function startLog(server: Served, limit = LOG): typeof OK {
  return changed(server, (debug) => (debug.log ??= { limit, events: [] }));
}

export function stopLog(server: Served): typeof OK {
  return changed(server, (debug) => (debug.log = undefined));
}

/** The logged events, oldest first. */
export function logged(process: Process): readonly SystemEvent[] {
  return [...(debugOf(process)?.log?.events ?? [])];
}

export function printLog(server: Served): typeof OK {
  for (const event of logged(server)) reportEvent(server, "sys_log", event);
  return OK;
}

/** Writes events to a file from now on, and to none if it is undefined. */
export function setFile(server: Served, file: LogFile | undefined): typeof OK {
  return changed(server, (debug) => (debug.file = file));
}

export function startStatistics(server: Served): typeof OK {
  const { reductions } = server;
  return changed(server, (debug) => (debug.statistics ??= { start: Date.now(), reductions, in: 0, out: 0 }));
}

export function stopStatistics(server: Served): typeof OK {
  return changed(server, (debug) => (debug.statistics = undefined));
}

export function statisticsOf(server: Served): Statistics | Atom<"no_statistics"> {
  const statistics = debugOf(server)?.statistics;
  if (statistics === undefined) return NO_STATISTICS;
  return {
    start_time: new Date(statistics.start),
    current_time: new Date(),
    reductions: server.reductions - statistics.reductions,
    messages_in: statistics.in,
    messages_out: statistics.out,
  };
}

/** Installs a debug function. As in OTP, an id that is already installed is left unchanged. */
export function install(server: Served, spec: DebugSpec): typeof OK {
  const [id, fun, state] = spec.length === 2 ? [spec[0], ...spec] : spec;
  return changed(server, (debug) => {
    if (!debug.installed.some((one) => one.id === id)) debug.installed = [{ id, fun, state }, ...debug.installed];
  });
}

export function remove(server: Served, id: unknown): typeof OK {
  return changed(server, (debug) => (debug.installed = debug.installed.filter((one) => one.id !== id)));
}

export function clear(server: Served): typeof OK {
  server.debugged = false;
  if (server.extra !== undefined) server.extra.debug = undefined;
  return OK;
}

/** The problem with the argument of `sys.install` or of the option `install`, if any. */
export function wrongSpec(spec: unknown): string | undefined {
  if (isTuple(spec) && (spec.length === 2 || spec.length === 3) && typeof spec[spec.length - 2] === "function")
    return undefined;
  return `a debug function is given as [fun, state] or [id, fun, state], got ${describe(spec)}`;
}

/** The problem with the length of a log, if any. */
export function wrongLimit(limit: unknown): string | undefined {
  if (Number.isInteger(limit) && (limit as number) > 0) return undefined;
  return `the number of events that a log keeps must be a whole number > 0, got ${describe(limit)}`;
}

/** The problem with the name of a file for events, if any. */
export function wrongFile(file: unknown): string | undefined {
  return typeof file === "string" && file !== "" ? undefined : `a file is given by its path, got ${describe(file)}`;
}

/** Checks the start option `debug`. @throws TypeError if it is not valid */
export function checkDebug(options: unknown, action: string): asserts options is readonly DebugOption[] {
  const refuse = (why: string) => new TypeError(`Cannot ${action}: option "debug" ${why}`);
  if (!isTuple(options)) throw refuse(`must be an array, got ${describe(options)}`);
  for (let index = 0; index < options.length; index++) {
    const option = options[index];
    if (option === "trace" || option === "log" || option === "statistics") continue;
    const argument = isTuple(option) && option.length === 2 ? option[1] : undefined;
    const kind = isTuple(option) && option.length === 2 ? option[0] : undefined;
    const why =
      kind === "log"
        ? wrongLimit(argument)
        : kind === "log_to_file"
          ? wrongFile(argument)
          : kind === "install"
            ? wrongSpec(argument)
            : `an entry must be "trace", "log", "statistics", ["log", limit], ["log_to_file", file] or ["install", spec], got ${describe(option)}`;
    if (why !== undefined) throw refuse(`has a wrong entry: ${why}`);
  }
}

/** Switches on the debugging that the start option `debug` asks for. */
export function startDebug(server: Served, options: readonly DebugOption[]): void {
  for (const option of options) {
    if (option === "trace") setTrace(server, true);
    else if (option === "log") startLog(server);
    else if (option === "statistics") startStatistics(server);
    else if (option[0] === "log") startLog(server, option[1]);
    else if (option[0] === "log_to_file") startFile(server, option[1]);
    else install(server, option[1]);
  }
}

// As in OTP, a server whose file cannot be opened starts without it.
function startFile(server: Served, name: string): void {
  try {
    setFile(server, new LogFile(name));
  } catch (error) {
    unwritten(server, name, error);
  }
}

function unwritten(server: Served, file: string, error: unknown): void {
  report(
    "warning",
    "log_file_failed",
    () => ({ pid: server.pid, name: nameOf(server), file, error }),
    () =>
      `The events of ${server.behaviour} ${shownName(server)} cannot be written to "${file}"; writing has stopped: ${describe(error)}`,
  );
}

/** Records an event of a process with debug options. */
export function happened(server: Served, event: SystemEvent): void {
  const debug = debugOf(server);
  if (debug === undefined) return;
  const { statistics, log, file } = debug;
  if (statistics !== undefined) {
    if (event[0] === IN) statistics.in++;
    else if (event[0] === OUT) statistics.out++;
  }
  if (log !== undefined) {
    log.events.push(event);
    if (log.events.length > log.limit) log.events.shift();
  }
  if (debug.trace) reportEvent(server, "sys_trace", event);
  if (file !== undefined) write(server, file, event);
  for (const one of debug.installed) call(server, one, event);
}

function write(server: Served, file: LogFile, event: SystemEvent): void {
  try {
    file.write(lineOf(server, event));
  } catch (error) {
    setFile(server, undefined);
    unwritten(server, file.name, error);
  }
}

// A debug function that fails is removed, as in OTP, and the process goes on.
function call(server: Served, one: Installed, event: SystemEvent): void {
  let next: unknown;
  try {
    next = one.fun(one.state, event, nameOf(server) ?? server.pid);
    if (isThenable(next)) throw new TypeError("it must not be asynchronous");
  } catch (error) {
    remove(server, one.id);
    report(
      "warning",
      "debug_function_failed",
      () => ({ pid: server.pid, name: nameOf(server), id: one.id, error }),
      () => `A debug function of ${server.behaviour} ${shownName(server)} failed and was removed: ${describe(error)}`,
    );
    return;
  }
  if (next === DONE) remove(server, one.id);
  else one.state = next;
}

/** Reports an event in OTP's terms. */
function reportEvent(server: Served, kind: "sys_trace" | "sys_log", event: SystemEvent): void {
  const details = () => ({ pid: server.pid, name: nameOf(server), event });
  const text = () => lineOf(server, event);
  if (kind === "sys_log") report("info", "sys_log", details, text);
  else report("info", "sys_trace", details, text);
}

function lineOf(server: Served, event: SystemEvent): string {
  return `*DBG* ${String(nameOf(server) ?? server.pid)} ${sentence(server, event)}`;
}

/** An event as it may be shown, without the secrets of a request. */
export function shownEvent(event: SystemEvent): SystemEvent {
  const [what, first, ...rest] = event;
  return what === IN ? [what, shownMessage(first), ...rest] : event;
}

function shownMessage(term: unknown): unknown {
  if (!isTuple(term) || (term.length !== 2 && term.length !== 3)) return term;
  // A gen_server's call or cast, or a gen_statem's event: the content comes last.
  const parts = Array.from(term as readonly unknown[]);
  return [...parts.slice(0, -1), showable(parts.at(-1))];
}

function sentence(server: Served, event: SystemEvent): string {
  const [what, first, second, third] = event;
  if (server.behaviour === "gen_statem") return ofMachine(event);
  if (what === IN) return `got ${message(first)}`;
  if (what === OUT) return `sent ${describe(first)} to ${caller(second)}, new state ${describe(third)}`;
  if (what === NOREPLY) return `new state ${describe(first)}`;
  return what === CONTINUE ? `dbg ${describe([what, first])}` : `dbg ${describe(event)}`;
}

function ofMachine([what, first, second, third]: SystemEvent): string {
  if (what === OUT) return `send ${describe(first)} to ${caller(second)}`;
  if (what === ENTER) return `enter ${describe(first)} in state ${describe(second)}`;
  if (what === START_TIMER) return `start_timer ${describe(first)} in state ${describe(second)}`;
  if (what === TERMINATE) return `terminate ${describe(first)} in state ${describe(second)}`;
  const verb = what === IN ? "receive" : String(what);
  const next = what === IN || third === second ? "" : ` => ${describe(third)}`;
  return `${verb} ${occasion(first)} in state ${describe(second)}${next}`;
}

// An event of a gen_statem: its type and content.
function occasion(event: unknown): string {
  if (!isTuple(event)) return describe(event);
  const [type, content] = event;
  if (tagOf(type, 2) === CALL)
    return `call ${describe(showable(content))} from ${caller((type as readonly unknown[])[1])}`;
  return `${describe(type)} ${describe(showable(content))}`;
}

function message(term: unknown): string {
  if (tagOf(term, 3) === GEN_CALL) {
    const [, from, request] = term as readonly unknown[];
    return `call ${describe(showable(request))} from ${caller(from)}`;
  }
  if (tagOf(term, 2) === GEN_CAST) return `cast ${describe(showable((term as readonly unknown[])[1]))}`;
  if (tagOf(term, 2) === NOTIFY) return `event ${describe((term as readonly unknown[])[1])}`;
  return describe(term);
}

// The caller in readable form: the tag of a request is of no use to a reader.
function caller(from: unknown): string {
  if (!isTuple(from)) return describe(from);
  const pid: unknown = from[0];
  return isA(pid, Pid) || isA(pid, AtomClass) ? String(pid) : "code outside all processes";
}
