/** How an owner waits for its tasks: `await`, `yield`, `shutdown`, `ignore`. */
import { ensure } from "../term/atom.ts";
import { BADARG, EXIT, KILL, KILLED, NOPROC, OK, SHUTDOWN, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { awaiting } from "../process/awaited.ts";
import { isDown } from "../process/monitor.ts";
import * as erlang from "../erlang.ts";
import { now } from "../process/clock.ts";
import { type Outcome, Task } from "./task.ts";

/** The name of this module in exit reasons. */
export const TASK = ensure("task");

/** The exit of an owner whose task failed or did not finish in time. */
export function failed(reason: unknown, fun: string, args: readonly unknown[], words: string): Exit {
  const exit = new Exit([reason, [TASK, ensure(fun), args]], words);
  const thrown = Array.isArray(reason) ? (reason as unknown[])[0] : reason;
  if (isError(thrown)) exit.cause = thrown;
  return exit;
}

function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** Waits up to `timeout` ms; undefined if there is no outcome by then. The task goes on. */
export async function outcomeOf<T>(
  task: Task<T>,
  timeout: Timeout | undefined,
  what: string,
): Promise<Outcome<T> | undefined> {
  check(task, what);
  const ms = milliseconds(timeout ?? 5000, `${what} a task`);
  const over = awaiting(task.pid, () => "the result of %");
  try {
    if (task.outcome !== undefined) return await inTime(task.outcome, ms);
    const message = await erlang.receive((one) => isReply(one, task.ref) || isDown(one, task.ref), { after: ms });
    if (message === TIMEOUT) return undefined;
    if (isDown(message, task.ref)) return [EXIT, message[4]];
    return [OK, (message as [Ref, T])[1]];
  } finally {
    over();
  }
}

/** Waits for all tasks until one deadline; undefined for tasks without an outcome by then. */
export async function outcomesOf<T>(
  tasks: readonly Task<T>[],
  timeout: Timeout | undefined,
  what: string,
): Promise<(Outcome<T> | undefined)[]> {
  if (!Array.isArray(tasks))
    throw new ErlangError(BADARG, `Cannot ${what}: an array of tasks is needed, got ${describe(tasks)}`);
  for (const task of tasks) check(task, what);
  const ms = milliseconds(timeout ?? 5000, `${what} tasks`);
  const end = now() + ms;
  const outcomes: (Outcome<T> | undefined)[] = [];
  for (const task of tasks) outcomes.push(await outcomeOf(task, Math.max(0, end - now()), what));
  return outcomes;
}

/** Stops a task: with `shutdown`, and after `timeout` ms with `kill`. An earlier reply is its outcome. */
export async function ended<T>(task: Task<T>, timeout: Timeout | "brutal_kill"): Promise<Outcome<T> | undefined> {
  check(task, "shutdown");
  const brutal = timeout === "brutal_kill";
  const ms = brutal ? Infinity : milliseconds(timeout, "shutdown a task");
  const last = task.outcome === undefined ? lastMessage(task) : (after: number) => inTime(task.outcome!, after);
  erlang.exit(task.pid, brutal ? KILL : SHUTDOWN);
  let outcome = await last(ms);
  let killed = brutal;
  if (outcome === undefined) {
    killed = true;
    erlang.exit(task.pid, KILL);
    outcome = await last(Infinity);
  }
  if (outcome?.[0] === OK) return outcome;
  const reason = outcome?.[1];
  return reason === SHUTDOWN || (killed && reason === KILLED) || reason === NOPROC ? undefined : outcome;
}

// Unlinks the task and waits for its last message. With a separate monitor, because the task's own may have been used
// up by an earlier `await`.
function lastMessage<T>(task: Task<T>): (ms: number) => Promise<Outcome<T> | undefined> {
  erlang.unlink(task.pid);
  const monitor = erlang.monitor("process", task.pid);
  return async (ms) => {
    const message = await erlang.receive(
      (one) => isReply(one, task.ref) || isDown(one, task.ref) || isDown(one, monitor),
      { after: ms },
    );
    if (message === TIMEOUT) return undefined;
    for (const ref of [monitor, task.ref]) erlang.demonitor(ref, ["flush"]);
    if (isReply(message, task.ref)) return [OK, (message as [Ref, T])[1]];
    return [EXIT, (message as readonly unknown[])[4]];
  };
}

/** Stops waiting for a task: its later messages are dropped, and its end does not affect the caller. */
export async function ignored<T>(task: Task<T>): Promise<Outcome<T> | undefined> {
  const outcome = await outcomeOf(task, 0, "ignore");
  if (task.outcome === undefined) {
    erlang.unlink(task.pid);
    erlang.demonitor(task.ref, ["flush"]);
  }
  return outcome;
}

async function inTime<T>(outcome: Promise<Outcome<T>>, ms: number): Promise<Outcome<T> | undefined> {
  if (ms === Infinity) return outcome;
  let timer: Pid | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = erlang.spawn(async () => {
      await erlang.receive(() => false, { after: ms });
      resolve(undefined);
    });
  });
  try {
    // An existing outcome takes precedence over a time-out of 0.
    return await Promise.race([outcome, late]);
  } finally {
    erlang.exit(timer as Pid, KILL);
  }
}

function isReply(message: unknown, ref: Ref): boolean {
  return Array.isArray(message) && message.length === 2 && message[0] === ref;
}

function check(task: unknown, what: string): void {
  if (!(task instanceof Task)) {
    throw new ErlangError(BADARG, `Cannot ${what}: a task is needed, got ${describe(task)}`);
  }
  const self = erlang.is_process() ? erlang.self() : undefined;
  if (task.owner === self) return;
  const owner = task.owner === undefined ? "code outside all processes" : String(task.owner);
  throw new ErlangError(
    BADARG,
    `Cannot ${what} the task ${task.pid}: only its owner can, which is ${owner}, not ${self ?? "code outside all processes"}`,
  );
}
