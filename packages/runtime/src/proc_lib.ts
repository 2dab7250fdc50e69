/**
 * Processes that fit into a supervision tree without being a gen_server: they know their ancestors, their crashes are
 * reported, and their starter can wait until they are initialised. OTP's `proc_lib`.
 */
import { BADARG, INFINITY } from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { ErlangError, Exit } from "./term/error.ts";
import type { Pid } from "./term/pid.ts";
import type { Ref } from "./term/ref.ts";
import { milliseconds, type Timeout } from "./term/timeout.ts";
import type { Body } from "./process/body.ts";
import { acting } from "./process/context.ts";
import { monitor } from "./process/monitor.ts";
import { awaitReply, drainFor } from "./call/reply_promise.ts";
import { ancestry, startProcess } from "./process/spawn.ts";
import { ProcBody } from "./behaviour/proc_body.ts";
import { Starter } from "./behaviour/init_ack.ts";
import type { ServerRef } from "./term/protocol.ts";
import { stop as stopProcess } from "./behaviour/stopping.ts";
import { NORMAL, type OK } from "./term/atoms.ts";

/** Like `erlang.spawn`; an abnormal end is reported with the ancestors. */
export function spawn(fun: Body): Pid {
  return spawnBody(fun, false).pid;
}

/** Like `erlang.spawn_link`; an abnormal end is reported with the ancestors. */
export function spawn_link(fun: Body): Pid {
  needCaller("spawn_link");
  return spawnBody(fun, true).pid;
}

/**
 * Starts a process and waits until it calls `init_ack(value)`: resolves with the value. Rejects with `OtpError` and the
 * exit reason if the process ends before that; after `timeout` ms the process is killed, and the reason is `timeout`.
 */
export function start(fun: Body, timeout: Timeout = INFINITY): Promise<unknown> {
  return launch(fun, timeout, false, false);
}

/** Like `start`, linked to the calling process. */
export function start_link(fun: Body, timeout: Timeout = INFINITY): Promise<unknown> {
  needCaller("start_link");
  return launch(fun, timeout, true, false);
}

/** Like `start`, monitored by the calling process: resolves with `[value, ref]`. */
export function start_monitor(fun: Body, timeout: Timeout = INFINITY): Promise<[unknown, Ref]> {
  needCaller("start_monitor");
  return launch(fun, timeout, false, true) as Promise<[unknown, Ref]>;
}

/**
 * Reports that the calling process is initialised: its starter's promise resolves with `value` (by default its pid).
 */
export function init_ack(value?: unknown): void {
  const self = acting();
  if (!(self instanceof ProcBody))
    throw new ErlangError(BADARG, "Cannot do proc_lib.init_ack here: this process was not started by proc_lib.start");
  self.ack(value ?? self.pid);
}

/**
 * Reports that initialisation failed: the starter's promise rejects with `{error, reason}`, and the process exits with
 * that reason.
 */
export function init_fail(reason: unknown): never {
  throw new Exit(reason);
}

/**
 * Sends a process that understands system messages a request to stop, and waits until it is dead.
 *
 * @param timeout in ms. Default: no limit
 * @throws Exit with reason `noproc`, `timeout`, or the process's exit reason if that differs from `reason`
 */
export function stop(server: ServerRef, reason: unknown = NORMAL, timeout: Timeout = INFINITY): Promise<typeof OK> {
  return stopProcess(server, reason, timeout);
}

function spawnBody(fun: Body, linked: boolean): ProcBody {
  const process = made(fun);
  startProcess(process, acting(), linked);
  return process;
}

function made(fun: Body): ProcBody {
  if (typeof fun !== "function")
    throw new ErlangError(BADARG, `Cannot start a process: a function is needed, got ${describe(fun)}`);
  if (acting()?.alive === false)
    throw new Exit("dead", "Cannot start a process: the process this code belongs to is dead");
  return new ProcBody(fun, ancestry(acting()));
}

function launch(fun: Body, timeout: Timeout, linked: boolean, monitored: boolean): Promise<unknown> {
  const ms = milliseconds(timeout, "start a process");
  const caller = acting();
  const process = made(fun);
  const starter = new Starter(caller, undefined);
  const { prompt } = process.dispatcher;
  const drain = drainFor(starter, prompt);
  startProcess(process, caller, linked);
  if (monitored && caller !== undefined) starter.monitor = monitor(caller, process.pid);
  process.starter = starter;
  starter.limit(process, ms);
  return drain ?? awaitReply(starter, prompt);
}

function needCaller(what: string): void {
  if (acting() === undefined)
    throw new ErlangError(BADARG, `Cannot do proc_lib.${what} here: this code does not run inside a process`);
}
