/**
 * The event manager: a gen_server whose state is the list of its handlers, newest first, and whose callbacks pass each
 * event to one after the other, in the order and with the terms of OTP's `gen_event.erl`.
 */
import { ensure } from "../term/atom.ts";
import { EXIT, GEN_CALL, NOREPLY, OK, REPLY, SHUTDOWN, NORMAL } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { same } from "../term/reason.ts";
import { acting } from "../process/context.ts";
import { link, unlink } from "../process/death.ts";
import type { Process } from "../process/process.ts";
import { report } from "../process/report.ts";
import type { From } from "../call/request.ts";
import type { Status } from "../behaviour/callbacks.ts";
import { nameOfModule } from "../behaviour/module_name.ts";
import { type Served, shownName } from "../behaviour/served.ts";
import { BAD_MODULE, CRASH, ERROR, HIBERNATE, MODULE_NOT_FOUND, REMOVE_HANDLER, STOP, SWAP_HANDLER } from "./atoms.ts";
import { calls, end, type Handler, installs, refOf, shownState, swapped, announceEnd } from "./handler.ts";
import { notInstalled, wrongResult } from "./mistake.ts";
import { andThen } from "../term/thenable.ts";
import type { AnyHandler } from "./types.ts";

/** A request of gen_event's functions to a manager. */
export class Ask {
  readonly op: "sync_notify" | "call" | "add" | "delete" | "swap" | "which";
  readonly handler: unknown;
  readonly term: unknown;
  readonly supervisor: Pid | undefined;
  /** The new handler of a swap, and the argument of its init. */
  readonly by: unknown;
  readonly args: unknown;

  constructor(op: Ask["op"], handler?: unknown, term?: unknown, supervisor?: Pid, by?: unknown, args?: unknown) {
    this.op = op;
    this.handler = handler;
    this.term = term;
    this.supervisor = supervisor;
    this.by = by;
    this.args = args;
  }

  /** The request in reports. */
  toString(): string {
    return this.op;
  }
}

/** The tag of an event that comes as a message: `[notify, event]`. */
export const NOTIFY = ensure("notify");
const SYNC_NOTIFY = ensure("sync_notify");
const CALL = ensure("call");
const ADD_HANDLER = ensure("add_handler");
const ADD_SUP_HANDLER = ensure("add_sup_handler");
const DELETE_HANDLER = ensure("delete_handler");
const SWAP_SUP_HANDLER = ensure("swap_sup_handler");
const WHICH_HANDLERS = ensure("which_handlers");

type Handlers = readonly Handler[];
type Maybe<T> = T | PromiseLike<T>;

export const managing = {
  behaviour: "gen_event",
  incoming,
  init,
  handle_call,
  handle_cast: (event: unknown, handlers: Handlers) =>
    andThen(notify(handlers, "handle_event", event), (left) => [NOREPLY, left] as const),
  handle_info,
  terminate,
  observe: (handlers: Handlers) => handlers.map(({ module, id, state }) => [module, id ?? false, state] as const),
  format_status: (status: Status) => ({
    ...status,
    state: (status.state as Handlers).map((handler) => [handler.module, handler.id ?? false, shownState(handler)]),
  }),
  replace: (handlers: Handlers, fun: (one: unknown) => unknown) => handlers.map((handler) => replaced(handler, fun)),
};

// A message as OTP's gen_event reports it to `sys`.
function incoming(callback: string, message: unknown, from: From | undefined): unknown {
  if (callback === "handle_cast") return [NOTIFY, message];
  return message instanceof Ask && from !== undefined ? [from[0], from, asked(message)] : message;
}

function asked({ op, handler, term, supervisor, by, args }: Ask): unknown {
  switch (op) {
    case "sync_notify":
      return [SYNC_NOTIFY, term];
    case "call":
      return [CALL, handler, term];
    case "add":
      return supervisor === undefined ? [ADD_HANDLER, handler, term] : [ADD_SUP_HANDLER, handler, term, supervisor];
    case "delete":
      return [DELETE_HANDLER, handler, term];
    case "swap":
      return [supervisor === undefined ? SWAP_HANDLER : SWAP_SUP_HANDLER, handler, term, by, args];
    case "which":
      return WHICH_HANDLERS;
  }
}

function init(_arg: unknown): unknown {
  (acting() as Process).trapping = true;
  return [OK, []];
}

function handle_call(ask: unknown, from: From, handlers: Handlers): unknown {
  if (!(ask instanceof Ask)) return handle_info([GEN_CALL, from, ask], handlers);
  const reply = (answer: unknown) => (left: Handlers) => [REPLY, answer, left];
  const both = ([answer, left]: readonly [unknown, Handlers]) => [REPLY, answer, left];
  switch (ask.op) {
    case "sync_notify":
      return andThen(notify(handlers, "handle_event", ask.term), reply(OK));
    case "call":
      return andThen(call(handlers, ask), both);
    case "add":
      return andThen(add(handlers, ask.handler, ask.term, ask.supervisor), both);
    case "delete":
      return andThen(remove(handlers, ask), both);
    case "swap":
      return andThen(swap(handlers, ask), both);
    case "which":
      return [REPLY, handlers.map(refOf), handlers];
  }
}

