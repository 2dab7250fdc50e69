/** The name that a new process has in a registry of the program's own: the process itself enters it, before its init. */
import { ALREADY_STARTED, NORMAL } from "../term/atoms.ts";
import { reasonOf } from "../term/reason.ts";
import { die } from "../process/death.ts";
import { isVia, registerVia, unregisterVia, whereisVia } from "../process/via.ts";
import type { Started } from "./init_ack.ts";

/** Enters the process under the name it is started with. False if its start is over: somebody has the name. */
export function enrol(process: Started): boolean {
  const { starter } = process;
  const name = starter?.name;
  if (!isVia(name)) return true;
  let reason: unknown;
  try {
    if (registerVia(name, process.pid)) return true;
    reason = [ALREADY_STARTED, whereisVia(name)?.pid];
  } catch (error) {
    reason = reasonOf(error);
  }
  process.starter = undefined;
  starter?.nack(process.behaviour, reason);
  die(process, NORMAL);
  return false;
}

/** Takes the name of a process whose start fails out again, before its starter hears of it. */
export function withdraw({ starter }: Started): void {
  const name = starter?.name;
  if (!isVia(name)) return;
  try {
    unregisterVia(name);
  } catch {
    // The start fails for a reason of its own; the dead have no name anyway.
  }
}
