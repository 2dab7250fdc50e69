/**
 * An event manager: a process that passes each event to the handlers installed in it. OTP's `gen_event`.
 * `docs/gen_event.md` is the guide.
 */
import { BADARG, CALL, NORMAL, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit, OtpError } from "../term/error.ts";
import { Atom } from "../term/atom.ts";
import { isA, isTuple } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import type { ServerRef, Via } from "../term/protocol.ts";
import type { Ref } from "../term/ref.ts";
import type { Timeout } from "../term/timeout.ts";
import { isName, textOf } from "../term/name.ts";
import { acting } from "../process/context.ts";
import { elsewhere } from "../process/elsewhere.ts";
import type { Ancestry } from "../process/process.ts";
import { isVia, sendVia } from "../process/via.ts";
import { call as genCall, callExit, type Calling, calling, cast, explain, locate, nameOf } from "../behaviour/gen.ts";
import { noModule } from "../behaviour/lacking.ts";
import { launch as launchProcess, NONE, type StartOptions, type Tie } from "../behaviour/launch.ts";
import { Server } from "../behaviour/server.ts";
import type { AnyModule } from "../behaviour/callbacks.ts";
import { showable } from "../behaviour/sensitive.ts";
import * as stopping from "../behaviour/stopping.ts";
import { GEN_EVENT } from "./atoms.ts";
import { Ask, Failed, managing, NOTIFY } from "./managing.ts";
import { nameOfHandler } from "./mistake.ts";
import type { HandlerRef, ReplyOf, RequestOf } from "./types.ts";

export type { CallResult, EventResult, HandlerModule, HandlerRef, InitResult } from "./types.ts";
export type { StartOptions };

type ArgsOf<H> = H extends readonly [infer M, unknown]
  ? ArgsOf<M>
  : H extends { init(args: infer A): unknown }
    ? A
    : unknown;

/** Starts a manager without handlers, not linked to the caller. */
export function start(options: StartOptions = NONE): Promise<Pid> {
  return launch(options, "start") as Promise<Pid>;
}

/** Like `start`, linked to the calling process, which is the manager's parent: the manager ends when it does. */
export function start_link(options: StartOptions = NONE): Promise<Pid> {
  return launch(options, "start_link") as Promise<Pid>;
}

/** Like `start`, and monitors the manager atomically: resolves with `[pid, ref]`. */
export function start_monitor(options: StartOptions = NONE): Promise<[Pid, Ref]> {
  return launch(options, "start_monitor") as Promise<[Pid, Ref]>;
}

function launch(options: StartOptions, tie: Tie): Promise<unknown> {
  const make = (parent: Pid | undefined, ancestors: Ancestry) =>
    new Server(managing as AnyModule, undefined, parent, ancestors);
  return launchProcess({ behaviour: "gen_event", kind: "gen_event" }, make, options, tie);
}

/**
 * Sends an event without waiting. Always `ok` for a pid or a via name; any other name that no process has is `badarg`,
 * as in OTP.
 */
export function notify(manager: ServerRef, event: unknown): typeof OK {
  if (!(manager instanceof Pid) && isVia(manager)) return notifyVia(manager, event);
  if (!(manager instanceof Pid) && locate(manager) === undefined)
    throw new ErlangError(
      BADARG,
      `Cannot notify ${nameOf(manager)}: no process has this name${isName(manager) ? elsewhere(textOf(manager)) : ""}`,
    );
  return cast(manager, event);
}

// Its registry sends it; as in OTP, an event to a free name is dropped.
function notifyVia(manager: Via, event: unknown): typeof OK {
  try {
    sendVia(manager, [NOTIFY, event]);
  } catch {
    // No process has the name.
  }
  return OK;
}

/** Sends an event, and resolves when all handlers have handled it. */
export async function sync_notify(manager: ServerRef, event: unknown): Promise<typeof OK> {
  return (await ask(manager, new Ask("sync_notify", undefined, event))) as typeof OK;
}

/**
 * Installs a handler, in front of the existing ones: its init gets `args`.
 *
 * @throws OtpError if init did not return `[OK, state]`: the reason is init's result, or `['EXIT', reason]` if it
 *   failed
 */
export async function add_handler<const H extends HandlerRef>(
  manager: ServerRef,
  handler: H,
  args: ArgsOf<H>,
): Promise<typeof OK> {
  return (await ask(manager, new Ask("add", checked(handler), args))) as typeof OK;
}

/**
 * Like `add_handler`, and ties the handler to the calling process: the handler is removed when the process ends, and
 * whenever the handler is removed, for any reason, the process gets `[GEN_EVENT_EXIT, handler, reason]`.
 */
export async function add_sup_handler<const H extends HandlerRef>(
  manager: ServerRef,
  handler: H,
  args: ArgsOf<H>,
): Promise<typeof OK> {
  const ask_ = new Ask("add", checked(handler), args, self("add_sup_handler"));
  return (await ask(manager, ask_)) as typeof OK;
}

/**
 * Removes a handler: its terminate gets `args`, and this resolves with terminate's result.
 *
 * @throws OtpError `module_not_found`
 */
export function delete_handler(manager: ServerRef, handler: HandlerRef, args: unknown): Promise<unknown> {
  return ask(manager, new Ask("delete", checked(handler), args));
}

/**
 * Replaces `[handler, args]` with `[new_handler, new_args]`: the new handler's init gets `[new_args, result of
 * terminate]`.
 */
