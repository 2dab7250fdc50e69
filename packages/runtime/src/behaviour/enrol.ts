/** Names of new processes in registries supplied by the program: the process registers itself, before its init. */
import { ALREADY_STARTED, NORMAL } from "../term/atoms.ts";
import { reasonOf } from "../term/reason.ts";
import { die } from "../process/death.ts";
import { isVia, registerVia, unregisterVia, whereisVia } from "../process/via.ts";
import type { Started } from "./init_ack.ts";

/** Registers the process under the name it is started with. False if its start has failed because the name is taken. */
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

/** Removes the name of a process whose start fails, before its starter is notified. */
export function withdraw({ starter }: Started): void {
  const name = starter?.name;
  if (!isVia(name)) return;
  try {
    unregisterVia(name);
  } catch {
    // The start fails for another reason; a dead process has no name anyway.
  }
}
