/**
 * Erlang's built-in functions for processes. Each acts for the process whose code calls it, also after an `await`. Code
 * outside processes may spawn, send and inspect, but has no pid.
 */
import { setMaxListeners } from "node:events";
import { type Atom, Atom as AtomClass } from "./term/atom.ts";
import { BADARG, FLUSH, INFO, type OK, PROCESS, type TIMEOUT, TRAP_EXIT } from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { ErlangError, Exit, Thrown } from "./term/error.ts";
import { isTuple } from "./term/guarded.ts";
import { NODE, Pid } from "./term/pid.ts";
import { PlainRef, type Ref } from "./term/ref.ts";
import { strange } from "./term/strange.ts";
import { checkOptions, unknownOption } from "./term/options.ts";
import type { Timeout } from "./term/timeout.ts";
import type { Body } from "./process/body.ts";
import { noProcess } from "./process/caller.ts";
import { acting } from "./process/context.ts";
import { refused } from "./process/refusal.ts";
import * as death from "./process/death.ts";
import { allOf, infoOf, type InfoItem, type ProcessInfo } from "./process/info.ts";
import * as monitors from "./process/monitor.ts";
import { type Process, processOf } from "./process/process.ts";
import * as receiving from "./process/receive.ts";
import * as registry from "./process/registry.ts";
import { isName, type Name } from "./term/name.ts";
import * as sending from "./process/sending.ts";
import type { Destination, TimerOptions } from "./process/sending.ts";
import { pause } from "./process/sleep.ts";
import * as birth from "./process/spawn.ts";
import { pids } from "./process/table.ts";

export type { Body, Destination, InfoItem, Name, ProcessInfo, TimerOptions };
export type { Match } from "./process/receive.ts";

/** No options given. */
const NONE = {};

/**
 * Starts a process that runs `fun`. Returns at once; the process ends when `fun` has returned or its promise is settled:
 * with reason `normal`, or the reason of the failure.
 */
export function spawn(fun: Body): Pid {
  return birth.spawn(checked(fun), false).pid;
}

/** Like `spawn`, linked to the calling process in the same moment. */
export function spawn_link(fun: Body): Pid {
  actor("spawn_link");
  return birth.spawn(checked(fun), true).pid;
}

/** Like `spawn`, monitored by the calling process in the same moment. */
export function spawn_monitor(fun: Body): [Pid, Ref] {
  const self = actor("spawn_monitor");
  const { pid } = birth.spawn(checked(fun), false);
  return [pid, monitors.monitor(self, pid)];
}

/** The pid of the calling process. @throws ErlangError with reason `badarg` outside any process */
export function self(): Pid {
  const process = acting();
  if (process === undefined) throw noProcess("erlang.self");
  return process.pid;
}

/** Whether the calling code belongs to a process. */
export function is_process(): boolean {
  return acting() !== undefined;
}

/** Sends a message and returns it. Never fails for a pid; a name that no process has is an error `badarg`. */
export function send<M>(to: Destination, message: M): M {
  return sending.send(to, message);
}

/** A wait without a limit. */
type Forever = Atom<"infinity"> | undefined;

/**
 * Takes a message out of the calling process's mailbox: the first one that `match` accepts. Waits if there is none.
 *
 * @param match returns true for an accepted message; without it, any message is accepted
 * @param options `after`: how long to wait, in milliseconds; `0` does not wait. Default: for ever
 * @returns the message; `TIMEOUT` if none came within `after`
 */
function receive_<M = unknown>(
  match?: ((message: unknown) => message is M) | receiving.Match,
  options?: { readonly after?: Forever },
): Promise<M>;
function receive_<M = unknown>(
  match: ((message: unknown) => message is M) | receiving.Match | undefined,
  options: { readonly after?: Timeout | undefined },
): Promise<M | typeof TIMEOUT>;
function receive_(match?: receiving.Match, options: { readonly after?: Timeout | undefined } = NONE): Promise<unknown> {
  try {
    if (options !== NONE) checkOptions(options, ["after"], "receive");
    return receiving.receive(alive("receive"), match, options.after ?? Infinity);
  } catch (error) {
    return refused(error);
  }
}

/**
 * Links the calling process to another: when one of them ends, the other gets its exit signal.
 *
 * @throws ErlangError with reason `noproc` if that is dead. A caller that traps exits gets `['EXIT', pid, noproc]` instead
 */
export function link(to: Pid): true {
  return death.link(actor("link"), pidOf(to, "link"));
}

