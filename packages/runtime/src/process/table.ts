/** All live processes: a list linked through the processes themselves. */
import type { Pid } from "../term/pid.ts";
import type { Process } from "./process.ts";

let newest: Process | undefined;
let living = 0;

export function addProcess(process: Process): void {
  process.nextAlive = newest;
  if (newest !== undefined) newest.previousAlive = process;
  newest = process;
  living++;
}

export function removeProcess(process: Process): void {
  const { nextAlive, previousAlive } = process;
  if (previousAlive === undefined) newest = nextAlive;
  else previousAlive.nextAlive = nextAlive;
  if (nextAlive !== undefined) nextAlive.previousAlive = previousAlive;
  process.nextAlive = undefined;
  process.previousAlive = undefined;
  living--;
}

/** The number of live processes. */
export function population(): number {
  return living;
}

/** The pids of all live processes, oldest first. */
export function pids(): Pid[] {
  const found: Pid[] = [];
  for (let process = newest; process !== undefined; process = process.nextAlive) found.push(process.pid);
  return found.reverse();
}
