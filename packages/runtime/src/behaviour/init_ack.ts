/**
 * The handshake of a start: the starter waits until the process reports that it is initialised, or has failed (OTP's
 * proc_lib).
 */
import { ALREADY_STARTED, EXIT, FAILED_TO_START_CHILD, IGNORE, KILL, SHUTDOWN, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { OtpError } from "../term/error.ts";
import { isError, isTuple, messageOf, read } from "../term/guarded.ts";
import { inWords, sentenceOf } from "../term/reason.ts";
import type { Ref } from "../term/ref.ts";
import { signal, unlink } from "../process/death.ts";
import { dropLink } from "../process/link.ts";
import { discard } from "../process/mailbox.ts";
import { demonitor } from "../process/monitor.ts";
import type { Process } from "../process/process.ts";
import { answer, type PendingReply, refuse } from "../call/reply_promise.ts";
import { type Name, quoted } from "../term/name.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";
import { isVia } from "../process/via.ts";
import type { Via } from "../term/protocol.ts";
import { settleLayout } from "../term/shape.ts";

export class Starter implements PendingReply {
  readonly caller: Process | undefined;
  /** Its intended name, for error messages. */
  readonly name: Name | Via | undefined;
  value: unknown = undefined;
  state: PendingReply["state"] = "open";
  resolve: ((value: unknown) => void) | undefined = undefined;
  late = false;
  /** The caller's monitor on the process (`start_monitor`). */
  monitor: Ref | undefined = undefined;
  #patience: Deadline | undefined = undefined;

  constructor(caller: Process | undefined, name: Name | Via | undefined) {
    this.caller = caller;
    this.name = name;
  }

  keepWaiting(): void {}

  /** How long init may take, in ms. */
  limit(process: Started, ms: number): void {
    if (ms === Infinity) return;
    this.#patience = new Deadline(() => giveUp(process));
    wait(this.#patience, ms);
  }

  /** The process is initialised: the start function returns `value`. */
  ack(value: unknown): void {
    if (this.#patience !== undefined) cancel(this.#patience);
    if (value === IGNORE) this.#forgetMonitor();
    answer(this, this.monitor === undefined || value === IGNORE ? value : [value, this.monitor]);
  }

  /**
   * Initialisation failed: the start function fails with `{error, reason}`; `said` is the reason in words, if known.
   */
  nack(behaviour: string, reason: unknown, said?: string): void {
    const { name } = this;
    if (this.#patience !== undefined) cancel(this.#patience);
    this.#forgetMonitor();
    refuse(this, () => startError({ behaviour, name }, reason, said));
  }

  /**
   * The process died before it reported anything. Its end is the result, so a caller that traps exits gets no 'EXIT' in
   * addition, just as OTP's proc_lib removes that from the mailbox.
   */
  lost(process: Started, reason: unknown): void {
    if (this.caller?.trapping === true) dropLink(this.caller, process.pid);
    this.nack(process.behaviour, reason);
  }

  // A caller that gets no pid gets no message about the process, neither now nor when its death is reported.
  #forgetMonitor(): void {
    if (this.monitor !== undefined && this.caller !== undefined) demonitor(this.caller, this.monitor, true);
  }
}

/** A process with a waiting starter, which is notified of the result once and then removed. */
export interface Started extends Process {
  starter: Starter | undefined;
  readonly behaviour: string;
}

// The time for init is over: the process is killed, and the caller gets no message about it.
function giveUp(process: Started): void {
  const { starter, pid } = process;
  if (starter === undefined) return;
  process.starter = undefined;
  const { caller } = starter;
  if (caller !== undefined) unlink(caller, pid);
  starter.nack(process.behaviour, TIMEOUT);
  signal(pid, caller?.pid ?? pid, KILL, false);
  if (caller !== undefined) {
    discard(caller, (message) => isTuple(message) && message[0] === EXIT && message[1] === pid);
  }
}

/** The started process, for error messages: its behaviour and its name, if it has one. */
export interface What {
  readonly behaviour: string;
  readonly name: Name | Via | undefined;
}

export function startError({ behaviour, name }: What, reason: unknown, said?: string): OtpError {
  const because = said ?? why(reason);
  let cause: Error | undefined;
  try {
    cause = causeOf(reason);
  } catch {
    // The reason throws on inspection.
  }
  const error = new OtpError(
    reason,
    `Cannot start ${behaviour}${name === undefined ? "" : ` ${isVia(name) ? describe(name.via[1]) : quoted(name)}`}: ${because}`,
  );
  if (cause !== undefined) error.cause = cause;
  return error;
}

// The error somewhere in the reason: a crash in init is [error, stack], below a supervisor [shutdown, [failed_to_start_child, id, [error, stack]]].
function causeOf(reason: unknown, depth = 0): Error | undefined {
  if (isError(reason)) return reason;
  if (depth === DEPTH || !isTuple(reason)) return undefined;
  const { length } = reason;
  return causeOf(reason[0], depth + 1) ?? (length > 1 ? causeOf(reason[length - 1], depth + 1) : undefined);
}

// No tree is deeper, and a reason may contain itself.
const DEPTH = 20;

function why(reason: unknown, depth = 0): string {
  const said = sentenceOf(reason);
  if (said !== undefined) return said;
  if (reason === TIMEOUT) return "init did not return in time (timeout); it was killed";
  if (isTuple(reason) && depth < DEPTH) {
    const [tag, second, third] = [0, 1, 2].map((index) => read(reason, index));
    if (isError(tag)) return messageOf(tag);
    if (tag === ALREADY_STARTED) return `it is already running as ${describe(second)} (already_started)`;
    if (tag === SHUTDOWN && isTuple(second)) return why(second, depth + 1);
    if (tag === FAILED_TO_START_CHILD) return `child ${describe(second)} failed to start: ${why(third, depth + 1)}`;
  }
  return inWords(reason);
}

settleLayout(Starter);
