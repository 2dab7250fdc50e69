import { erlang, logger } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";

export const { death, inside } = testing;

/** Waits until `look` returns something, long enough for a loaded machine. */
export const eventually: typeof testing.eventually = (look, patience) =>
  testing.eventually(look, { timeout: 60_000, ...patience });

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
