/** What one run of a scenario has written and named. One scenario at a time runs in a JavaScript thread. */
import type { Pid } from "@otpts/runtime";

export interface World {
  /** The lines up to main's last step. */
  readonly lines: string[];
  /** Nothing is written any more once main has made its last step. */
  closed: boolean;
  readonly names: Map<string, string>;
  readonly pids: Map<string, Pid>;
  readonly incarnations: Map<string, number>;
}

function fresh(): World {
  return { lines: [], closed: false, names: new Map(), pids: new Map(), incarnations: new Map() };
}

let current = fresh();

export function world(): World {
  return current;
}

/** Begins a new run, with nothing written and no process named. */
export function renew(): World {
  current = fresh();
  return current;
}
