/**
 * How a task starts and how its result travels.
 *
 * An owner that is a process gets messages: `[ref, value]`, or the 'DOWN' of its monitor. Code outside all processes has no
 * mailbox, so a watching process turns the same 'DOWN' into a promise.
 */
import { ensure } from "../term/atom.ts";
import { BADARG, EXIT, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import { strange } from "../term/strange.ts";
import { isDown } from "../process/monitor.ts";
import * as erlang from "../erlang.ts";
import * as proc_lib from "../proc_lib.ts";
import { type Outcome, Task, type TaskContext, type TaskFunction } from "./task.ts";

/** The owner's side of a task, for the task's process. Filled in before its function runs. */
interface Ticket<T> {
  /** The destination of the result: an alias of the owner. */
  ref: Ref | undefined;
  /** The destination of the result if the owner has no mailbox. */
  settle: ((outcome: Outcome<T>) => void) | undefined;
}

/** Refuses work that is not a function. @throws ErlangError with reason `badarg` */
export function checked<F>(fun: F): F {
  if (typeof fun === "function") return fun;
  throw new ErlangError(BADARG, `Cannot start a task: a function is needed, got ${describe(fun)}${strange(fun)}`);
}

/** Starts the process of a task, given its body. */
export type Begin = (body: () => Promise<void>) => Pid | Promise<Pid>;

/** Starts a task linked to the calling process, or not linked outside processes. */
export const linked: Begin = (body) => (erlang.is_process() ? proc_lib.spawn_link(body) : proc_lib.spawn(body));

/** The context of a task; its signal is made when it is first read. */
export function newContext(): TaskContext {
  return {
    get signal() {
      return erlang.signal();
    },
  };
}

const GO = ensure("go");

/** Starts a task in the calling process itself. */
export function begun<T>(fun: TaskFunction<T>): Task<T> {
  const ticket: Ticket<T> = { ref: undefined, settle: undefined };
  const watch = erlang.is_process() ? undefined : watcher(ticket);
  const pid = linked(() => work(fun, ticket)) as Pid;
  return watch === undefined ? owned(pid, ticket) : watch(pid);
}

/** Starts a task through another process, such as a supervisor: its function runs as soon as the owner monitors it. */
export async function begunBy<T>(begin: Begin, fun: TaskFunction<T>, link: boolean): Promise<Task<T>> {
  const ticket: Ticket<T> = { ref: undefined, settle: undefined };
  const owner = erlang.is_process();
  const watch = owner ? undefined : watcher(ticket);
  const pid = await begin(held(() => work(fun, ticket)));
  const task = watch === undefined ? owned(pid, ticket) : watch(pid);
  if (link && owner) erlang.link(pid);
  release(pid);
  return task;
}

/** A body that waits until the calling process has made its preparations, and runs only if that process is alive. */
export function held(body: () => Promise<void>): () => Promise<void> {
  const owner = erlang.is_process() ? erlang.self() : undefined;
  return async () => {
    if (await mayGo(owner)) await body();
  };
}

/** Lets a held body run. */
export function release(pid: Pid): void {
  erlang.send(pid, GO);
}

async function mayGo(owner: Pid | undefined): Promise<boolean> {
  const monitor = owner === undefined ? undefined : erlang.monitor("process", owner);
  const message = await erlang.receive((one) => one === GO || (monitor !== undefined && isDown(one, monitor)));
  if (monitor !== undefined) erlang.demonitor(monitor, ["flush"]);
  return message === GO;
}

async function work<T>(fun: TaskFunction<T>, ticket: Ticket<T>): Promise<void> {
  const value = await fun(newContext());
  if (ticket.ref !== undefined) erlang.send(ticket.ref, [ticket.ref, value]);
  else ticket.settle?.([OK, value]);
}

function owned<T>(pid: Pid, ticket: Ticket<T>): Task<T> {
  const ref = erlang.monitor("process", pid, { alias: "reply_demonitor" });
  ticket.ref = ref;
  return new Task<T>(pid, ref, erlang.self(), undefined);
}

/**
 * A process that watches a task for code outside processes. It must be started before the task, so that it misses no
 * death.
 */
function watcher<T>(ticket: Ticket<T>): (pid: Pid) => Task<T> {
  let watched: Pid | undefined;
  let start: () => void;
  const started = new Promise<void>((resolve) => (start = resolve));
  const outcome = new Promise<Outcome<T>>((resolve) => {
    ticket.settle = resolve;
    erlang.spawn(async () => {
      if (watched === undefined) await started;
      const ref = erlang.monitor("process", watched as Pid);
      const down = await erlang.receive((message) => isDown(message, ref));
      resolve([EXIT, down[4]]);
    });
  });
  return (pid) => {
    watched = pid;
    start();
    return new Task<T>(pid, erlang.make_ref(), undefined, outcome);
  };
}
