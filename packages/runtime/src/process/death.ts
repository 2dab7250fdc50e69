/**
 * How a process dies, and who hears of it.
 *
 * At once, for everybody: it is not alive, its name is free, its pid leads nowhere. Only then do others hear of it: links
 * first, then monitors, then those who wait for an answer. Deaths that follow from it are worked off from a list, one after
 * the other, so that a chain of a hundred thousand links needs no stack.
 */
import { EXIT, NOPROC } from "../term/atoms.ts";
import { ErlangError, Exit } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { addLink, dropLink, linksOf } from "./link.ts";
import { forget, mourn } from "./monitor.ts";
import { type Process, processOf } from "./process.ts";
import { release } from "./registry.ts";
import { effectOf } from "./signal.ts";
import { strike } from "./table.ts";
import { cancel } from "./timer.ts";

const dead: { process: Process; reason: unknown }[] = [];
let telling = false;

/** The process dies with this reason, unless it is dead. */
export function die(process: Process, reason: unknown): void {
  if (!process.alive) return;
  bury(process, reason);
  dead.push({ process, reason });
  if (telling) return;
  telling = true;
  // An array that grows while it is walked.
  for (const one of dead) tell(one.process, one.reason);
  dead.length = 0;
  telling = false;
}

/** Delivers an exit signal. `linked`: it comes over a link, and is dropped if there is none any more (P41). */
export function signal(to: Pid, from: Pid, reason: unknown, linked: boolean): void {
  const process = processOf(to);
  if (process === undefined) return;
  if (linked && !dropLink(process, from)) return;
  const effect = effectOf({ reason, linked, own: from === to }, process.trapping);
  if (effect.does === "message") process.accept([EXIT, from, reason]);
  else if (effect.does === "death") die(process, effect.reason);
}

/** Links two processes (P20–P25). */
export function link(process: Process, to: Pid): true {
  if (to === process.pid) return true;
  const other = processOf(to);
  if (other !== undefined) {
    addLink(process, to);
    addLink(other, process.pid);
    return true;
  }
  if (!process.trapping) throw new ErlangError(NOPROC, `Cannot link ${process.pid} to ${to}: the process is dead`);
  process.accept([EXIT, to, NOPROC]);
  return true;
}

export function unlink(process: Process, from: Pid): true {
  dropLink(process, from);
  const other = processOf(from);
  if (other !== undefined) dropLink(other, process.pid);
  return true;
}

function bury(process: Process, reason: unknown): void {
  process.alive = false;
  process.pid.host = undefined;
  release(process);
  strike(process);
  if (process.waiter !== undefined) cancel(process.waiter);
  process.waiter = undefined;
  process.listening = false;
  process.head = undefined;
  process.tail = undefined;
  process.release(reason);
}

function tell(process: Process, reason: unknown): void {
  const { pid } = process;
  const links = linksOf(process);
  process.links = undefined;
  for (const other of links) signal(other, pid, reason, true);
  mourn(process, reason);
  forget(process);
  // Oldest first: the list has the newest in front.
  const requests = [];
  for (let request = process.requests; request !== undefined; request = request.nextIn) requests.push(request);
  for (let index = requests.length - 1; index >= 0; index--) requests[index]?.fail(reason);
  while (process.outgoing !== undefined) process.outgoing.settle();
  process.dispatcher.dismiss(process);
  process.extra?.controller?.abort(new Exit(reason));
}
