/**
 * A process started by `proc_lib`: its starter may wait until it reports that it is initialised, and its crash is
 * reported with its ancestors.
 */
import { ensure } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { Pid } from "../term/pid.ts";
import { isOrderly } from "../term/reason.ts";
import { type Body, BodyProcess } from "../process/body.ts";
import { type Ancestry, processOf } from "../process/process.ts";
import { find } from "../process/registry.ts";
import { atomOf } from "../term/name.ts";
import { report } from "../process/report.ts";
import { currentDispatcher } from "../process/spawn.ts";
import { reasonText } from "./crash.ts";
import type { Starter } from "./init_ack.ts";

const ACK = ensure("ack");

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
    starter?.lost(this, reason);
  }

  /**
   * Notifies the starter. A repeated report, or one without a waiting starter, is a message to the parent, as in OTP.
   */
  ack(value: unknown): void {
    const { starter } = this;
    this.starter = undefined;
    if (starter !== undefined) {
      starter.ack(value);
      return;
    }
    const [parent] = this.ancestors;
    if (parent !== undefined)
      (parent instanceof Pid ? processOf(parent) : find(parent))?.accept([ACK, this.pid, value]);
  }

  protected override exited(reason: unknown): void {
    if (isOrderly(reason)) return;
    const { pid, name, initialCall, ancestors } = this;
    report(
      "error",
      "process_crash",
      () => ({
        pid,
        name: name === undefined ? undefined : atomOf(name),
        initial_call: initialCall,
        ancestors,
        reason,
      }),
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
