/** Running code in processes, for tests that run outside. */
import { describe } from "../term/describe.ts";
import { Pid } from "../term/pid.ts";
import { strange } from "../term/strange.ts";
import { isDown } from "../process/monitor.ts";
import * as erlang from "../erlang.ts";

/**
 * Runs `fun` in a separate process, which ends with it.
 *
 * @returns the result of `fun`; rejects with its error, so that a failed assertion reaches the test runner, and with an
 *   Error if the process dies before
 */
export function inside<T>(fun: () => T | PromiseLike<T>): Promise<Awaited<T>> {
  if (typeof fun !== "function")
    return Promise.reject(new TypeError(`Cannot run in a process: a function is needed, got ${describe(fun)}`));
  return new Promise((resolve, reject) => {
    let over = false;
    const pid = erlang.spawn(async () => {
      try {
        resolve(await fun());
      } catch (error) {
        reject(error);
      }
      over = true;
    });
    void death(pid).then((reason) => {
      if (!over) reject(new Error(`The process of this test died: ${describe(reason)}`, { cause: reason }));
    });
  });
}

/** The exit reason of a process, once it is dead; `noproc` if it is dead already. */
export async function death(pid: Pid): Promise<unknown> {
  if (!(pid instanceof Pid))
    throw new TypeError(`Cannot wait for a death: a pid is needed, got ${describe(pid)}${strange(pid)}`);
  return new Promise((resolve) => {
    erlang.spawn(async () => {
      const ref = erlang.monitor("process", pid);
      const down = await erlang.receive((message) => isDown(message, ref));
      resolve((down as readonly unknown[])[4]);
    });
  });
}
