/** Starting a process, linked or monitored atomically, so that no death goes unnoticed. */
import type { Pid } from "../term/pid.ts";
import { type Body, BodyProcess } from "./body.ts";
import { carrying, load } from "./carriers.ts";
import { acting, follow } from "./context.ts";
import type { Dispatcher } from "./process.ts";
import { link } from "./death.ts";
import type { Ancestry, Process } from "./process.ts";
import { nameOf } from "./registry.ts";
import { reportRejections } from "./rejection.ts";
import { turns } from "./scheduler.ts";
import { tellStranded } from "./stranded.ts";
import { addProcess } from "./table.ts";
import { tracer } from "./tracer.ts";

const none: Ancestry = [];
let dispatcher: Dispatcher = turns;
let begun = false;

/** Sets the dispatcher of processes started from now on. Returns the previous one. */
export function useDispatcher(next: Dispatcher): Dispatcher {
  const before = dispatcher;
  dispatcher = next;
  return before;
}

/** The dispatcher for the next process. */
export function currentDispatcher(): Dispatcher {
  return dispatcher;
}

/**
 * How many ancestors a process keeps: more than the depth of any tree. Without a limit, processes that each start their
 * successor would keep, and copy, all that there ever were.
 */
const GENERATIONS = 64;

/** The ancestors of a process that `parent` starts now, nearest first. */
export function ancestry(parent: Process | undefined): Ancestry {
  if (parent === undefined) return none;
  const { more } = parent;
  const self = nameOf(parent) ?? parent.pid;
  if (more.ancestry?.[0] !== self) more.ancestry = [self, ...parent.ancestors.slice(0, GENERATIONS - 1)];
  return more.ancestry;
}

/** Starts a process: from now on its pid can be used, and its first turn is due. */
export function startProcess(process: Process, parent: Process | undefined, linked: boolean): Pid {
  if (!begun) {
    begun = true;
    follow();
    reportRejections();
    tellStranded();
  }
  addProcess(process);
  process.dispatcher.admit(process);
  if (parent !== undefined) {
    tracer?.happened(parent, { what: "spawn", pid: process.pid });
    if (linked) link(parent, process.pid);
  }
  if (carrying) load(process);
  process.wake();
  return process.pid;
}

export function spawn(body: Body, linked: boolean): Process {
  const parent = acting();
  const process = new BodyProcess(body, dispatcher, ancestry(parent));
  startProcess(process, parent, linked);
  return process;
}
