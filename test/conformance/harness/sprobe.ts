/**
 * The state machine probe: a gen_statem whose callbacks write their entry and then obey a small command language
 * (CONVENTIONS.md). The reference is erlang/lib/sprobe.erl.
 */
import { OK, REPLY, TRAP_EXIT, erlang } from "@otpts/runtime";
import type { Pid, Ref } from "@otpts/runtime";
import {
  CALL,
  ENTER,
  HANDLE_EVENT_FUNCTION,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_STATE,
  POSTPONE,
  STOP,
  STOP_AND_REPLY,
  gen_statem,
} from "@otpts/runtime/gen_statem";
import { fmt, incarnation, log, name, sleep } from "./oracle.ts";
import { DEFAULT, orDefault, served, startOptions } from "./probe.ts";
import { a, list } from "./term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term, also invalid ones, as results and states
type Any = any;

export interface SprobeOptions {
  /** The name to register under. */
  reg?: string;
  trap?: boolean;
  quiet?: boolean;
  /** What callback_mode returns. */
  mode?: Any;
  state?: unknown;
  data?: unknown;
  init?: () => Any;
  /** Replaces the command language for the events for which it does not return DEFAULT. `from` is that of a call. */
  event?: (type: string, content: Any, state: Any, data: Any, from: Any) => Any;
  terminate?: (reason: Any, state: Any, data: Any) => Any;
  /** Further properties of the module. */
  module?: object;
  /** Start options of gen_statem. */
  opts?: { timeout?: number; hibernate_after?: number };
}

/** Starts a probe that is called `called` in the trace. */
export function start(called: string, options: SprobeOptions = {}): Promise<Pid> {
  return gen_statem.start(
    module(() => called, options),
    undefined,
    startOptions(options),
  ) as Promise<Pid>;
}

export function start_link(called: string, options: SprobeOptions = {}): Promise<Pid> {
  return gen_statem.start_link(
    module(() => called, options),
    undefined,
    startOptions(options),
  ) as Promise<Pid>;
}

export function start_monitor(called: string, options: SprobeOptions = {}): Promise<[Pid, Ref]> {
  const callbacks = module(() => called, options);
  return gen_statem.start_monitor(callbacks, undefined, startOptions(options)) as Promise<[Pid, Ref]>;
}

/** Start function for supervisors: the incarnations are called base.1, base.2, ... */
export function child(base: string, options: SprobeOptions = {}): Promise<Pid> {
  const callbacks = module(() => incarnation(base), options);
  return gen_statem.start_link(callbacks, undefined, startOptions(options)) as Promise<Pid>;
}

/** The callback module of a probe. */
export function module(called: () => string, o: SprobeOptions): Any {
  const enter = (text: string): void => {
    if (o.quiet !== true) log(text);
  };
  const handle = (type: Any, content: Any, state: Any, data: Any): Any => {
    const from = Array.isArray(type) && type[0] === CALL ? type[1] : undefined;
    const kind = typeText(type);
    return orDefault(o.event?.(kind, content, state, data, from), o.event, () =>
      type === ENTER ? KEEP_STATE_AND_DATA : command(from, content, state, data),
    );
  };
  const inState = (state: string) => (type: Any, content: Any, data: Any) => {
    enter(`${state} ${typeText(type)} ${fmt(content)}`);
    return handle(type, content, a(state), data);
  };
  return served({
    callback_mode: () => o.mode ?? HANDLE_EVENT_FUNCTION,
    init(): Any {
      name(erlang.self(), called());
      if (o.trap === true) erlang.process_flag(TRAP_EXIT, true);
      enter("init");
      return o.init ? o.init() : [OK, "state" in o ? o.state : a("a"), "data" in o ? o.data : a("d0")];
    },
    handle_event(type: Any, content: Any, state: Any, data: Any): Any {
      enter(`handle_event ${typeText(type)} ${fmt(content)} ${fmt(state)}`);
      return handle(type, content, state, data);
    },
    a: inState("a"),
    b: inState("b"),
    c: inState("c"),
    d: inState("d"),
    terminate(reason: Any, state: Any, data: Any): Any {
      enter(`terminate ${fmt(reason)} ${fmt(state)} ${fmt(data)}`);
      return orDefault(o.terminate?.(reason, state, data), o.terminate, () => OK);
    },
    ...o.module,
  });
}

/** The type of an event, without the `from` of a call. */
export function typeText(type: Any): string {
  return Array.isArray(type) && type[0] === CALL ? "call" : fmt(type);
}

const withReply = (from: Any, value: Any, actions: Any = []): Any =>
  from === undefined ? actions : list([[REPLY, from, value], ...actions]);

function command(from: Any, content: Any, state: Any, data: Any): Any {
  const called = from !== undefined;
  if (called && content === a("ping")) return [KEEP_STATE_AND_DATA, withReply(from, a("pong"))];
  if (called && content === a("state")) return [KEEP_STATE_AND_DATA, withReply(from, [state, data])];
  if (!Array.isArray(content)) return KEEP_STATE_AND_DATA;
  const [verb, first, second] = content;
  switch (`${String(verb)}/${content.length}`) {
    case "in/3":
      return fmt(first) === fmt(state) ? command(from, second, state, data) : [KEEP_STATE_AND_DATA, list([POSTPONE])];
    case "next/2":
      return called ? [NEXT_STATE, first, data, withReply(from, OK)] : [NEXT_STATE, first, data];
    case "next/3":
      return [NEXT_STATE, first, data, withReply(from, OK, second)];
    case "keep/2":
      return [KEEP_STATE_AND_DATA, withReply(from, OK, first)];
    case "set/2":
      return called ? [KEEP_STATE, first, withReply(from, OK)] : [KEEP_STATE, first];
    case "sleep/2":
      return sleep(first).then(() =>
        called ? [KEEP_STATE_AND_DATA, withReply(from, a("slept"))] : KEEP_STATE_AND_DATA,
      );
    case "stop/3":
      return called ? [STOP_AND_REPLY, first, withReply(from, second)] : KEEP_STATE_AND_DATA;
    case "exit/2":
      return erlang.exit(first);
    case "error/2":
      return erlang.error(first);
    case "throw/2":
      return erlang.throw(first);
    case "stop/2":
      return [STOP, first];
    case "return/2":
      return first;
    default:
      return KEEP_STATE_AND_DATA;
  }
}

export { DEFAULT };
