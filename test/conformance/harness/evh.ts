/**
 * The probe handler of gen_event: its callbacks write their entry and then obey a small command language (CONVENTIONS.md). The
 * reference is erlang/lib/evh.erl.
 */
import { OK, OtpError, erlang } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { REMOVE_HANDLER, SWAP_HANDLER, gen_event } from "@otpts/runtime/gen_event";
import { fmt, log, name, sleep } from "./oracle.ts";
import { served } from "./probe.ts";
import { a, isList, list } from "./term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term as results and states
type Any = any;

export interface HandlerOptions {
  quiet?: boolean;
  state?: unknown;
  init?: (state: readonly unknown[]) => Any;
  terminate?: (argument: unknown, state: unknown) => Any;
}

/** A manager that is called so in the trace. */
export async function start(called: string): Promise<Pid> {
  const manager = await gen_event.start();
  name(manager, called);
  return manager;
}

/** Installs the handler `{evh,id}`. Resolves with what OTP returns. */
export function add(manager: Any, id: string, options: HandlerOptions = {}): Promise<unknown> {
  return outcome(gen_event.add_handler(manager, handler(id), [a(id), options]));
}

export function add_sup(manager: Any, id: string, options: HandlerOptions = {}): Promise<unknown> {
  return outcome(gen_event.add_sup_handler(manager, handler(id), [a(id), options]));
}

/** The name of a handler. */
export const handler = (id: string): Any => [evh(), a(id)];

// What init returned instead of {ok,State} is OTP's result, an error here.
function outcome(result: Promise<unknown>): Promise<unknown> {
  return result.catch((error: unknown) => {
    if (error instanceof OtpError) return error.reason;
    throw error;
  });
}

let made: Any;

/** The module: a single object, so that it is always the same. */
export function evh(): Any {
  return (made ??= module());
}

type State = readonly [id: Any, options: HandlerOptions, state: Any];

function module(): Any {
  const enter = (id: Any, options: HandlerOptions, text: string): void => {
    if (options.quiet !== true) log(`${fmt(id)} ${text}`);
  };
  return {
    name: "evh",
    ...served({
      init(args: Any): Any {
        const swapped = Array.isArray(args[0]);
        const [id, options] = swapped ? args[0] : args;
        enter(id, options, swapped ? `init after ${fmt(args[1])}` : "init");
        const state: State = [id, options, options.state ?? a("s0")];
        return options.init ? options.init(state) : [OK, state];
      },
      handle_event(event: Any, state: State): Any {
        enter(state[0], state[1], `handle_event ${fmt(event)}`);
        return command(event, state);
      },
      handle_call(request: Any, state: State): Any {
        enter(state[0], state[1], `handle_call ${fmt(request)}`);
        return call(request, state);
      },
      handle_info(message: Any, state: State): Any {
        enter(state[0], state[1], `handle_info ${fmt(message)}`);
        return command(message, state);
      },
      terminate(argument: Any, [id, options, state]: State): Any {
        enter(id, options, `terminate ${fmt(argument)}`);
        return options.terminate ? options.terminate(argument, state) : [a("bye"), id];
      },
    }),
  };
}

function call(request: Any, state: State): Any {
  const [id, options, own] = state;
  if (request === a("ping")) return [OK, a("pong"), state];
  if (request === a("state")) return [OK, own, state];
  if (Array.isArray(request)) {
    const [verb, first, second, third, fourth] = request;
    if (verb === a("set")) return [OK, OK, [id, options, first]];
    if (verb === a("sleep")) return sleep(first).then(() => [OK, a("slept"), state]);
    if (verb === a("remove")) return [REMOVE_HANDLER, first];
    if (verb === a("swap") && request.length === 5)
      return [SWAP_HANDLER, first, second, state, handler(String(third)), [third, fourth]];
  }
  return command(request, state);
}

function command(event: Any, state: State): Any {
  const [id, options] = state;
  if (event === a("remove")) return REMOVE_HANDLER;
  if (!Array.isArray(event)) return [OK, state];
  const [verb, first, second, third] = event;
  switch (`${String(verb)}/${event.length}`) {
    case "to/3":
      return first === id ? command(second, state) : [OK, state];
    case "set/2":
      return [OK, [id, options, first]];
    case "sleep/2":
      return sleep(first).then(() => [OK, state]);
    case "swap/4":
      return [SWAP_HANDLER, first, state, handler(String(second)), [second, third]];
    case "exit/2":
      return erlang.exit(first);
    case "error/2":
      return erlang.error(first);
    case "throw/2":
      return erlang.throw(filled(first, state));
    case "return/2":
      return filled(first, state);
    default:
      return [OK, state];
  }
}

/** A result with the handler's state in the place of `'ST'`. */
export function filled(term: Any, state: unknown): Any {
  if (term === a("ST")) return state;
  if (!Array.isArray(term)) return term;
  const items = term.map((item) => filled(item, state));
  return isList(term) ? list(items) : items;
}
