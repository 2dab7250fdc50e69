/**
 * A promise that a process's code made and nobody handles: its rejection is the failure of that process, as an uncaught
 * error in its body would be. It is reported once, as the process's, and ends it. Rejections of code outside all processes
 * stay what Node makes of them.
 */
import { describe } from "../term/describe.ts";
import { reasonOf } from "../term/reason.ts";
import { ownerOf } from "./context.ts";
import { die } from "./death.ts";
import { report } from "./report.ts";

export function reportRejections(): void {
  process.on("unhandledRejection", (thrown, promise) => {
    const owner = ownerOf(promise);
    if (owner === undefined) {
      // With a listener Node leaves it at that; without one it throws. So this one throws where it is the only one.
      if (process.listenerCount("unhandledRejection") === 1) throw thrown;
      return;
    }
    const { pid, name, initialCall, alive } = owner;
    const reason = reasonOf(thrown);
    report("error", "unhandled_rejection", { pid, name, initial_call: initialCall, reason }, () => {
      const stack = thrown instanceof Error && thrown.stack !== undefined ? thrown.stack : describe(thrown);
      return `Unhandled rejection in process ${pid}${name === undefined ? "" : ` (${name})`} (${initialCall})${alive ? ", which ends of it" : ", which is dead already"}: ${stack}`;
    });
    die(owner, reason);
  });
}
