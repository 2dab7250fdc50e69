/** A task: a process that runs one function, and a handle through which its owner gets the result. Elixir's `Task`. */
import type { EXIT, OK } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";

/** How a task ended: with a value, or with an exit reason. */
export type Outcome<T> = readonly [tag: typeof OK, value: T] | readonly [tag: typeof EXIT, reason: unknown];

/** The argument of a task's function. */
export interface TaskContext {
  /**
   * Fires when the task's process dies, by a shutdown or a time-out for instance: pass it to operations that the task
   * waits for.
   */
  readonly signal: AbortSignal;
}

/** The function of a task. Its result, or the value its promise resolves with, is the task's result. */
export type TaskFunction<T> = (context: TaskContext) => T | PromiseLike<T>;

/** The handle of a task. Only its owner, the process that started it, may await it. */
export class Task<T = unknown> {
  /** The task's process. */
  readonly pid: Pid;
  /** The reference in the task's messages: `[ref, value]`, or `[DOWN, ref, PROCESS, pid, reason]`. */
  readonly ref: Ref;
  /** The process that started it; undefined for code outside processes. */
  readonly owner: Pid | undefined;
  /** The outcome, for owners without a mailbox. @internal */
  readonly outcome: Promise<Outcome<T>> | undefined;

  constructor(pid: Pid, ref: Ref, owner: Pid | undefined, outcome: Promise<Outcome<T>> | undefined) {
    this.pid = pid;
    this.ref = ref;
    this.owner = owner;
    this.outcome = outcome;
  }
}
