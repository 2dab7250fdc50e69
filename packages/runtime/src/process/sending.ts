/** Messages, and the timers that send them. */
import { BADARG, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isA, isTuple, tagOf } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { strange } from "../term/strange.ts";
import { elsewhere } from "./elsewhere.ts";
import { capture, type Carried, carrying, within } from "./carriers.ts";
import { acting } from "./context.ts";
import { owner } from "./monitor.ts";
import { type Process, processOf } from "./process.ts";
import { find, isHere } from "./registry.ts";
import { isName, type Name, textOf } from "../term/name.ts";
import { ReplyRef } from "./reply_ref.ts";
import { abandon, left, wait } from "./timer.ts";
import { Deadline } from "./deadline.ts";

/** Where a message can go: a pid, a registered name, an alias, or a name on a node. */
export type Destination = Pid | Name | Ref | readonly [name: Name, node: Name];

/** Delivers a message. Never fails for a pid; a name that no process has is `badarg`. */
export function send<M>(to: Destination, message: M): M {
  if (acting()?.alive === false) return message;
  if (to instanceof Pid) {
    const process = processOf(to);
    if (process !== undefined) deliver(process, message);
  } else if (to instanceof Ref) {
    sendToAlias(to, message);
  } else if (isName(to)) {
    const process = find(to);
    if (process === undefined)
      throw new ErlangError(BADARG, `Cannot send to ${describe(to)}: no process has this name${elsewhere(textOf(to))}`);
    deliver(process, message);
  } else if (isTuple(to) && to.length === 2 && isName(to[0]) && isName(to[1])) {
    const process = isHere(to[1]) ? find(to[0]) : undefined;
    if (process !== undefined) deliver(process, message);
  } else {
    throw new ErlangError(
      BADARG,
      `Cannot send to ${describe(to)}: a destination is a pid, a name, an alias or [name, node]${strange(to)}`,
    );
  }
  return message;
}

// A reply sent as a message, `[tag, value]` to the caller of an open request, answers it: there is no mailbox to look
// into.
function deliver(process: Process, message: unknown): void {
  const tag = tagOf(message, 2);
  if (isA(tag, ReplyRef) && tag.caller === process) {
    tag.answer((message as readonly unknown[])[1]);
    return;
  }
  process.accept(message);
}

function sendToAlias(to: Ref, message: unknown): void {
  if (to instanceof ReplyRef) {
    if (tagOf(message, 2) === to) to.answer((message as readonly unknown[])[1]);
    return;
  }
  owner(to)?.accept(message);
}

/** Options of a timer. */
export interface TimerOptions {
  /** `false`: the timer does not keep Node alive. Default `true`. */
  readonly ref?: boolean | undefined;
}

/** A running timer and its action. */
class TimerRef extends Ref {
  readonly id = ++Ref.made;
  readonly to: Pid | Name;
  readonly deadline: Deadline;
  /** The contexts captured when it was started. */
  readonly carried: Carried | undefined;

  constructor(to: Pid | Name, message: unknown, wrapped: boolean, background: boolean) {
    super();
    this.to = to;
    this.carried = carrying ? capture() : undefined;
    // Only the deadline holds the message: a kept reference does not retain it once the timer is over.
    this.deadline = new Deadline(() => this.#fire(message, wrapped), background);
    const { target } = this;
    if (to instanceof Pid && target !== undefined) (target.more.timers ??= new Set()).add(this.deadline);
  }

  /** The process that gets the message; a name is resolved when this is read. */
  get target(): Process | undefined {
    return this.to instanceof Pid ? processOf(this.to) : find(this.to);
  }

  forget(): void {
    if (this.to instanceof Pid) this.target?.extra?.timers?.delete(this.deadline);
  }

  #fire(message: unknown, wrapped: boolean): void {
    this.forget();
    abandon(this.deadline);
    within(this.carried, () => this.target?.accept(wrapped ? [TIMEOUT, this, message] : message));
  }
}

export function startTimer(
  ms: number,
  to: Destination,
  message: unknown,
  wrapped: boolean,
  options: TimerOptions,
): Ref {
  if (typeof ms !== "number" || !(ms >= 0) || ms === Infinity) {
    throw new ErlangError(
      BADARG,
      `Cannot start a timer: the time must be a number of milliseconds ≥ 0, got ${describe(ms)}`,
    );
  }
  if (!(to instanceof Pid || isName(to))) {
    throw new ErlangError(
      BADARG,
      `Cannot start a timer: the destination must be a pid or a name, got ${describe(to)}${strange(to)}`,
    );
  }
  const timer = new TimerRef(to, message, wrapped, options.ref === false);
  // A dead process gets nothing, sends nothing and retains nothing.
  if (acting()?.alive !== false && (!(to instanceof Pid) || processOf(to) !== undefined)) wait(timer.deadline, ms);
  else {
    timer.forget();
    abandon(timer.deadline);
  }
  return timer;
}

/** Stops a timer. Returns the milliseconds that were left, or `false` if it has fired or was stopped. @throws ErlangError with reason `badarg` if it is not a reference */
export function cancelTimer(ref: Ref): number | false {
  const remaining = readTimer(ref);
  if (remaining !== false) {
    const timer = ref as TimerRef;
    timer.forget();
    abandon(timer.deadline);
  }
  return remaining;
}

/** The milliseconds left of a timer, or `false`. @throws ErlangError with reason `badarg` if it is not a reference */
export function readTimer(ref: Ref): number | false {
  if (!(ref instanceof TimerRef)) {
    if (ref instanceof Ref) return false;
    throw new ErlangError(
      BADARG,
      `Cannot look at a timer: it must be what send_after or start_timer returned, got ${describe(ref)}${strange(ref)}`,
    );
  }
  const remaining = left(ref.deadline);
  return remaining === undefined ? false : Math.ceil(remaining);
}
