/**
 * What the loops of all behaviours share: names in reports, waiting for an asynchronous callback, suspension, the end
 * of the parent, their own end.
 */
import { quoted } from "../term/name.ts";
import { EXIT } from "../term/atoms.ts";
import { tagOf } from "../term/guarded.ts";
import { isThrown } from "../term/kinds.ts";
import type { Pid } from "../term/pid.ts";
import { reasonOf } from "../term/reason.ts";
import { settleLayout } from "../term/shape.ts";
import { isThenable, onceSettled } from "../term/thenable.ts";
import { enter, leave } from "../process/context.ts";
import { type Entry, Envelope } from "../process/mailbox.ts";
import type { Process, Work } from "../process/process.ts";
import { Request } from "../call/request.ts";
import { stamped } from "../process/stamp.ts";
import type { Status } from "./callbacks.ts";
import { nameIn } from "./module_name.ts";

/** The part of a callback module that `sys` and crash reports need. */
export interface Shown {
  /** The behaviour that the module itself implements, if any, for errors and reports. */
  readonly behaviour?: string;
  format_status?(status: Status): Status;
}

/** A process that runs a behaviour's loop. */
export interface Served extends Process {
  readonly module: Shown & object;
  readonly behaviour: string;
  /** The process that started it with a link: when that ends, it ends. */
  readonly parent: Pid | undefined;
  suspended: boolean;
  /** Whether it has debug options: `debug.ts`. */
  debugged: boolean;
  /** The result of `sys.get_state`. */
  readonly observed: unknown;
  /** Replaces that by the result of `fun` (`sys.replace_state`). */
  replace(fun: (observed: unknown) => unknown): void;
  /** The argument of `format_status`; with an exit reason, a more complete one. */
  status(reason?: { readonly reason: unknown }): Status;
  /** Whether the loop has something to do. */
  due(): boolean;
  /** Goes on with the result of an asynchronous callback. `about` is the one given to `whenSettled`. */
  settled(callback: string, about: unknown, result: unknown): void;
  /** Goes on after an asynchronous callback that failed. */
  failed(callback: string, about: unknown, error: unknown): void;
  /** Ends it, with its terminate callback. */
  stop(reason: unknown): void;
}

/** Name and pid in readable form. */
export function shownName({ name, pid }: Process): string {
  return name === undefined ? String(pid) : `${quoted(name)} ${pid}`;
}

/** The behaviour it was started as, and its module's name, if it has one. */
export function startedAs(behaviour: string, module: Shown & object): string {
  const name = nameIn(module);
  return name === undefined || module.behaviour !== undefined ? behaviour : `${behaviour} ${name}`;
}

/** Whether this is a request of `sys`. */
export function isSystem(entry: Entry): entry is Request {
  return entry instanceof Request && entry.handlers.system;
}

/** Whether a message is the exit of the parent. */
export function isParentExit(process: Served, message: unknown): message is readonly [unknown, Pid, unknown] {
  return (
    process.parent !== undefined && tagOf(message, 3) === EXIT && (message as readonly unknown[])[1] === process.parent
  );
}

/** Takes a message that a suspended process still handles: a request of `sys` or its parent's exit. */
export function takeSuspended(process: Served): Entry | undefined {
  let before;
  for (let entry = process.head; entry !== undefined; entry = entry.next) {
    if (isSystem(entry) || (entry instanceof Envelope && isParentExit(process, entry.message)))
      return process.take(before);
    before = entry;
  }
  return undefined;
}

/**
 * Waits for an asynchronous callback: the loop does not listen until the promise is settled, and then goes on as the
 * process, with `settled` or `failed`. `about` is passed to these.
 */
export function whenSettled(process: Served, callback: string, about: unknown, promise: PromiseLike<unknown>): void {
  process.listening = false;
  // The next caller will have to wait, until a callback returns synchronously again.
  process.prompt = false;
  const work = process.work instanceof Await ? process.work : awaitOf(process);
  process.work = work;
  work.running = callback;
  work.since = stamped();
  work.about = about;
  void onceSettled(promise, work.fulfilled, work.rejected);
}

/** The wait for an asynchronous callback. A process waits for one at a time, so it needs only one such object. */
class Await implements Work {
  running: string | undefined = undefined;
  since = 0;
  about: unknown = undefined;
  readonly fulfilled: (result: unknown) => void;
  readonly rejected: (error: unknown) => void;

  constructor(fulfilled: Await["fulfilled"], rejected: Await["rejected"]) {
    this.fulfilled = fulfilled;
    this.rejected = rejected;
  }
}

const nothing = (): void => {};
settleLayout(Await, nothing, nothing);

function awaitOf(process: Served): Await {
  const work: Await = new Await(
    (result) => resume(process, work, true, result),
    (error) => resume(process, work, false, error),
  );
  return work;
}

// Goes on after an asynchronous callback. The process may have died meanwhile.
function resume(process: Served, work: Await, fulfilled: boolean, value: unknown): void {
  const { about } = work;
  const callback = work.running as string;
  work.running = undefined;
  work.about = undefined;
  if (!process.alive) {
    leave(process);
    return;
  }
  const before = enter(process);
  process.listening = true;
  // Many processes start asynchronously and never wait again.
  if (callback === "init") process.work = undefined;
  try {
    if (fulfilled) process.settled(callback, about, value);
    else process.failed(callback, about, value);
  } catch (error) {
    // A result that throws on inspection.
    process.failed(callback, about, error);
  }
  enter(before);
  if (!process.alive || !process.listening) return;
  leave(process);
  if (process.due()) process.wake();
}

/** Ends a process: its terminate callback, then `end` with the reason. A failure of terminate becomes the reason. */
export function finish(
  process: Process,
  reason: unknown,
  terminate: (() => unknown) | undefined,
  end: (reason: unknown) => void,
): void {
  process.listening = false;
  const ended = (why: unknown) => {
    leave(process);
    end(why);
  };
  if (terminate !== undefined) {
    try {
      const result = terminate();
      if (isThenable(result)) {
        process.work = { running: "terminate", since: stamped() };
        void onceSettled(
          result,
          () => asSelf(process, () => end(reason)),
          (error: unknown) => asSelf(process, () => ended(endReason(error, reason))),
        );
        return;
      }
    } catch (error) {
      ended(endReason(error, reason));
      return;
    }
  }
  ended(reason);
}

function asSelf(process: Process, go: () => void): void {
  const before = enter(process);
  go();
  enter(before);
}

// A failure of terminate replaces the reason; a term thrown with erlang.throw does not.
function endReason(error: unknown, reason: unknown): unknown {
  return isThrown(error) ? reason : reasonOf(error);
}
