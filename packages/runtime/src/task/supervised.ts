/**
 * A supervisor for tasks: they are started on demand, visible in the tree, and stopped with it. Elixir's
 * `Task.Supervisor`.
 */
import type { Pid } from "../term/pid.ts";
import { checkOptions } from "../term/options.ts";
import type { ServerRef } from "../term/protocol.ts";
import * as erlang from "../erlang.ts";
import * as proc_lib from "../proc_lib.ts";
import * as supervisor from "../supervisor.ts";
import { type Begin, begunBy, checked, newContext } from "./run.ts";
import { stream, type StreamOptions } from "./stream.ts";
import type { Outcome, Task, TaskContext, TaskFunction } from "./task.ts";

/** Options of a supervisor for tasks. */
export interface TaskSupervisorOptions {
  /** Registered name. */
  readonly name?: supervisor.SupervisorOptions["name"];
  /** How many restarts of `start_child`'s tasks are allowed within `max_seconds`. Default: 3. */
  readonly max_restarts?: number | undefined;
  /** Seconds. Default: 5. */
  readonly max_seconds?: number | undefined;
}

const OPTIONS = ["name", "max_restarts", "max_seconds"];

/** Options of one task under a supervisor. */
export interface TaskChildOptions {
  /** When a finished task is restarted: `supervisor.Temporary()` (never, the default), `Transient()`, `Permanent()`. */
  readonly restart?: supervisor.ChildSpec["restart"];
  /** How long the task has to end at a shutdown, in ms, or `brutal_kill`. Default: 5,000. */
  readonly shutdown?: supervisor.ChildSpec["shutdown"];
}

/** Starts a supervisor of tasks, linked to the calling process. */
export function start_link(options: TaskSupervisorOptions = {}): Promise<Pid> {
  return supervisor.start_link([], flagsOf(options));
}

/** Starts a supervisor of tasks on its own. */
export function start(options: TaskSupervisorOptions = {}): Promise<Pid> {
  return supervisor.start([], flagsOf(options));
}

/** The specification of a supervisor of tasks as a child. The id is its name, or `task_supervisor`. */
export function child_spec(options: TaskSupervisorOptions = {}): supervisor.ChildSpec {
  checkOptions(options, OPTIONS, "start a supervisor of tasks");
  return supervisor.child_spec({
    id: options.name ?? "task_supervisor",
    task: () => start_link(options),
    type: "supervisor",
  });
}

/** Starts a task without waiting for it. @returns its pid */
export async function start_child(
  sup: ServerRef,
  fun: TaskFunction<unknown>,
  options: TaskChildOptions = {},
): Promise<Pid> {
  checkOptions(options, ["restart", "shutdown"], "start a task");
  const work = checked(fun);
  return child(sup, () => work(newContext()), options);
}

/** Starts a task under the supervisor, linked to the calling process as `task.async` does. */
export function async<T>(sup: ServerRef, fun: TaskFunction<T>): Promise<Task<Awaited<T>>> {
  return begunBy(beginUnder(sup), checked(fun), true) as Promise<Task<Awaited<T>>>;
}

/**
 * Starts a task whose failure does not affect the caller. A gen_server that does not await it gets `[ref, value]`, or
 * `[DOWN, ref, PROCESS, pid, reason]`, in `handle_info`.
 */
export function async_nolink<T>(sup: ServerRef, fun: TaskFunction<T>): Promise<Task<Awaited<T>>> {
  return begunBy(beginUnder(sup), checked(fun), false) as Promise<Task<Awaited<T>>>;
}

/** `task.async_stream` with the tasks under the supervisor. */
export function async_stream<I, T>(
  sup: ServerRef,
  items: Iterable<I> | AsyncIterable<I>,
  fun: (item: I, context: TaskContext) => T | PromiseLike<T>,
  options: StreamOptions = {},
): AsyncGenerator<Outcome<Awaited<T>>, void, undefined> {
  return stream(items, fun, options, { begin: beginUnder(sup), linked: true });
}

/** Like `async_stream`, but a failed task yields `[EXIT, reason]` for its item and the stream goes on. */
export function async_stream_nolink<I, T>(
  sup: ServerRef,
  items: Iterable<I> | AsyncIterable<I>,
  fun: (item: I, context: TaskContext) => T | PromiseLike<T>,
  options: StreamOptions = {},
): AsyncGenerator<Outcome<Awaited<T>>, void, undefined> {
  return stream(items, fun, options, { begin: beginUnder(sup), linked: false });
}

/** The pids of the running tasks. */
export async function children(sup: ServerRef): Promise<Pid[]> {
  const all = await supervisor.which_children(sup);
  return all.flatMap(([, pid]) => (pid !== undefined && typeof pid === "object" && "serial" in pid ? [pid] : []));
}

/** Stops a task of the supervisor: with `shutdown`, then `kill`. @throws OtpError `not_found` */
export async function terminate_child(sup: ServerRef, pid: Pid): Promise<void> {
  const all = await supervisor.which_children(sup);
  const found = all.find(([, one]) => one === pid);
  await supervisor.terminate_child(sup, found === undefined ? pid : found[0]);
}

function beginUnder(sup: ServerRef): Begin {
  return (body) => child(sup, body, {});
}

async function child(sup: ServerRef, body: () => unknown, options: TaskChildOptions): Promise<Pid> {
  const { restart = supervisor.Temporary(), shutdown = 5000 } = options;
  const pid = await supervisor.start_child(
    sup,
    supervisor.child_spec({
      id: erlang.make_ref(),
      task: () => proc_lib.spawn_link(body),
      restart,
      shutdown,
    }),
  );
  return pid as Pid;
}

function flagsOf(options: TaskSupervisorOptions): supervisor.SupervisorOptions {
  checkOptions(options, OPTIONS, "start a supervisor of tasks");
  const { name, max_restarts = 3, max_seconds = 5 } = options;
  return supervisor.options({ strategy: supervisor.OneForOne(), max_restarts, max_seconds, name });
}
