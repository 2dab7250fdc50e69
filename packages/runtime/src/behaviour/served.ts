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
import { isThenable, onceSettled } from "../term/thenable.ts";
import { enter, leave } from "../process/context.ts";
import { type Entry, Envelope } from "../process/mailbox.ts";
import type { Process } from "../process/process.ts";
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
 * process.
 */
export function whenSettled(
  process: Served,
  callback: string,
  promise: PromiseLike<unknown>,
  done: (result: unknown) => void,
  failed: (error: unknown) => void,
): void {
  process.listening = false;
  process.busy = callback;
  process.since = stamped();
  // The next caller will have to wait, until a callback returns synchronously again.
  process.prompt = false;
  void onceSettled(
    promise,
    (result) => resume(process, result, done, failed),
    (error: unknown) => resume(process, error, failed, failed),
  );
}

// Goes on after an asynchronous callback. The process may have died meanwhile.
function resume(process: Served, value: unknown, go: (value: unknown) => void, failed: (error: unknown) => void): void {
  if (!process.alive) {
    leave(process);
    return;
  }
  const before = enter(process);
  process.listening = true;
  process.busy = undefined;
  try {
    go(value);
  } catch (error) {
    // A result that throws on inspection.
    failed(error);
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
        process.busy = "terminate";
        process.since = stamped();
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
