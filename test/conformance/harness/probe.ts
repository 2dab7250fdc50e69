/**
 * The probe server: a gen_server whose callbacks write their entry and then obey a small command language
 * (CONVENTIONS.md). Each callback can be replaced for a scenario; a replacement that returns DEFAULT falls back to the
 * command language. The reference is erlang/lib/probe.erl.
 */
import { NOREPLY, OK, REPLY, STOP, TRAP_EXIT, erlang, gen_server } from "@otpts/runtime";
import type { Pid, Ref, Via } from "@otpts/runtime";
import { fmt, incarnation, log, name, sleep } from "./oracle.ts";
import { a } from "./term.ts";

/** Returned by a replacement that leaves the message to the command language. */
export const DEFAULT = Symbol("default");

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term, also invalid ones, as results and states
type Any = any;

export interface ProbeOptions {
  /** The name to register under. */
  reg?: string | Via;
  trap?: boolean;
  quiet?: boolean;
  state?: unknown;
  init?: () => Any;
  call?: (request: Any, from: Any, state: Any) => Any;
  cast?: (message: Any, state: Any) => Any;
  info?: (message: Any, state: Any) => Any;
  continue?: (argument: Any, state: Any) => Any;
  terminate?: (reason: Any, state: Any) => Any;
  format_status?: (status: Any) => Any;
  /** Start options of gen_server. */
  opts?: { timeout?: number; hibernate_after?: number };
}

/** Starts a probe that is called `called` in the trace. */
export function start(called: string, options: ProbeOptions = {}): Promise<Pid> {
  return gen_server.start(
    callbacks(() => called, options),
    undefined,
    startOptions(options),
  ) as Promise<Pid>;
}

export function start_link(called: string, options: ProbeOptions = {}): Promise<Pid> {
  return gen_server.start_link(
    callbacks(() => called, options),
    undefined,
    startOptions(options),
  ) as Promise<Pid>;
}

export function start_monitor(called: string, options: ProbeOptions = {}): Promise<[Pid, Ref]> {
  const module = callbacks(() => called, options);
  return gen_server.start_monitor(module, undefined, startOptions(options)) as Promise<[Pid, Ref]>;
}

/** Start function for supervisors: the incarnations are called base.1, base.2, ... */
export function child(base: string, options: ProbeOptions = {}): Promise<Pid> {
  const module = callbacks(() => incarnation(base), options);
  return gen_server.start_link(module, undefined, startOptions(options)) as Promise<Pid>;
}

let asynchronous = false;

/** Makes all callbacks of probes that are started from now on asynchronous, or not: nothing that is seen may change. */
export function setAsynchronous(on: boolean): void {
  asynchronous = on;
}

/** The callbacks as they are, or, where that is asked for, each beginning after a turn of the microtask queue. */
export function served(module: Any): Any {
  if (!asynchronous) return module;
  const entries = Object.entries(module).map(([name, callback]) => [
    name,
    name === "format_status" || name === "callback_mode"
      ? callback
      : async (...args: unknown[]) => {
          await Promise.resolve();
          return (callback as (...all: unknown[]) => unknown)(...args);
        },
  ]);
  return Object.fromEntries(entries);
}

export function startOptions(options: Pick<ProbeOptions, "reg" | "opts">): Any {
  return { ...options.opts, ...(options.reg === undefined ? {} : { name: options.reg }) };
}

function callbacks(called: () => string, o: ProbeOptions): Any {
  const enter = (text: string): void => {
    if (o.quiet !== true) log(text);
  };
  const module: Any = {
    init(): Any {
      name(erlang.self(), called());
      if (o.trap === true) erlang.process_flag(TRAP_EXIT, true);
      enter("init");
      return o.init ? o.init() : [OK, "state" in o ? o.state : a("s0")];
    },
    handle_call(request: Any, from: Any, state: Any): Any {
      enter(`handle_call ${fmt(request)}`);
      return orDefault(o.call?.(request, from, state), o.call, () => call(request, state));
    },
    handle_cast(message: Any, state: Any): Any {
      enter(`handle_cast ${fmt(message)}`);
      return orDefault(o.cast?.(message, state), o.cast, () => command(message, state));
    },
    handle_info(message: Any, state: Any): Any {
      enter(`handle_info ${fmt(message)}`);
      return orDefault(o.info?.(message, state), o.info, () => command(message, state));
    },
    handle_continue(argument: Any, state: Any): Any {
      enter(`handle_continue ${fmt(argument)}`);
      return orDefault(o.continue?.(argument, state), o.continue, () => [NOREPLY, state]);
    },
    terminate(reason: Any, state: Any): Any {
      enter(`terminate ${fmt(reason)}`);
      return orDefault(o.terminate?.(reason, state), o.terminate, () => OK);
    },
  };
  if (o.format_status) module.format_status = o.format_status;
  return served(module);
}

export function orDefault(result: Any, replacement: unknown, otherwise: () => Any): Any {
  if (replacement === undefined || result === DEFAULT) return otherwise();
  if (result instanceof Promise) return result.then((value: Any) => (value === DEFAULT ? otherwise() : value));
  return result;
}

/** Commands that answer a call. */
function call(request: Any, state: Any): Any {
  if (request === a("ping")) return [REPLY, a("pong"), state];
  if (request === a("state")) return [REPLY, state, state];
  if (Array.isArray(request)) {
    const [verb, first, second] = request;
    if (verb === a("set")) return [REPLY, OK, first];
    if (verb === a("sleep")) return sleep(first).then(() => [REPLY, a("slept"), state]);
    if (verb === a("stop") && request.length === 3) return [STOP, first, second, state];
  }
  return command(request, state);
}

/** Commands that are the same as call, cast or plain message. */
function command(message: Any, state: Any): Any {
  if (!Array.isArray(message) || message.length !== 2) return [NOREPLY, state];
  const [verb, argument] = message;
  if (verb === a("exit")) erlang.exit(argument);
  if (verb === a("error")) erlang.error(argument);
  if (verb === a("throw")) erlang.throw(argument);
  if (verb === a("stop")) return [STOP, argument, state];
  if (verb === a("return")) return argument;
  if (verb === a("set")) return [NOREPLY, argument];
  if (verb === a("sleep")) return sleep(argument).then(() => [NOREPLY, state]);
  return [NOREPLY, state];
}
