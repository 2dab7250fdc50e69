/**
 * The waiting state of a request. It is a link of two lists: the server's (whose death fails the request) and the
 * caller's (whose death ends the wait). If its time is limited, it is also among the deadlines.
 */
import type { Pid } from "../term/pid.ts";
import type { Process } from "../process/process.ts";
import type { Waiting } from "../process/waiting.ts";
import { settleLayout } from "../term/shape.ts";
import { cancel, enter, isCoarse, leave, wait } from "../process/timer.ts";
import { stamped } from "../process/stamp.ts";
import { type Coarse, Deadline } from "../process/deadline.ts";

/** A request, as its waiting state sees it. */
export interface Waits {
  readonly callee: Process;
  readonly caller: Process | undefined;
  readonly payload: unknown;
  /** A description of the awaited reply, if code waits for nothing else. */
  readonly handlers: { readonly waited?: ((payload: unknown) => string) | undefined };
  fail(reason: unknown): void;
  abandon(): void;
  /** The time-out has expired. */
  expire(): void;
}

export class PendingCall implements Coarse, Waiting {
  /** The waiting request. */
  readonly asked: Waits;
  readonly since: number = stamped();
  previousIn: Waiting | undefined = undefined;
  nextIn: Waiting | undefined = undefined;
  previousOut: Waiting | undefined = undefined;
  nextOut: Waiting | undefined = undefined;
  slot = -1;
  rounds = 0;
  earlier: Coarse | undefined = undefined;
  later: Coarse | undefined = undefined;
  #exact: Deadline | undefined = undefined;

  constructor(asked: Waits) {
    this.asked = asked;
  }

  /** Adds it to all lists. */
  begin(ms: number): this {
    const { callee, caller } = this.asked;
    const first = callee.incoming;
    this.nextIn = first;
    if (first !== undefined) first.previousIn = this;
    callee.incoming = this;
    if (caller !== undefined) this.#waitFor(caller);
    if (isCoarse(ms)) enter(this, ms);
    else if (ms !== Infinity) wait((this.#exact = new Deadline(() => this.expire())), ms);
    return this;
  }

  get caller(): Pid | undefined {
    return this.asked.caller?.pid;
  }

  get server(): Pid {
    return this.asked.callee.pid;
  }

  get request(): unknown {
    return this.asked.payload;
  }

  get awaited(): boolean {
    return this.asked.handlers.waited !== undefined;
  }

  what(): string {
    return this.asked.handlers.waited?.(this.asked.payload) ?? "";
  }

  lost(reason: unknown): void {
    this.asked.fail(reason);
  }

  abandon(): void {
    this.asked.abandon();
  }

  expire(): void {
    this.asked.expire();
  }

  /** Removes it from all lists. */
  end(): void {
    const { callee, caller } = this.asked;
    if (this.slot >= 0) leave(this);
    else if (this.#exact !== undefined) cancel(this.#exact);
    if (this.previousIn === undefined) callee.incoming = this.nextIn;
    else this.previousIn.nextIn = this.nextIn;
    if (this.nextIn !== undefined) this.nextIn.previousIn = this.previousIn;
    if (caller === undefined) return;
    if (this.previousOut === undefined) caller.outgoing = this.nextOut;
    else this.previousOut.nextOut = this.nextOut;
    if (this.nextOut !== undefined) this.nextOut.previousOut = this.previousOut;
  }

  #waitFor(caller: Process): void {
    const first = caller.outgoing;
    this.nextOut = first;
    if (first !== undefined) first.previousOut = this;
    caller.outgoing = this;
  }
}

settleLayout(PendingCall);
