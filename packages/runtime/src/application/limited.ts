/** Calling foreign code with a time limit: in a separate process, which is killed when the time is over. */
import { KILL } from "../term/atoms.ts";
import { outside } from "../process/context.ts";
import { type Pid } from "../term/pid.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";
import * as erlang from "../erlang.ts";
import type { PhaseContext } from "./specification.ts";

/** The outcome: a value, an error, or nothing in time. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown } | undefined;

/** Calls `fun` and waits up to `ms` milliseconds. Never rejects. */
export function limited(fun: (context: PhaseContext) => unknown, ms: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    let pid: Pid | undefined;
    const deadline = new Deadline(() => {
      resolve(undefined);
      controller.abort(new DOMException(`The time of ${ms} ms is over`, "TimeoutError"));
      if (pid !== undefined) erlang.exit(pid, KILL);
    });
    const done = (outcome: Outcome) => {
      cancel(deadline);
      resolve(outcome);
    };
    outside(() => {
      pid = erlang.spawn(async () => {
        try {
          done({ value: await fun({ signal: controller.signal, timeout: ms }) });
        } catch (error) {
          done({ error });
        }
      });
      // A process that is killed while it waits has no result.
      const caller = pid;
      erlang.spawn(async () => {
        erlang.monitor("process", caller);
        const down = (await erlang.receive()) as readonly unknown[];
        done({ error: down[4] });
      });
      wait(deadline, ms);
    });
  });
}