/** Removes a link; true also if there was none. */
export function unlink(from: Pid): true {
  return death.unlink(actor("unlink"), pidOf(from, "unlink"));
}

/** Options of a monitor. */
export interface MonitorOptions {
  /** Makes the reference an alias of the calling process too, and decides when the alias ends. */
  readonly alias?: monitors.AliasMode | undefined;
}

/**
 * Monitors a process: when it dies the caller gets `[DOWN, ref, PROCESS, pid, reason]`, at once with `noproc` if it is dead
 *. By name, `[name, node]` stands for the pid.
 */
export function monitor(
  type: Atom<"process"> | "process",
  item: Pid | Name | readonly [name: Name, node: Name],
  options: MonitorOptions = NONE,
): Ref {
  if (options !== NONE) checkOptions(options, ["alias"], "monitor a process");
  const self = actor("monitor");
  const known =
    item instanceof Pid || isName(item) || (isTuple(item) && item.length === 2 && isName(item[0]) && isName(item[1]));
  if ((type !== PROCESS && type !== "process") || !known) {
    throw new ErlangError(
      BADARG,
      `Cannot monitor ${describe(type)} ${describe(item)}: give "process" and a pid, a name or [name, node]${strange(item)}`,
    );
  }
  return monitors.monitor(self, item, options.alias);
}

/**
 * Ends a monitor.
 *
 * @param options `FLUSH` also removes its 'DOWN' from the mailbox; `INFO` makes the result true only if the monitor was
 *   still active
 */
export function demonitor(ref: Ref, options: readonly (Atom | string)[] = []): boolean {
  const self = actor("demonitor");
  if (!isTuple(options))
    throw new ErlangError(
      BADARG,
      `Cannot demonitor: its options are a list of flush and info, got ${describe(options)}`,
    );
  for (const each of options) {
    if (each !== FLUSH && each !== INFO && each !== "flush" && each !== "info")
      throw new ErlangError(BADARG, `Cannot demonitor: ${unknownOption(String(each), ["flush", "info"])}`);
  }
  const has = (option: Atom) => options.some((each) => each === option || each === option.name);
  const active = monitors.demonitor(self, ref, has(FLUSH));
  return has(INFO) ? active : true;
}

/** A reference through which other code can send to the calling process until `unalias`. */
export function alias(mode: "explicit_unalias" | "reply" = "explicit_unalias"): Ref {
  return new monitors.AliasRef(actor("alias"), mode === "reply" ? "reply_demonitor" : mode);
}

/** Deactivates an alias of the calling process. True if it was active. */
export function unalias(ref: Ref): boolean {
  return monitors.unalias(actor("unalias"), ref);
}

/** Raises an exception of class exit: uncaught, the process ends with exactly this reason. */
export function exit(reason: unknown): never;
/** Sends an exit signal. The atom `KILL` cannot be trapped; the string "kill" is a reason like any other. */
export function exit(to: Pid, reason: unknown): true;
export function exit(...args: [unknown] | [Pid, unknown]): true {
  if (args.length === 1) throw new Exit(args[0]);
  const [to, reason] = args;
  const from = acting();
  if (from !== undefined && !from.alive) return true;
  const target = pidOf(to, "exit");
  death.signal(target, from?.pid ?? OUTSIDE, reason, false);
  // A process that dies of its own signal does not return from sending it.
  if (from !== undefined && !from.alive) throw new Exit(reason);
  return true;
}

/** Raises an exception of class error: uncaught, the process ends with reason `[reason, stack]`. */
export function error(reason: unknown, message?: string): never {
  throw new ErlangError(reason, message);
}

/** Raises an exception of class throw: inside a behaviour's callback it is the return value. */
function throw_(term: unknown): never {
  throw new Thrown(term);
}

/** Sets whether exit signals to the calling process become messages `['EXIT', from, reason]`. Returns the old value. */
export function process_flag(flag: Atom<"trap_exit"> | "trap_exit", value: boolean): boolean {
  const self = actor("process_flag");
  if ((flag !== TRAP_EXIT && flag !== "trap_exit") || typeof value !== "boolean") {
    throw new ErlangError(
      BADARG,
      `Cannot set process flag ${describe(flag)} to ${describe(value)}: the only flag is trap_exit, true or false`,
    );
  }
  const before = self.trapping;
  self.trapping = value;
  return before;
}

/** Registers a process under a name; `badarg` if the name is taken, or the process has a name or is dead. */
export function register(name: Name, pid: Pid): true {
  if (acting()?.alive === false) throw gone("register");
  return registry.register(name, pidOf(pid, "register"));
}

