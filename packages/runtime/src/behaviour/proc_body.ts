/** A process started by `proc_lib`: its starter may wait until it says it is initialised, and its crash is reported with its ancestors. */
import { describe } from "../term/describe.ts";
import { isOrderly } from "../term/reason.ts";
import { type Body, BodyProcess } from "../process/body.ts";
import { dropLink } from "../process/link.ts";
import type { Ancestry } from "../process/process.ts";
import { report } from "../process/report.ts";
import { currentDispatcher } from "../process/spawn.ts";
import { reasonText } from "./crash.ts";
import type { Starter } from "./starter.ts";

export class ProcBody extends BodyProcess {
  starter: Starter | undefined = undefined;

  get behaviour(): string {
    return "process";
  }

  constructor(body: Body, ancestors: Ancestry) {
    super(body, currentDispatcher(), ancestors);
  }

  override release(reason: unknown): void {
    super.release();
    const { starter } = this;
    this.starter = undefined;
    if (starter === undefined) return;
    // OTP's proc_lib takes the 'EXIT' of a failed start out of the mailbox of a caller that traps exits.
    if (starter.caller?.trapping === true) dropLink(starter.caller, this.pid);
    starter.nack(this.behaviour, reason);
  }

  /** Tells the starter; only the first time counts. */
  ack(value: unknown): void {
    const { starter } = this;
    this.starter = undefined;
    starter?.ack(value);
  }

  protected override exited(reason: unknown): void {
    if (isOrderly(reason)) return;
    const { pid, name, initialCall, ancestors } = this;
    report(
      "error",
      "process_crash",
      () => ({ pid, name, initial_call: initialCall, ancestors, reason }),
      () => {
        return [
          `Process ${pid}${name === undefined ? "" : ` (${name})`} crashed`,
          `  Reason: ${reasonText(reason)}`,
          `  Ancestors: ${describe(ancestors)}`,
          `  Started as: ${initialCall}`,
        ].join("\n");
      },
    );
  }
}
