/**
 * How a process dies, and which processes are notified.
 *
 * First, and at once, it is no longer alive, its name is free and its pid refers to nothing. Then others are notified:
 * links first, then monitors, then callers that wait for a reply. Deaths that this causes are processed from a list,
 * one after the other, so that a chain of a hundred thousand links needs no stack.
 */
import { EXIT, NOPROC } from "../term/atoms.ts";
import { ErlangError } from "../term/error.ts";
import { type Pid, unhost } from "../term/pid.ts";
import { leave, outside } from "./context.ts";
import { ending } from "./ending.ts";
import { addLink, dropLink } from "./link.ts";
import { empty } from "./mailbox.ts";
import { forget, notifyMonitors } from "./monitor.ts";
import { type Process, processOf } from "./process.ts";
import { release } from "./registry.ts";
import { effectOf } from "./signal.ts";
import { removeProcess } from "./table.ts";
import { tracer } from "./tracer.ts";
import type { Waiting } from "./waiting.ts";

const waiting: { process: Process; reason: unknown }[] = [];
let telling = false;

/** Ends a process with this reason, unless it is dead. */
export function die(process: Process, reason: unknown): void {
  if (!process.alive) return;
  exitProcess(process, reason);
  if (telling) {
    waiting.push({ process, reason });
    return;
  }
  telling = true;
  notify(process, reason);
  if (waiting.length > 0) {
    // The array grows during the loop.
    for (const one of waiting) notify(one.process, one.reason);
    waiting.length = 0;
  }
  telling = false;
}

/** Delivers an exit signal. `linked`: it comes over a link, and is dropped if the link has been removed. */
export function signal(to: Pid, from: Pid, reason: unknown, linked: boolean): void {
  const process = processOf(to);
  if (process === undefined) return;
  if (linked) {
    if (!dropLink(process, from)) return;
    tracer?.happened(process, { what: "getting_unlinked", pid: from });
  }
  const effect = effectOf({ reason, linked, own: from === to }, process.trapping);
  if (effect.does === "message") process.accept([EXIT, from, reason]);
  else if (effect.does === "death") die(process, effect.reason);
}

/** Links two processes. */
export function link(process: Process, to: Pid): true {
  if (to === process.pid) return true;
  const other = processOf(to);
  if (other !== undefined) {
    addLink(process, to);
    addLink(other, process.pid);
    if (tracer !== undefined) {
      tracer.happened(process, { what: "link", pid: to });
      tracer.happened(other, { what: "getting_linked", pid: process.pid });
    }
    return true;
  }
  if (!process.trapping) throw new ErlangError(NOPROC, `Cannot link ${process.pid} to ${to}: the process is dead`);
  process.accept([EXIT, to, NOPROC]);
  return true;
}

export function unlink(process: Process, from: Pid): true {
  const linked = dropLink(process, from);
  const other = processOf(from);
  if (other !== undefined) dropLink(other, process.pid);
  if (tracer !== undefined && linked) {
    tracer.happened(process, { what: "unlink", pid: from });
    if (other !== undefined) tracer.happened(other, { what: "getting_unlinked", pid: process.pid });
  }
  return true;
}

function exitProcess(process: Process, reason: unknown): void {
  tracer?.happened(process, { what: "exit", reason });
  // Between two callbacks none of its code is running.
  if (process.listening) leave(process);
  process.expire();
  process.reason = reason;
  unhost(process.pid);
  if (process.name !== undefined) release(process);
  removeProcess(process);
  process.waiter?.end();
  empty(process);
  process.release(reason);
}

function notify(process: Process, reason: unknown): void {
  const { pid, links, extra } = process;
  if (links !== undefined) {
    process.links = undefined;
    if (links instanceof Set) for (const other of links) signal(other, pid, reason, true);
    else signal(links, pid, reason, true);
  }
  if (extra !== undefined) {
    notifyMonitors(process, reason);
    forget(process);
  }
  // Oldest first; the list has the newest in front, and notified entries leave it.
  let oldest = process.incoming;
  while (oldest?.nextIn !== undefined) oldest = oldest.nextIn;
  while (oldest !== undefined) {
    const next: Waiting | undefined = oldest.previousIn;
    oldest.lost(reason);
    oldest = next;
  }
  while (process.outgoing !== undefined) process.outgoing.abandon();
  process.dispatcher.dismiss(process);
  process.extra = undefined;
  if (extra?.controller !== undefined) abort(extra.controller, reason);
}

// The listeners' code does not belong to the running process, which is the killer or the victim.
function abort(controller: AbortController, reason: unknown): void {
  outside(() => controller.abort(ending(reason)));
}
