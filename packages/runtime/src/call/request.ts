/**
 * A request that waits for its reply: the reference in the caller's `from` and the message in the server's mailbox in
 * one object. While the reply may still come at once, nothing else is needed. When the request has to wait, it makes a
 * `PendingCall`: the monitor on the server, the caller's end of it, and the time-out.
 *
 * Calls, calls to the behaviour itself, requests whose reply is a message, and waits for a death are one class with
 * different handlers: V8 does not compile a constructor that many classes share through inheritance.
 */
import { GEN_CALL } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { settleLayout } from "../term/shape.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import type { Entry } from "../process/mailbox.ts";
import type { Process } from "../process/process.ts";
import { ReplyRef } from "../process/reply_ref.ts";
import { tracer } from "../process/tracer.ts";
import type { PendingReply } from "./reply_promise.ts";
import { PendingCall, type Waits } from "./pending_call.ts";

/** The caller and the tag of its request, as passed to `handle_call`: `gen_server.reply(from, value)` answers. */
export type From = readonly [caller: Pid | undefined, tag: unknown];

/** OTP's default time-out of a call, in ms. */
export const DEFAULT_TIMEOUT = 5_000;

/** The purpose of a request: what to do in each of its outcomes. */
export interface ReplyHandlers {
  /** The request is for the behaviour itself, not for its callback module (OTP's `{system, From, Msg}`). */
  readonly system: boolean;
  /**
   * A description of the awaited reply, with a `%` for the server, if code waits for nothing else. Reported if the
   * program ends meanwhile.
   */
  readonly waited?: ((payload: unknown) => string) | undefined;
  /** The reply has reached the caller. */
  answered(request: Request, value: unknown): void;
  /** The server died, or the request was made to fail. */
  failed(request: Request, reason: unknown): void;
  /** The time-out has expired. The request goes on waiting unless it is made to fail. */
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
  /** The caller's time-out; undefined if none was given. */
  readonly timeout: Timeout | undefined;
  /** `open`: neither answered nor failed nor given up. */
  state: PendingReply["state"];
  pendingCall: PendingCall | undefined;
  value: unknown;
  resolve: ((value: unknown) => void) | undefined;
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
    this.id = ++Ref.made;
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

  /** The message as seen by code that takes it with `receive`. */
  get term(): unknown {
    return [GEN_CALL, this.from, this.payload];
  }

  get from(): From {
    return [this.caller?.pid, this];
  }

  /** Starts waiting: the request fails when the server dies (or has died since it was sent), and expires after `ms`. */
  keep(ms: number): void {
    if (this.state !== "open") return;
    if (this.caller?.alive === false) this.abandon();
    else if (this.callee.alive) this.pendingCall = new PendingCall(this).begin(ms);
    else this.fail(this.callee.reason);
  }

  keepWaiting(): void {
    this.keep(this.timeout === undefined ? DEFAULT_TIMEOUT : milliseconds(this.timeout, "call a server"));
  }

  /** Answers the request. The first answer counts; a later one, or one to a dead caller, is dropped. */
  answer(value: unknown): void {
    if (this.state !== "open") return;
    this.state = "answered";
    if (this.pendingCall !== undefined) this.#endWait(this.pendingCall);
    tracer?.replied(this, value);
    this.handlers.answered(this, value);
  }

  fail(reason: unknown): void {
    if (this.state !== "open") return;
    this.abandon();
    tracer?.failed(this, reason);
    this.handlers.failed(this, reason);
  }

  expire(): void {
    this.handlers.expired(this);
  }

  /** Ends the request without notifying the caller. */
  abandon(): void {
    if (this.state !== "open") return;
    this.state = "failed";
    if (this.pendingCall !== undefined) this.#endWait(this.pendingCall);
  }

  #endWait(wait: PendingCall): void {
    wait.end();
    this.pendingCall = undefined;
  }
}

/** The requests that wait for a process's reply, newest first. */
export function openRequests(process: Process): Request[] {
  const found: Request[] = [];
  for (let waiting = process.incoming; waiting !== undefined; waiting = waiting.nextIn) {
    if (waiting instanceof PendingCall && waiting.asked instanceof Request) found.push(waiting.asked);
  }
  return found;
}

/** A description of the reply that a call waits for. */
export function answerTo(payload: unknown): string {
  return `the answer of % to ${describe(payload)}`;
}

settleLayout(Request);
