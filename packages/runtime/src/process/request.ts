/**
 * A request that waits for its answer: the reference in the caller's `from` and the message in the server's mailbox in one
 * object. While the answer may still come at once it is nothing more; when it has to wait, it keeps a vigil (`vigil.ts`):
 * the monitor on the server, the caller's end of it, and the time-out.
 */
import { GEN_CALL, GEN_CAST } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { Cast, type Entry, type Envelope } from "./mailbox.ts";
import type { Process } from "./process.ts";
import { Vigil } from "./vigil.ts";

/** The caller and the tag of its request, as `handle_call` gets it: `gen_server.reply(from, value)` answers. */
export type From = readonly [caller: Pid | undefined, tag: unknown];

export abstract class Request extends Ref implements Entry {
  next: Entry | undefined = undefined;
  readonly payload: unknown;
  readonly caller: Process | undefined;
  readonly callee: Process;
  /** `open`: neither answered nor failed nor given up. */
  state: "open" | "answered" | "failed" = "open";
  vigil: Vigil | undefined = undefined;

  constructor(callee: Process, caller: Process | undefined, payload: unknown) {
    super();
    this.payload = payload;
    this.caller = caller;
    this.callee = callee;
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

  /** Its time is over. */
  abstract expire(): void;

  /** From now on it waits: fails when the server dies (or has died since it was sent), expires after `ms`. */
  keep(ms: number): void {
    if (this.state !== "open") return;
    if (this.caller?.alive === false) this.settle();
    else if (this.callee.alive) this.vigil = new Vigil(this).begin(ms);
    else this.fail(this.callee.reason);
  }

  /** Answers it. The first answer counts; a later one, or one to a caller that is gone, is dropped. */
  answer(value: unknown): void {
    if (this.#settle("answered")) this.answered(value);
  }

  fail(reason: unknown): void {
    if (this.#settle("failed")) this.failed(reason);
  }

  /** Ends it without telling the caller. */
  settle(): void {
    this.#settle("failed");
  }

  #settle(state: "answered" | "failed"): boolean {
    if (this.state !== "open") return false;
    this.state = state;
    // The mailbox it may still stand in is nobody's any more: whoever keeps the request must not keep that.
    if (!this.callee.alive) this.next = undefined;
    if (this.vigil !== undefined) {
      this.vigil.end();
      this.vigil = undefined;
    }
    return true;
  }
}

/** A message as the process's code sees it: requests and casts are OTP's tuples. */
export function open(entry: Entry): unknown {
  if (entry instanceof Request) return [GEN_CALL, entry.from, entry.payload];
  const { message } = entry as Cast | Envelope;
  return entry instanceof Cast ? [GEN_CAST, message] : message;
}
