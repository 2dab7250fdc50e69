/**
 * A request that waits for its answer: the reference in the caller's `from` and the message in the server's mailbox in one
 * object. While the answer may still come at once it is nothing more; when it has to wait, it keeps a vigil (`vigil.ts`):
 * the monitor on the server, the caller's end of it, and the time-out.
 *
 * Calls, calls of the behaviour itself, requests whose answer is a message, and waiting for a death are one class with
 * different purposes: where classes share a constructor through inheritance, V8 compiles it for none of them.
 */
import { GEN_CALL, GEN_CAST } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import { nextId, Ref } from "../term/ref.ts";
import { settle } from "../term/shape.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { Cast, type Entry, type Envelope } from "./mailbox.ts";
import type { Process } from "./process.ts";
import type { Awaited } from "./promised.ts";
import { Vigil } from "./vigil.ts";

/** The caller and the tag of its request, as `handle_call` gets it: `gen_server.reply(from, value)` answers. */
export type From = readonly [caller: Pid | undefined, tag: unknown];

/** OTP's default time-out of a call, in ms. */
export const DEFAULT_TIMEOUT = 5_000;

/** What a request is made for. */
export interface Purpose {
  /** It is for the behaviour itself rather than for its callback module (OTP's `{system, From, Msg}`). */
  readonly system: boolean;
  /**
   * Where somebody waits for nothing but the answer: what that is, with a `%` for the server. Told if the program ends
   * meanwhile.
   */
  readonly waited?: ((payload: unknown) => string) | undefined;
  /** The answer reached the caller. */
  answered(request: Request, value: unknown): void;
  /** The server died, or the request was made to fail. */
  failed(request: Request, reason: unknown): void;
  /** Its time is over. It goes on waiting unless it is made to fail. */
  expired(request: Request): void;
}

export class Request extends Ref implements Entry, Awaited {
  readonly id: number;
  next: Entry | undefined;
  readonly purpose: Purpose;
  readonly callee: Process;
  readonly caller: Process | undefined;
  /** The callee as the caller named it: a pid, a name, `[name, node]`. */
  readonly server: unknown;
  readonly payload: unknown;
  /** As the caller gave it; undefined if it did not. */
  readonly timeout: Timeout | undefined;
  /** `open`: neither answered nor failed nor given up. */
  state: Awaited["state"];
  vigil: Vigil | undefined;
  value: unknown;
  resolve: ((value: never) => void) | undefined;
  late: boolean;

  constructor(
    purpose: Purpose,
    callee: Process,
    caller: Process | undefined,
    server: unknown,
    payload: unknown,
    timeout: Timeout | undefined,
  ) {
    super();
    this.id = nextId();
    this.next = undefined;
    this.purpose = purpose;
    this.callee = callee;
    this.caller = caller;
    this.server = server;
    this.payload = payload;
    this.timeout = timeout;
    this.state = "open";
    this.vigil = undefined;
    this.value = undefined;
    this.resolve = undefined;
    this.late = false;
  }

  override get alias(): boolean {
    return true;
  }

  get from(): From {
    return [this.caller?.pid, this];
  }

  /** From now on it waits: fails when the server dies (or has died since it was sent), expires after `ms`. */
  keep(ms: number): void {
    if (this.state !== "open") return;
    if (this.caller?.alive === false) this.settle();
    else if (this.callee.alive) this.vigil = new Vigil(this).begin(ms);
    else this.fail(this.callee.reason);
  }

  keepWaiting(): void {
    this.keep(this.timeout === undefined ? DEFAULT_TIMEOUT : milliseconds(this.timeout, "call a server"));
  }

  /** Answers it. The first answer counts; a later one, or one to a caller that is gone, is dropped. */
  answer(value: unknown): void {
    if (end(this, "answered")) this.purpose.answered(this, value);
  }

  fail(reason: unknown): void {
    if (end(this, "failed")) this.purpose.failed(this, reason);
  }

  /** Ends it without telling the caller. */
  settle(): void {
    end(this, "failed");
  }
}

function end(request: Request, state: "answered" | "failed"): boolean {
  if (request.state !== "open") return false;
  request.state = state;
  if (request.vigil !== undefined) {
    request.vigil.end();
    request.vigil = undefined;
  }
  return true;
}

/** A message as the process's code sees it: requests and casts are OTP's tuples. */
export function open(entry: Entry): unknown {
  if (entry instanceof Request) return [GEN_CALL, entry.from, entry.payload];
  const { message } = entry as Cast | Envelope;
  return entry instanceof Cast ? [GEN_CAST, message] : message;
}

settle(() => new Request(undefined as never, undefined as never, undefined, undefined, undefined, undefined));