function handle_info(message: unknown, handlers: Handlers): unknown {
  // What notify sends may also come by hand, by a timer, or through a registry.
  if (tagOf(message, 2) === NOTIFY) return managing.handle_cast((message as readonly unknown[])[1], handlers);
  const next = (left: Handlers) => andThen(notify(left, "handle_info", message), (rest) => [NOREPLY, rest]);
  if (tagOf(message, 3) !== EXIT) return next(handlers);
  const [, pid, reason] = message as readonly [unknown, unknown, unknown];
  return andThen(abandoned(handlers, pid, reason), next);
}

// Handlers whose supervising process ended are removed as well.
function abandoned(handlers: Handlers, pid: unknown, reason: unknown): Maybe<Handlers> {
  if (!(pid instanceof Pid)) return handlers;
  return each(handlers, (handler) =>
    handler.supervisor === pid
      ? andThen(end(handler, [STOP, reason], { notice: SHUTDOWN }, undefined), () => undefined)
      : handler,
  );
}

function terminate(_reason: unknown, handlers: Handlers): unknown {
  return andThen(
    each(handlers, (handler) => andThen(end(handler, STOP, { notice: SHUTDOWN }, STOP), () => undefined)),
    () => {
      const self = acting() as Served;
      // The supervising processes have their `gen_event_EXIT` message. The parent stays linked, and receives the
      // manager's exit signal.
      for (const { supervisor } of handlers)
        if (supervisor !== undefined && supervisor !== self.parent) unlink(self, supervisor);
      return OK;
    },
  );
}

// Replaces each handler in turn by the result of `go`, or removes it.
function each(
  handlers: Handlers,
  go: (handler: Handler) => Maybe<Handler | undefined>,
  from = 0,
  left: Handler[] = [],
): Maybe<Handlers> {
  for (let index = from; index < handlers.length; index++) {
    const next = go(handlers[index] as Handler);
    if (isHandler(next)) left.push(next);
    else if (next !== undefined)
      return andThen(next, (handler) => {
        if (handler !== undefined) left.push(handler);
        return each(handlers, go, index + 1, left) as Handlers;
      });
  }
  return left;
}

const isHandler = (next: unknown): next is Handler =>
  typeof next === "object" && next !== null && !("then" in next) && "module" in next;

function notify(handlers: Handlers, callback: "handle_event" | "handle_info", event: unknown): Maybe<Handlers> {
  return each(handlers, (handler) => {
    if (callback === "handle_info" && handler.module.handle_info === undefined) {
      const manager = acting();
      report(
        "warning",
        "unhandled_message",
        () => ({ pid: manager?.pid, name: manager?.name, message: event }),
        () =>
          `gen_event ${manager === undefined ? "" : shownName(manager)} received an unexpected message: ${describe(event)} (${nameOfModule(handler.module)} has no handle_info)`,
      );
      return handler;
    }
    return andThen(calls(handler, callback, event), (result) => updated(handler, callback, result, event));
  });
}

// The effect on a handler of a result of handle_event or handle_info.
function updated(
  handler: Handler,
  callback: "handle_event" | "handle_info",
  result: unknown,
  event: unknown,
): Maybe<Handler | undefined> {
  if (isState(result)) return { ...handler, state: result[1] };
  if (result === REMOVE_HANDLER)
    return andThen(end(handler, REMOVE_HANDLER, { notice: NORMAL }, event), () => undefined);
  if (tagOf(result, 5) === SWAP_HANDLER) {
    const [, args, state, by, newArgs] = result as readonly unknown[];
    return swapsItself({ ...handler, state }, args, by, newArgs);
  }
  return andThen(
    end(handler, [ERROR, result], { notice: result, crash: { callback, result } }, event),
    () => undefined,
  );
}

// `[OK, state]`, by which a handler goes on.
function isState(result: unknown): result is readonly [unknown, state: unknown] {
  return (
    isTuple(result) && result[0] === OK && (result.length === 2 || (result.length === 3 && result[2] === HIBERNATE))
  );
}

