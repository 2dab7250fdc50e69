/** Starting a behaviour's process: arguments are checked first, then it is started, registered, and waited for. */
import { ALREADY_STARTED, BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import type { Pid } from "../term/pid.ts";
import type { Via } from "../term/protocol.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { acting } from "../process/context.ts";
import { refused } from "../process/refusal.ts";
import { monitor } from "../process/monitor.ts";
import type { Ancestry, Process } from "../process/process.ts";
import { awaitReply, drainFor } from "../call/reply_promise.ts";
import { find, checkName, register } from "../process/registry.ts";
import type { Name } from "../term/name.ts";
import { isVia, whereisVia } from "../process/via.ts";
import { ancestry, startProcess } from "../process/spawn.ts";
import { bound, checkLimit, type MailboxLimit } from "./bounded.ts";
import type { Served } from "./served.ts";
import { checkDebug, type DebugOption, startDebug } from "./debug.ts";
import { type Started, Starter, startError } from "./init_ack.ts";

/** Options of a start. */
export interface StartOptions {
  /** Registers the server under this name, before init runs. */
  readonly name?: Name | Via | undefined;
  /** How long init may take, in ms; then the server is killed and the start fails with `timeout`. Default: for ever. */
  readonly timeout?: Timeout | undefined;
  /** How many messages may wait, and what happens to others. By default a mailbox has no limit. */
  readonly mailbox?: MailboxLimit | undefined;
  /** Debug options of `sys` that are on from the start. */
  readonly debug?: readonly DebugOption[] | undefined;
  /** Accepted without effect: Node has no hibernation. */
  readonly hibernate_after?: Timeout | undefined;
  /** Accepted without effect: these are options of the BEAM's scheduler and heap. */
  readonly spawn_opt?: readonly unknown[] | undefined;
}

/** No options. */
export const NONE: StartOptions = {};

const OPTIONS = ["name", "timeout", "mailbox", "debug", "hibernate_after", "spawn_opt"];

/** How a process is tied to its starter. */
export type Tie = "start" | "start_link" | "start_monitor";

/**
 * Starts the process that `make` makes, and resolves with the result for its starter.
 *
 * @param as `behaviour` is OTP's name, for errors of a failed start; `kind` is for errors in the arguments
 */
export function launch(
  as: { readonly behaviour: string; readonly kind: string },
  make: (parent: Pid | undefined, ancestors: Ancestry) => Started & Served,
  options: StartOptions,
  tie: Tie,
): Promise<unknown> {
  const caller = acting();
  const { behaviour, kind } = as;
  const tied = tie !== "start";
  if (caller === undefined ? tied : !caller.alive)
    return refused(noCaller(`${behaviour}.${tied ? tie : "start_monitor"}`, caller !== undefined));
  // All checks come before the start.
  let ms = Infinity;
  let name: Name | Via | undefined;
  let timeout: Timeout | undefined;
  let mailbox: MailboxLimit | undefined;
  let debug: readonly DebugOption[] | undefined;
  try {
    if (options !== NONE) {
      checkOptions(options, OPTIONS, `start a ${behaviour}`);
      ({ name, timeout, mailbox, debug } = options);
      if (debug !== undefined) checkDebug(debug, `start a ${kind}`);
      if (mailbox !== undefined) checkLimit(mailbox, `start a ${kind}`);
    }
    if (timeout !== undefined) ms = milliseconds(timeout, `start a ${kind}`);
    if (name !== undefined && !isVia(name))
      checkName(name, (why) => new ErlangError(BADARG, `Cannot start a ${kind} as ${describe(name)}: ${why}`));
  } catch (error) {
    return refused(error);
  }
  let holder: Process | undefined;
  try {
    holder = name === undefined ? undefined : isVia(name) ? whereisVia(name) : find(name);
  } catch (error) {
    return refused(error);
  }
  if (holder !== undefined) return refused(startError({ behaviour, name }, [ALREADY_STARTED, holder.pid]));
  const process = make(tied ? caller?.pid : undefined, ancestry(caller));
  if (mailbox !== undefined) bound(process, mailbox);
  if (debug !== undefined) startDebug(process, debug);
  const starter = new Starter(caller, name);
  const { prompt } = process.dispatcher;
  const drain = drainFor(starter, prompt);
  startProcess(process, caller, tie === "start_link");
  if (name !== undefined && !isVia(name)) register(name, process.pid);
  if (tie === "start_monitor" && caller !== undefined) starter.monitor = monitor(caller, process.pid);
  process.starter = starter;
  if (timeout !== undefined) starter.limit(process, ms);
  return drain ?? awaitReply(starter, prompt);
}

function noCaller(what: string, dead: boolean): ErlangError {
  return new ErlangError(
    BADARG,
    dead
      ? `Cannot do ${what}: the process this code belongs to is dead`
      : `Cannot do ${what} here: it ties the new process to the calling one, and this code runs in none. Use start, or start it under a supervisor`,
  );
}