/** Removes a name; `badarg` if no process has it. */
export function unregister(name: Name): true {
  if (acting()?.alive === false) throw gone("unregister");
  return registry.unregister(name);
}

export { registered, whereis } from "./process/registry.ts";

/** Whether the process is alive. Signals that the caller sent before have taken effect. */
export function is_process_alive(pid: Pid): boolean {
  return processOf(pidOf(pid, "look whether a process is alive")) !== undefined;
}

/** Everything known about a process, or one item of it; undefined if it is dead. */
export function process_info(pid: Pid): ProcessInfo | undefined;
export function process_info<K extends InfoItem>(pid: Pid, item: K): ProcessInfo[K] | undefined;
export function process_info(pid: Pid, item?: InfoItem): unknown {
  const process = processOf(pidOf(pid, "inspect"));
  if (process === undefined) return undefined;
  return item === undefined ? allOf(process) : infoOf(process, item);
}

/** The pids of all living processes, oldest first. */
export function processes(): Pid[] {
  return pids();
}

/**
 * Sends `message` once, not earlier than `ms` from now.
 *
 * @param options `{ ref: false }`: the timer does not keep Node alive
 */
export function send_after(ms: number, to: Pid | Name, message: unknown, options: TimerOptions = NONE): Ref {
  return sending.startTimer(ms, to, message, false, timed(options));
}

/** Like `send_after`, but the message is `[TIMEOUT, ref, message]`. */
export function start_timer(ms: number, to: Pid | Name, message: unknown, options: TimerOptions = NONE): Ref {
  return sending.startTimer(ms, to, message, true, timed(options));
}

export { cancelTimer as cancel_timer, readTimer as read_timer } from "./process/sending.ts";

/** A new reference. */
export function make_ref(): Ref {
  return new PlainRef();
}

/** The name of this node. */
export function node(): Atom {
  return NODE;
}

/** Fires when the calling process dies: pass it to operations outside the runtime that the process waits for. */
export function signal(): AbortSignal {
  const self = actor("signal");
  return (self.more.controller ??= endless()).signal;
}

/** Waits `ms` milliseconds (OTP's `timer:sleep`). A process that dies meanwhile does not wake up. */
export function sleep(ms: number): Promise<typeof OK> {
  return pause(acting(), ms);
}

/** Puts a value into the calling process's dictionary; returns the previous one, or undefined. */
export function put(key: unknown, value: unknown): unknown {
  const dictionary = (actor("put").more.dictionary ??= new Map<unknown, unknown>());
  const before = dictionary.get(key);
  dictionary.set(key, value);
  return before;
}

/** The value of a key in the calling process's dictionary; undefined if there is none. */
export function get(key: unknown): unknown {
  return actor("get").extra?.dictionary?.get(key);
}

/** Removes a key from the calling process's dictionary; returns its value, or undefined. */
export function erase(key: unknown): unknown {
  const before = get(key);
  actor("erase").extra?.dictionary?.delete(key);
  return before;
}

export { receive_ as receive, throw_ as throw };

// A process may wait for any number of operations at a time, so many listeners are no sign of a leak.
function endless(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

// The sender of exit signals from outside all processes.
const OUTSIDE = new Pid(undefined);

// The calling process, which may be dead: code that runs on after its process's death has no effect.
function actor(what: string): Process {
  const process = alive(what);
  if (!process.alive) throw gone(what);
  return process;
}

function alive(what: string): Process {
  const process = acting();
  if (process === undefined) throw noProcess(`erlang.${what}`);
  return process;
}

function gone(what: string): Exit {
  return new Exit("dead", `Cannot do erlang.${what}: the process this code belongs to is dead`);
}

function timed(options: TimerOptions): TimerOptions {
  if (options !== NONE) checkOptions(options, ["ref"], "start a timer");
  return options;
}

function pidOf(pid: unknown, what: string): Pid {
  if (!(pid instanceof Pid))
    throw new ErlangError(
      BADARG,
      `Cannot ${what}: a pid is needed, got ${describe(pid)}${pid instanceof AtomClass || typeof pid === "string" ? " (use erlang.whereis for a name)" : strange(pid)}`,
    );
  return pid;
}

function checked(fun: Body): Body {
  if (typeof fun !== "function")
    throw new ErlangError(BADARG, `Cannot spawn: a function is needed, got ${describe(fun)}`);
  if (acting()?.alive === false) throw gone("spawn");
  return fun;
}
