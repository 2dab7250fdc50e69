/**
 * A request that waits for its answer: the reference in the caller's `from` and the message in the server's mailbox in one
 * object. While the answer may still come at once it is nothing more; when it has to wait, it makes a `PendingCall`:
 * the monitor on the server, the caller's end of it, and the time-out.
 *
 * Calls, calls of the behaviour itself, requests whose answer is a message, and waiting for a death are one class with
 * different handlers: where classes share a constructor through inheritance, V8 compiles it for none of them.
 */
import { GEN_CALL } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { Pid } from "../term/pid.ts";
import { nextId } from "../term/ref.ts";
import { settleLayout } from "../term/shape.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import type { Entry } from "../process/mailbox.ts";
import type { Process } from "../process/process.ts";
import { ReplyRef } from "../process/reply_ref.ts";
import { tracer } from "../process/tracer.ts";
import type { PendingReply } from "./reply_promise.ts";
import { PendingCall, type Waits } from "./pending_call.ts";

/** The caller and the tag of its request, as `handle_call` gets it: `gen_server.reply(from, value)` answers. */
export type From = readonly [caller: Pid | undefined, tag: unknown];

/** OTP's default time-out of a call, in ms. */
export const DEFAULT_TIMEOUT = 5_000;

/** What a request is made for. */
export interface ReplyHandlers {
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

export class Request extends ReplyRef implements Entry, PendingReply, Waits {
  readonly id: number;
  next: Entry | undefined;
  readonly handlers: ReplyHandlers;
  readonly callee: Process;
  readonly caller: Process | undefined;
  /** The callee as the caller named it: a pid, a name, `[name, node]`. */
  readonly server: unknown;
  readonly payload: unknown;
  /** As the caller gave it; undefined if it did not. */
  readonly timeout: Timeout | undefined;
  /** `open`: neither answered nor failed nor given up. */
  state: PendingReply["state"];
  pendingCall: PendingCall | undefined;
  value: unknown;
  resolve: ((value: never) => void) | undefined;
  late: boolean;

  constructor(
    handlers: ReplyHandlers,
    callee: Process,
    caller: Process | undefined,
    server: unknown,
    payload: unknown,
    timeout: Timeout | undefined,
  ) {
    super();
    this.id = nextId();
    this.next = undefined;
    this.handlers = handlers;
    this.callee = callee;
    this.caller = caller;
    this.server = server;
    this.payload = payload;
    this.timeout = timeout;
    this.state = "open";
    this.pendingCall = undefined;
    this.value = undefined;
    this.resolve = undefined;
    this.late = false;
  }

  override get alias(): boolean {
    return true;
  }

  /** As code that receives it by hand sees it. */
  get term(): unknown {
    return [GEN_CALL, this.from, this.payload];
  }

  get from(): From {
    return [this.caller?.pid, this];
  }

  /** From now on it waits: fails when the server dies (or has died since it was sent), expires after `ms`. */
  keep(ms: number): void {
    if (this.state !== "open") return;
    if (this.caller?.alive === false) this.abandon();
    else if (this.callee.alive) this.pendingCall = new PendingCall(this).begin(ms);
    else this.fail(this.callee.reason);
  }

  keepWaiting(): void {
    this.keep(this.timeout === undefined ? DEFAULT_TIMEOUT : milliseconds(this.timeout, "call a server"));
  }

  /** Answers it. The first answer counts; a later one, or one to a caller that is gone, is dropped. */
  answer(value: unknown): void {
    if (!end(this, "answered")) return;
    tracer?.replied(this, value);
    this.handlers.answered(this, value);
  }

  fail(reason: unknown): void {
    if (!end(this, "failed")) return;
    tracer?.failed(this, reason);
    this.handlers.failed(this, reason);
  }

  expire(): void {
    this.handlers.expired(this);
  }

  /** Ends it without telling the caller. */
  abandon(): void {
    end(this, "failed");
  }
}

function end(request: Request, state: "answered" | "failed"): boolean {
  if (request.state !== "open") return false;
  request.state = state;
  if (request.pendingCall !== undefined) {
    request.pendingCall.end();
    request.pendingCall = undefined;
  }
  return true;
}

/** The requests to a process that wait for its answer, newest first. */
export function openRequests(process: Process): Request[] {
  const found: Request[] = [];
  for (let waiting = process.incoming; waiting !== undefined; waiting = waiting.nextIn) {
    if (waiting instanceof PendingCall && waiting.asked instanceof Request) found.push(waiting.asked);
  }
  return found;
}

/** What a call waits for. */
export function answerTo(payload: unknown): string {
  return `the answer of % to ${describe(payload)}`;
}

settleLayout(() => new Request(undefined as never, undefined as never, undefined, undefined, undefined, undefined));
