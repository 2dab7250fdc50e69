/**
 * Bounded mailboxes. A process with a limit gets its own way of accepting messages; other processes are not affected.
 *
 * Messages over the limit are refused at their sender, so that an excessive caller is informed and the server goes on
 * at its own pace. Requests of `sys` and of supervisors are always accepted.
 */
import { quoted } from "../term/name.ts";
import { BADARG, OVERLOAD } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import { outside } from "../process/context.ts";
import type { Entry } from "../process/mailbox.ts";
import { Cast } from "../call/cast.ts";
import type { Process } from "../process/process.ts";
import { nameOf } from "../process/registry.ts";
import { report } from "../process/report.ts";
import { Request } from "../call/request.ts";
import { exhausted, nextTurn, reduce } from "../process/scheduler.ts";
import { abandon, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";
import { whenDead } from "./ended.ts";

/** The limit of a mailbox, and the treatment of messages over it. */
export interface MailboxLimit {
  /** How many messages may wait, an integer ≥ 1. */
  readonly max_len: number;
  /** Calls: `reject` makes them fail with reason `overload` (default); or `accept`. */
  readonly call?: "reject" | "accept" | undefined;
  /** Casts: `drop` (default), or `accept`. */
  readonly cast?: "drop" | "accept" | undefined;
  /** Other messages, among them those of links, monitors and timers: `accept` (default), or `drop`. */
  readonly info?: "accept" | "drop" | undefined;
}

/** At most one report in this many ms. */
const REPORT_EVERY = 1_000;

/** Refuses a value that is not a limit. @throws ErlangError `badarg` */
export function checkLimit(given: unknown, what: string): asserts given is MailboxLimit {
  const refuse = (why: string) => new ErlangError(BADARG, `Cannot ${what}: ${why}`);
  checkOptions(given, ["max_len", "call", "cast", "info"], `${what} with a mailbox of this kind`);
  const { max_len, call, cast, info } = given as Partial<Record<keyof MailboxLimit, unknown>>;
  if (!Number.isInteger(max_len) || (max_len as number) < 1)
    throw refuse(`mailbox.max_len must be a whole number ≥ 1, got ${describe(max_len)}`);
  const word = (name: string, value: unknown, other: string) => {
    if (value !== undefined && value !== "accept" && value !== other)
      throw refuse(`mailbox.${name} must be "${other}" or "accept", got ${describe(value)}`);
  };
  word("call", call, "reject");
  word("cast", cast, "drop");
  word("info", info, "drop");
}

/** Sets the limit of a process's mailbox. */
export function bound(process: Process, { max_len, call, cast, info }: MailboxLimit): void {
  const plain = process.enqueue.bind(process);
  const overflow = new Overflow(process, max_len);
  // A number for each entry, in order: the number of waiting entries is the difference between the last and the first.
  const numbers = new WeakMap<Entry, number>();
  let last = 0;
  const isFull = () => process.head !== undefined && last - (numbers.get(process.head) ?? last) + 1 >= max_len;

  process.enqueue = (entry) => {
    if (process.alive && isFull()) {
      if (entry instanceof Request) {
        if (!entry.handlers.system && call !== "accept") {
          overflow.calls++;
          overflow.refused();
          reject(entry);
          return;
        }
      } else if (entry instanceof Cast) {
        if (cast !== "accept") {
          overflow.casts++;
          overflow.refused();
          return;
        }
      } else if (info === "drop") {
        overflow.messages++;
        overflow.refused();
        return;
      }
    }
    numbers.set(entry, ++last);
    plain(entry);
  };
}

// An endless loop of retries must still let the event loop run, because the server may be waiting for it.
function reject(request: Request): void {
  if (reduce() && !exhausted()) request.fail(OVERLOAD);
  else void nextTurn().then(() => outside(() => request.fail(OVERLOAD)));
}

/** Counts refusals, and reports them at once, then once a second while they go on. */
class Overflow {
  calls = 0;
  casts = 0;
  messages = 0;
  private readonly process: Process;
  private readonly max: number;
  private pending: Deadline | undefined = undefined;
  private watched = false;

  constructor(process: Process, max: number) {
    this.process = process;
    this.max = max;
  }

  refused(): void {
    if (this.pending !== undefined) return;
    this.report();
    this.pending = new Deadline(() => {
      this.pending = undefined;
      if (this.calls + this.casts + this.messages > 0) this.refused();
    }, true);
    wait(this.pending, REPORT_EVERY);
    // Refusals since the last report are reported when the process is dead.
    if (!this.watched) whenDead(this.process, undefined, () => this.end());
    this.watched = true;
  }

  private end(): void {
    if (this.pending !== undefined) abandon(this.pending);
    this.report();
  }

  private report(): void {
    const { process, max, calls, casts, messages } = this;
    if (calls + casts + messages === 0) return;
    this.calls = 0;
    this.casts = 0;
    this.messages = 0;
    const name = nameOf(process);
    report(
      "warning",
      "mailbox_full",
      () => ({ pid: process.pid, name, max_len: max, calls, casts, messages }),
      () =>
        `The mailbox of ${name === undefined ? "" : `${quoted(name)} `}${process.pid} is full, its limit is ${max}. Calls rejected: ${calls}; casts dropped: ${casts}; other messages dropped: ${messages}`,
    );
  }
}
