/**
 * What a callback's result may ask for beside the next message (`callbacks.ts` calls it ext): to go on with a term, or to be
 * told if no message comes in time.
 */
import { CONTINUE, HIBERNATE, INFINITY } from "../term/atoms.ts";
import { capture, type Carried, carrying } from "../process/carriers.ts";
import type { Process } from "../process/process.ts";
import { Deadline } from "../process/deadline.ts";

/** Whether this is one. */
export function isExt(ext: unknown): boolean {
  if (typeof ext === "number") return ext >= 0;
  return ext === INFINITY || ext === HIBERNATE || (Array.isArray(ext) && ext.length === 2 && ext[0] === CONTINUE);
}

/** `[CONTINUE, term]`: to go on with this term. */
export class Continuation {
  readonly term: unknown;
  /** The context of the message that it continues. */
  readonly carried: Carried | undefined = carrying ? capture() : undefined;
  constructor(term: unknown) {
    this.term = term;
  }
}

/** A number: to be told if no message comes within so many ms. */
export class Idle {
  /** How long the wait is. */
  readonly ms: number;
  readonly deadline: Deadline;
  /** It is over: handle_info(timeout) is due unless a message is there. */
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