export async function swap_handler(
  manager: ServerRef,
  old: readonly [HandlerRef, unknown],
  next: readonly [HandlerRef, unknown],
): Promise<typeof OK> {
  const [handler, args] = pair(old, "the first");
  const [by, newArgs] = pair(next, "the second");
  return (await ask(manager, new Ask("swap", checked(handler), args, undefined, checked(by), newArgs))) as typeof OK;
}

/** Like `swap_handler`; the new handler is tied to the calling process, as by `add_sup_handler`. */
export async function swap_sup_handler(
  manager: ServerRef,
  old: readonly [HandlerRef, unknown],
  next: readonly [HandlerRef, unknown],
): Promise<typeof OK> {
  const [handler, args] = pair(old, "the first");
  const [by, newArgs] = pair(next, "the second");
  const ask_ = new Ask("swap", checked(handler), args, self("swap_sup_handler"), checked(by), newArgs);
  return (await ask(manager, ask_)) as typeof OK;
}

/** The installed handlers, newest first. */
export async function which_handlers(manager: ServerRef): Promise<readonly HandlerRef[]> {
  return (await ask(manager, new Ask("which"))) as readonly HandlerRef[];
}

/**
 * Calls a handler and resolves with the reply of its `handle_call`.
 *
 * @param timeout in ms (default 5,000)
 * @throws OtpError `bad_module` if it is not installed; its invalid result or failure, after which it is removed
 * @throws Exit with reason `[reason, [gen_event, call, args]]` if the manager does not exist, ends or does not reply in
 *   time
 */
export function call<const H extends HandlerRef>(
  manager: ServerRef,
  handler: H,
  request: RequestOf<H>,
  timeout?: Timeout,
): Promise<ReplyOf<H>> {
  const exit: Calling["exit"] = (reason, server, _payload, ms) => {
    const given = timeout === undefined ? [server, handler, request] : [server, handler, request, timeout];
    const { message } = callExit(reason, server, request, ms);
    return new Exit([reason, [GEN_EVENT, CALL, given]], message);
  };
  return asking(manager, new Ask("call", checked(handler), request), timeout, exit) as Promise<ReplyOf<H>>;
}

/** Stops a manager: each handler's terminate gets `stop`. Resolves when it is dead. */
export function stop(manager: ServerRef, reason: unknown = NORMAL, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stopping.stop(manager, reason, timeout);
}

function ask(manager: ServerRef, what: Ask): Promise<unknown> {
  return asking(manager, what, Infinity, (reason, server, _payload, timeout) => {
    return new Exit(reason, `Cannot ${intent(what, nameOf(server))}: ${explain(reason, server, timeout)}`);
  });
}

async function asking(
  manager: ServerRef,
  what: Ask,
  timeout: Timeout | undefined,
  exit: Calling["exit"],
): Promise<unknown> {
  const handlers = {
    ...calling((request, reason) => exit(reason, request.server as ServerRef, request.payload, timeout)),
    waited: awaitedOf,
  };
  const answer = await genCall(manager, what, timeout, { handlers, exit });
  if (answer instanceof Failed)
    throw new OtpError(answer.reason, `Cannot ${intent(what, nameOf(manager))}: ${answer.words}`);
  return answer;
}

// What is awaited of a manager, with a % for it.
function awaitedOf(payload: unknown): string {
  const { op, handler, by, term } = payload as Ask;
  switch (op) {
    case "add":
      return `% to install ${nameOfHandler(handler)}`;
    case "delete":
      return `% to remove ${nameOfHandler(handler)}`;
    case "swap":
      return `% to put ${nameOfHandler(by)} in the place of ${nameOfHandler(handler)}`;
    case "call":
      return `the answer of ${nameOfHandler(handler)} in % to ${describe(showable(term))}`;
    case "sync_notify":
      return `% to handle the event ${describe(showable(term))}`;
    case "which":
      return "% to list its handlers";
  }
}

// What was to be done, for the message that it cannot.
function intent({ op, handler, by }: Ask, manager: string): string {
  switch (op) {
    case "add":
      return `install ${nameOfHandler(handler)} in the event manager ${manager}`;
    case "delete":
      return `remove ${nameOfHandler(handler)} from the event manager ${manager}`;
    case "swap":
      return `put ${nameOfHandler(by)} in the place of ${nameOfHandler(handler)} in the event manager ${manager}`;
    case "call":
      return `call ${nameOfHandler(handler)} of the event manager ${manager}`;
    case "sync_notify":
      return `notify the event manager ${manager}`;
    case "which":
      return `list the handlers of the event manager ${manager}`;
  }
}

function pair(given: readonly [HandlerRef, unknown], which: string): readonly [HandlerRef, unknown] {
  if (!isTuple(given) || given.length !== 2)
    throw new ErlangError(
      BADARG,
      `Cannot swap event handlers: ${which} argument behind the manager must be [handler, args], got ${describe(given)}`,
    );
  return given;
}

function checked(handler: HandlerRef): HandlerRef {
  const module: unknown = isTuple(handler) ? handler[0] : handler;
  if (
    (typeof module !== "object" && typeof module !== "function") ||
    module === null ||
    isA(module, Atom) ||
    noModule(module) !== "" ||
    (isTuple(handler) && handler.length !== 2)
  )
    throw new ErlangError(
      BADARG,
      `An event handler is a module with init and handle_event, or [module, id], got ${describe(handler)}${noModule(module)}`,
    );
  return handler;
}

function self(what: string): Pid {
  const process = acting();
  if (process === undefined)
    throw new ErlangError(
      BADARG,
      `Cannot do gen_event.${what} here: it ties the handler to the calling process, and this code runs in none`,
    );
  return process.pid;
}
