/**
 * The process behind an `async_stream`: it starts a task per item, watches the tasks, and stops them all when it ends.
 *
 * It is linked to the process that reads the stream, so that neither outlives the other.
 */
import { EXIT, KILL, NORMAL, OK, SHUTDOWN, TIMEOUT, TRAP_EXIT } from "../term/atoms.ts";
import { ensure } from "../term/atom.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import { isDown } from "../process/monitor.ts";
import * as erlang from "../erlang.ts";
import * as proc_lib from "../proc_lib.ts";
import { type Begin, held, newContext, release } from "./run.ts";
import type { Outcome, TaskContext } from "./task.ts";

const RUN = ensure("run");
const EXPIRED = ensure("expired");
const DISMISS = ensure("dismiss");

/** One item's work, and the receiver of its outcome. `expired`: its time was over. */
interface Job {
  readonly work: (context: TaskContext) => unknown;
  readonly done: (outcome: Outcome<unknown>, expired: boolean) => void;
}

export interface CrewOptions {
  /** How a task is started; undefined for tasks that are linked to the crew. */
  readonly begin: Begin | undefined;
  /** Time limit of one task in ms. */
  readonly timeout: number;
  /** Called when the crew ends, because it was dismissed or the reading process is dead. */
  readonly ended: () => void;
}

/** A running crew. */
export interface Crew {
  run(job: Job): void;
  /** Stops all running tasks; resolves when none is left. */
  dismiss(): Promise<void>;
  /** Stops all running tasks, and ends the reading process with this reason, if it is linked. */
  fail(reason: unknown): void;
}

interface Running {
  readonly pid: Pid;
  readonly job: Job;
  readonly timer: Ref | undefined;
  readonly result: { outcome: Outcome<unknown> | undefined };
  expired: boolean;
}

/** Starts a crew, linked to the calling process if there is one. */
export function newCrew(options: CrewOptions): Crew {
  let gone: () => void;
  const ended = new Promise<void>((resolve) => (gone = resolve));
  const parent = erlang.is_process() ? erlang.self() : undefined;
  const body = (): Promise<void> => work(options, parent, gone);
  const pid = parent === undefined ? erlang.spawn(body) : erlang.spawn_link(body);
  return {
    run: (job) => void erlang.send(pid, [RUN, job]),
    async dismiss() {
      if (parent !== undefined) erlang.unlink(pid);
      erlang.send(pid, [DISMISS, SHUTDOWN]);
      await ended;
    },
    fail: (reason) => void erlang.send(pid, [DISMISS, reason]),
  };
}

async function work(options: CrewOptions, parent: Pid | undefined, gone: () => void): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const running = new Map<Ref, Running>();
  for (;;) {
    const message = (await erlang.receive()) as readonly [unknown, ...unknown[]];
    const [tag, first, second] = message;
    if (tag === RUN) await start(first as Job, options, running);
    else if (tag === EXPIRED) expire(running.get(first as Ref));
    else if (tag === DISMISS || (tag === EXIT && first === parent)) {
      options.ended();
      await endAll(running);
      gone();
      const reason = tag === DISMISS ? first : second;
      if (reason === SHUTDOWN || reason === NORMAL) return;
      erlang.exit(reason);
    } else if (isDown(message, first as Ref)) {
      const one = running.get(first as Ref);
      running.delete(first as Ref);
      if (one !== undefined) finish(one, message[4]);
    }
  }
}

async function start(job: Job, { begin, timeout }: CrewOptions, running: Map<Ref, Running>): Promise<void> {
  const result: Running["result"] = { outcome: undefined };
  const body = async (): Promise<void> => {
    result.outcome = [OK, await job.work(newContext())];
  };
  let pid: Pid;
  try {
    pid = begin === undefined ? proc_lib.spawn_link(body) : await begin(held(body));
  } catch (error) {
    job.done([EXIT, (error as { reason?: unknown } | undefined)?.reason ?? error], false);
    return;
  }
  const ref = erlang.monitor("process", pid);
  if (begin !== undefined) release(pid);
  const timer = timeout === Infinity ? undefined : erlang.send_after(timeout, erlang.self(), [EXPIRED, ref]);
  running.set(ref, { pid, job, timer, result, expired: false });
}

function expire(one: Running | undefined): void {
  if (one === undefined || one.result.outcome !== undefined) return;
  one.expired = true;
  end(one.pid);
}

// With `shutdown` the task's supervisor knows that it ends on purpose. A task that traps exits could ignore it, so it
// is killed.
function end(pid: Pid): void {
  erlang.exit(pid, erlang.process_info(pid, "trap_exit") === true ? KILL : SHUTDOWN);
}

function finish({ job, timer, result, expired }: Running, reason: unknown): void {
  if (timer !== undefined) erlang.cancel_timer(timer);
  job.done(result.outcome ?? [EXIT, expired ? TIMEOUT : reason], expired);
}

async function endAll(running: Map<Ref, Running>): Promise<void> {
  for (const { pid, timer } of running.values()) {
    if (timer !== undefined) erlang.cancel_timer(timer);
    end(pid);
  }
  for (const ref of running.keys()) await erlang.receive((message) => isDown(message, ref));
  running.clear();
}
