/**
 * The optional last element of a callback's result (`ext` in `callbacks.ts`): continue with a term, or a time-out if no
 * message arrives.
 */
import { CONTINUE, HIBERNATE, INFINITY } from "../term/atoms.ts";
import { capture, type Carried, carrying } from "../process/carriers.ts";
import type { Process } from "../process/process.ts";
import { Deadline } from "../process/deadline.ts";

/** Whether a value is such an element. */
export function isExt(ext: unknown): boolean {
  if (typeof ext === "number") return ext >= 0;
  return ext === INFINITY || ext === HIBERNATE || (Array.isArray(ext) && ext.length === 2 && ext[0] === CONTINUE);
}

/** `[CONTINUE, term]`: continue with this term. */
export class Continuation {
  readonly term: unknown;
  /** The context of the message that it continues. */
  readonly carried: Carried | undefined = carrying ? capture() : undefined;
  constructor(term: unknown) {
    this.term = term;
  }
}

/** A number: time out if no message arrives within this many ms. */
export class Idle {
  /** The length of the time-out. */
  readonly ms: number;
  readonly deadline: Deadline;
  /** The time is over: handle_info(timeout) is due unless there is a message. */
  over: boolean;

  constructor(server: Process, ms: number) {
    this.ms = ms;
    this.over = ms === 0;
    this.deadline = new Deadline(() => {
      this.over = true;
      if (server.listening) server.wake();
    });
  }
}
