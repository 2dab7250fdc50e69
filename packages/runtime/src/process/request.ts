/**
 * A request that waits for its answer: the reference in the caller's `from`, the message in the server's mailbox, the
 * caller's monitor on the server and its time-out, all in one object. It stands in two lists, through itself: of the server
 * (whoever dies fails what was asked of it) and of the caller (whoever dies waits for nothing any more).
 */
import type { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { GEN_CALL } from "../term/atoms.ts";
import type { Process } from "./process.ts";
import { type Coarse, leave } from "./timer.ts";

/** The caller and the tag of its request, as `handle_call` gets it: `gen_server.reply(from, value)` answers. */
export type From = readonly [caller: Pid | undefined, tag: unknown];

export abstract class Request extends Ref implements Coarse {
  readonly payload: unknown;
  readonly caller: Process | undefined;
  /** The process that is to answer; undefined once the request is settled. */
  callee: Process | undefined;
  previousIn: Request | undefined = undefined;
  nextIn: Request | undefined = undefined;
  previousOut: Request | undefined = undefined;
  nextOut: Request | undefined = undefined;
  slot = -1;
  rounds = 0;
  earlier: Coarse | undefined = undefined;
  later: Coarse | undefined = undefined;

  constructor(callee: Process, caller: Process | undefined, payload: unknown) {
    super();
    this.payload = payload;
    this.caller = caller;
    this.callee = callee;
    const first = callee.requests;
    this.nextIn = first;
    if (first !== undefined) first.previousIn = this;
    callee.requests = this;
    if (caller !== undefined) {
      const firstOut = caller.outgoing;
      this.nextOut = firstOut;
      if (firstOut !== undefined) firstOut.previousOut = this;
      caller.outgoing = this;
    }
  }

  override get alias(): boolean {
    return true;
  }

  get from(): From {
    return [this.caller?.pid, this];
  }

  /** The reply reached the caller. */
  protected abstract answered(value: unknown): void;

  /** The server died, or the time is over. */
  protected abstract failed(reason: unknown): void;

  /** Its time is over; undefined for a request without a time-out of its own. */
  abstract expire(): void;

  /** Lets go of a time-out that is not coarse. */
  protected unwait(): void {}

  /** Answers it. The first answer counts; a later one, or one to a caller that is gone, is dropped. */
  answer(value: unknown): void {
    if (this.settle()) this.answered(value);
  }

  fail(reason: unknown): void {
    if (this.settle()) this.failed(reason);
  }

  /** Ends it without telling the caller. True if it was still open. */
  settle(): boolean {
    const { callee, caller } = this;
    if (callee === undefined) return false;
    this.callee = undefined;
    if (this.slot >= 0) leave(this);
    else this.unwait();
    if (this.previousIn === undefined) callee.requests = this.nextIn;
    else this.previousIn.nextIn = this.nextIn;
    if (this.nextIn !== undefined) this.nextIn.previousIn = this.previousIn;
    if (caller !== undefined) {
      if (this.previousOut === undefined) caller.outgoing = this.nextOut;
      else this.previousOut.nextOut = this.nextOut;
      if (this.nextOut !== undefined) this.nextOut.previousOut = this.previousOut;
    }
    this.previousIn = undefined;
    this.nextIn = undefined;
    this.previousOut = undefined;
    this.nextOut = undefined;
    return true;
  }
}

/** A message as the process's code sees it: a request is `['$gen_call', from, payload]`. */
export function open(message: unknown): unknown {
  return message instanceof Request ? [GEN_CALL, message.from, message.payload] : message;
}
