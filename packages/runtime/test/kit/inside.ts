import { erlang, logger } from "@otpts/runtime";

/** Runs `fun` in a process of its own and hands its outcome to the test. */
export function inside<T>(fun: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    erlang.spawn(async () => {
      try {
        resolve(await fun());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Resolves with the exit reason of a process, also if it is dead already (then `noproc`). */
export function death(pid: ReturnType<typeof erlang.spawn>): Promise<unknown> {
  return inside(async () => {
    const ref = erlang.monitor("process", pid);
    const down = await erlang.receive((message) => Array.isArray(message) && message[1] === ref);
    return (down as unknown[])[4];
  });
}

/** The exit reason of a process that runs `fun`. */
export function endOf(fun: () => unknown): Promise<unknown> {
  return inside(async () => {
    const [, ref] = erlang.spawn_monitor(fun);
    const down = await erlang.receive((message) => Array.isArray(message) && message[1] === ref);
    return (down as unknown[])[4];
  });
}

/** Collects the reports made while `fun` runs, in place of the logger's handler. */
export async function reports(fun: () => unknown): Promise<logger.Report[]> {
  const found: logger.Report[] = [];
  const before = logger.set_handler((report) => void found.push(report));
  try {
    await fun();
  } finally {
    logger.set_handler(before);
  }
  return found;
}

/** Waits until `condition` holds; a test that waits in vain fails by its own time-out. */
export async function eventually(condition: () => unknown): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
