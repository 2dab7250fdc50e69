/**
 * What a request waits with. It stands in two lists, through itself: of the server (whoever dies fails what was asked of it)
 * and of the caller (whoever dies waits for nothing any more); and, if its time is limited, among the deadlines.
 */
import type { Process } from "./process.ts";
import type { Request } from "./request.ts";
import { stamped } from "./stamp.ts";
import { settle } from "../term/shape.ts";
import { cancel, type Coarse, COARSE_FROM, Deadline, enter, leave, wait } from "./timer.ts";

export class Vigil implements Coarse {
  readonly request: Request;
  /** When the wait began: `stamp.ts`. */
  readonly since: number = stamped();
  previousIn: Vigil | undefined = undefined;
  nextIn: Vigil | undefined = undefined;
  previousOut: Vigil | undefined = undefined;
  nextOut: Vigil | undefined = undefined;
  slot = -1;
  rounds = 0;
  earlier: Coarse | undefined = undefined;
  later: Coarse | undefined = undefined;
  #exact: Deadline | undefined = undefined;

  constructor(request: Request) {
    this.request = request;
  }

  /** Enters all lists. */
  begin(ms: number): this {
    const { request } = this;
    const { callee, caller } = request;
    const first = callee.vigils;
    this.nextIn = first;
    if (first !== undefined) first.previousIn = this;
    callee.vigils = this;
    if (caller !== undefined) this.#waitFor(caller);
    if (ms >= COARSE_FROM && ms !== Infinity) enter(this, ms);
    else if (ms < COARSE_FROM) wait((this.#exact = new Deadline(() => this.expire())), ms);
    return this;
  }

  expire(): void {
    const { request } = this;
    request.purpose.expired(request);
  }

  /** Leaves all lists. */
  end(): void {
    const { callee, caller } = this.request;
    if (this.slot >= 0) leave(this);
    else if (this.#exact !== undefined) cancel(this.#exact);
    if (this.previousIn === undefined) callee.vigils = this.nextIn;
    else this.previousIn.nextIn = this.nextIn;
    if (this.nextIn !== undefined) this.nextIn.previousIn = this.previousIn;
    if (caller === undefined) return;
    if (this.previousOut === undefined) caller.awaits = this.nextOut;
    else this.previousOut.nextOut = this.nextOut;
    if (this.nextOut !== undefined) this.nextOut.previousOut = this.previousOut;
  }

  #waitFor(caller: Process): void {
    const first = caller.awaits;
    this.nextOut = first;
    if (first !== undefined) first.previousOut = this;
    caller.awaits = this;
  }
}

settle(() => new Vigil(undefined as never));
