/**
 * What a request waits with. It stands in two lists, through itself: of the server (whoever dies fails what was asked of it)
 * and of the caller (whoever dies waits for nothing any more); and, if its time is limited, among the deadlines.
 */
import type { Pid } from "../term/pid.ts";
import type { Process } from "../process/process.ts";
import type { Waiting } from "../process/waiting.ts";
import { settleLayout } from "../term/shape.ts";
import { cancel, COARSE_FROM, enter, leave, wait } from "../process/timer.ts";
import { stamped } from "../process/stamp.ts";
import { type Coarse, Deadline } from "../process/deadline.ts";

/** What waits: a request. */
export interface Waits {
  readonly callee: Process;
  readonly caller: Process | undefined;
  readonly payload: unknown;
  /** Where somebody waits for nothing but the answer: what that is. */
  readonly handlers: { readonly waited?: ((payload: unknown) => string) | undefined };
  fail(reason: unknown): void;
  abandon(): void;
  /** Its time is over. */
  expire(): void;
}

export class PendingCall implements Coarse, Waiting {
  /** What waits. */
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

  /** Enters all lists. */
  begin(ms: number): this {
    const { callee, caller } = this.asked;
    const first = callee.incoming;
    this.nextIn = first;
    if (first !== undefined) first.previousIn = this;
    callee.incoming = this;
    if (caller !== undefined) this.#waitFor(caller);
    if (ms >= COARSE_FROM && ms !== Infinity) enter(this, ms);
    else if (ms < COARSE_FROM) wait((this.#exact = new Deadline(() => this.expire())), ms);
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

  /** Leaves all lists. */
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

settleLayout(() => new PendingCall(undefined as never));
