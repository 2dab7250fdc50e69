/**
 * Work that runs concurrently with its caller and is awaited: Elixir's `Task`.
 *
 * A task is a process. It is linked to the process that starts it with `async`, so that neither outlives the other by
 * accident; `task_supervisor.async_nolink` starts one whose failure does not affect its owner.
 */
import { describe } from "../term/describe.ts";
import { EXIT, OK, TIMEOUT } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import type { Timeout } from "../term/timeout.ts";
import { callerOf } from "../process/caller.ts";
import * as erlang from "../erlang.ts";
import * as proc_lib from "../proc_lib.ts";
import { begun, checked, newContext } from "./run.ts";
import { stream, type StreamOptions } from "./stream.ts";
import type { Outcome, Task, TaskContext, TaskFunction } from "./task.ts";
import { ended, failed, ignored, outcomeOf, outcomesOf } from "./waiting.ts";

export type { Outcome, StreamOptions, Task, TaskContext, TaskFunction };

/**
 * Starts a task that the caller awaits. It is linked to the calling process; outside processes, its failure is reported
 * by `await`.
 *
 * @param fun the work; it gets an `AbortSignal` that fires when the task is stopped
 */
export function async<T>(fun: TaskFunction<T>): Task<Awaited<T>> {
  return begun(checked(fun)) as Task<Awaited<T>>;
}

/**
 * The result of a task.
 *
 * @param timeout in ms. Default: 5,000
 * @throws Exit with `[reason, [task, await, …]]` when the task failed (`cause` is its error), or with reason `timeout`.
 *   Outside processes, a time-out stops the task; inside, the link ends it with the caller
 */
async function await_<T>(task: Task<T>, timeout: Timeout = 5000): Promise<T> {
  const outcome = await outcomeOf(task, timeout, "await");
  return valueOf(task, outcome, timeout, "await");
}

/** The results of tasks, in their order. */
export type Values<T extends readonly Task[]> = { -readonly [K in keyof T]: T[K] extends Task<infer V> ? V : never };

/** The results of several tasks, in their order. One time-out for all; fails as `await` does, with the first failure in the list. */
export async function await_many<T extends readonly Task[] | []>(
  tasks: T,
  timeout: Timeout = 5000,
): Promise<Values<T>> {
  const outcomes = await outcomesOf(tasks, timeout, "await_many");
  return tasks.map((task, index) => valueOf(task, outcomes[index], timeout, "await_many")) as Values<T>;
}

/**
 * Waits up to `timeout` ms (default 5,000): `[OK, value]`, `[EXIT, reason]`, or undefined while the task is running.
 */
async function yield_<T>(task: Task<T>, timeout: Timeout = 5000): Promise<Outcome<T> | undefined> {
  return outcomeOf(task, timeout, "yield");
}

/** `yield` for several tasks, with one time-out for all: `[task, outcome]` for each, in their order. */
export async function yield_many<T>(
  tasks: readonly Task<T>[],
  timeout: Timeout = 5000,
): Promise<(readonly [Task<T>, Outcome<T> | undefined])[]> {
  const outcomes = await outcomesOf(tasks, timeout, "yield_many");
  return tasks.map((task, index) => [task, outcomes[index]] as const);
}

/**
 * Stops a task: sends it `shutdown`, and kills it after `timeout` ms.
 *
 * @param timeout in ms, or `"brutal_kill"`. Default: 5,000
 * @returns `[OK, value]` if it had already finished, `[EXIT, reason]` if it failed, undefined if it was stopped
 */
export function shutdown<T>(task: Task<T>, timeout: Timeout | "brutal_kill" = 5000): Promise<Outcome<T> | undefined> {
  return ended(task, timeout);
}

/**
 * Lets a task run on unobserved: it is unlinked, and its result is dropped. Returns its outcome if it has already
 * finished.
 */
export function ignore<T>(task: Task<T>): Promise<Outcome<T> | undefined> {
  return ignored(task);
}

/** A task that has finished with `value`: for functions that return a task and already have the result. */
export function completed<T>(value: T): Task<Awaited<T>> {
  return begun(() => value) as Task<Awaited<T>>;
}

/** Runs `fun` in a process without waiting for it. A failure is reported. */
export function start(fun: TaskFunction<unknown>): Pid {
  const work = checked(fun);
  return proc_lib.spawn(() => work(newContext()));
}

/** Like `start`, linked to the calling process: a child's start function. */
export function start_link(fun: TaskFunction<unknown>): Pid {
  const work = checked(fun);
  callerOf("task.start_link");
  return proc_lib.spawn_link(() => work(newContext()));
}

/**
 * Runs `fun` for each item, at most `max_concurrency` at a time, and yields `[OK, value]` for each. Items are taken as
 * results are read. Leaving the loop early stops the running tasks.
 *
 * A task that fails ends the stream: the calling process exits through the link; if it traps exits, it gets `[EXIT,
 * reason]` instead. Outside processes the loop throws.
 *
 * @param items any iterable, synchronous or asynchronous
 * @param options how many at a time, in which order, for how long
 */
export function async_stream<I, T>(
  items: Iterable<I> | AsyncIterable<I>,
  fun: (item: I, context: TaskContext) => T | PromiseLike<T>,
  options: StreamOptions = {},
): AsyncGenerator<Outcome<Awaited<T>>, void, undefined> {
  return stream(items, checked(fun), options, { begin: undefined, linked: true });
}

/** Whether an outcome is a value, which the compiler knows then: `if (task.is_ok(outcome)) sum += outcome[1]`. */
export function is_ok<T>(outcome: Outcome<T> | undefined): outcome is readonly [tag: typeof OK, value: T] {
  return outcome !== undefined && outcome[0] === OK;
}

export { await_ as await, yield_ as yield };

function valueOf<T>(task: Task<T>, outcome: Outcome<T> | undefined, timeout: Timeout, what: string): T {
  if (outcome === undefined) {
    // No link ends it with its owner.
    if (task.outcome === undefined) erlang.demonitor(task.ref, ["flush"]);
    else erlang.exit(task.pid, "timeout");
    throw failed(TIMEOUT, what, [task, timeout], `Task ${task.pid} gave no result within ${describe(timeout)} ms`);
  }
  if (outcome[0] === EXIT) {
    const reason = outcome[1];
    throw failed(reason, what, [task, timeout], `Task ${task.pid} failed: ${describe(reason)}`);
  }
  return outcome[1] as T;
}