function call(handlers: Handlers, ask: Ask): Maybe<readonly [unknown, Handlers]> {
  const index = find(handlers, ask.handler);
  const handler = handlers[index];
  if (handler === undefined) return [missing(BAD_MODULE, ask.handler, handlers), handlers];
  const put = (answer: unknown) => (next: Handler | undefined) =>
    [answer, next === undefined ? handlers.toSpliced(index, 1) : handlers.with(index, next)] as const;
  return andThen(calls(handler, "handle_call", ask.term), (result): Maybe<readonly [unknown, Handlers]> => {
    const tuple = isTuple(result) ? result : [];
    const { length } = tuple;
    if (tuple[0] === OK && (length === 3 || (length === 4 && tuple[3] === HIBERNATE)))
      return put(tuple[1])({ ...handler, state: tuple[2] });
    if (tuple[0] === REMOVE_HANDLER && length === 2)
      return andThen(end(handler, REMOVE_HANDLER, { notice: NORMAL }, ask.term), () => put(tuple[1])(undefined));
    if (tuple[0] === SWAP_HANDLER && length === 6)
      return andThen(
        swapsItself({ ...handler, state: tuple[3] }, tuple[2], tuple[4], tuple[5]),
        put(tuple[1]),
      ) as Maybe<readonly [unknown, Handlers]>;
    const crash = { callback: "handle_call", result } as const;
    const failed = new Failed(result, wrongResult(handler.module, "handle_call", result));
    return andThen(end(handler, [ERROR, result], { notice: result, crash }, ask.term), () => put(failed)(undefined));
  }) as Maybe<readonly [unknown, Handlers]>;
}

/** A reply that is OTP's `{error, Reason}`: the caller throws it. */
export class Failed {
  readonly reason: unknown;
  /** The same for people. */
  readonly words: string;
  constructor(reason: unknown, words: string) {
    this.reason = reason;
    this.words = words;
  }
}

function missing(reason: unknown, wanted: unknown, handlers: Handlers): Failed {
  return new Failed(reason, notInstalled(reason, wanted, handlers.map(refOf)));
}

function add(
  handlers: Handlers,
  ref: unknown,
  args: unknown,
  supervisor: Pid | undefined,
): Maybe<readonly [unknown, Handlers]> {
  const { module, id } = split(ref);
  const self = acting();
  if (supervisor !== undefined && self !== undefined) link(self, supervisor);
  return andThen(installs(module, args), (result) =>
    isState(result)
      ? ([OK, [{ module, id, state: result[1], supervisor }, ...handlers]] as const)
      : ([new Failed(result, wrongResult(module, "init", result)), handlers] as const),
  );
}

function remove(handlers: Handlers, ask: Ask): Maybe<readonly [unknown, Handlers]> {
  const index = find(handlers, ask.handler);
  const handler = handlers[index];
  if (handler === undefined) return [missing(MODULE_NOT_FOUND, ask.handler, handlers), handlers];
  return andThen(end(handler, ask.term, { notice: NORMAL }, undefined), (result) => [
    handler.module.terminate === undefined ? OK : result,
    handlers.toSpliced(index, 1),
  ]);
}

// A swap requested by a client. If the old handler does not exist, its successor gets `error`.
function swap(handlers: Handlers, ask: Ask): Maybe<readonly [unknown, Handlers]> {
  const index = find(handlers, ask.handler);
  const handler = handlers[index];
  const supervisor = ask.supervisor ?? handler?.supervisor;
  const old = handler === undefined ? ERROR : end(handler, ask.term, swapped(ask.by, supervisor), undefined);
  const left = handler === undefined ? handlers : handlers.toSpliced(index, 1);
  return andThen(old, (state) => add(left, ask.by, [ask.args, state], supervisor)) as Maybe<
    readonly [unknown, Handlers]
  >;
}

// A swap requested by the handler itself.
function swapsItself(handler: Handler, args: unknown, by: unknown, newArgs: unknown): Maybe<Handler | undefined> {
  const { supervisor } = handler;
  return andThen(end(handler, args, swapped(by, supervisor), undefined), (state): Maybe<Handler | undefined> => {
    const { module, id } = split(by);
    return andThen(installs(module, [newArgs, state]), (result) => {
      // As in OTP, this init alone may not return `[OK, state, HIBERNATE]`.
      if (isTuple(result) && result[0] === OK && result.length === 2)
        return { module, id, state: result[1], supervisor };
      const crash = { callback: "init", result } as const;
      announceEnd({ module, id, state: undefined, supervisor }, { notice: CRASH, crash }, undefined);
      return undefined;
    });
  }) as Maybe<Handler | undefined>;
}

function replaced(handler: Handler, fun: (one: unknown) => unknown): Handler {
  try {
    const next = fun([handler.module, handler.id ?? false, handler.state]);
    // As in OTP, a function that changes the handler's identity or fails leaves the handler unchanged.
    return isTuple(next) && next.length === 3 && next[0] === handler.module && same(next[1], handler.id ?? false)
      ? { ...handler, state: next[2] }
      : handler;
  } catch {
    return handler;
  }
}

function split(ref: unknown): { readonly module: AnyHandler; readonly id: unknown } {
  return isTuple(ref) ? { module: ref[0] as AnyHandler, id: ref[1] } : { module: ref as AnyHandler, id: undefined };
}

function find(handlers: Handlers, ref: unknown): number {
  const { module, id } = split(ref);
  return handlers.findIndex((handler) => handler.module === module && same(handler.id, id));
}
