/** SIGTERM and SIGINT for a supervision tree: the first stops it in order, the second ends the program at once. */
import type { Pid } from "../term/pid.ts";
import { monitor } from "../process/monitor.ts";
import { spawn } from "../process/spawn.ts";
import { acting } from "../process/context.ts";
import { receive } from "../process/receive.ts";
import { report } from "../process/report.ts";
import type { Process } from "../process/process.ts";

const numbers = { SIGTERM: 15, SIGINT: 2 } as const;
type OsSignal = keyof typeof numbers;

const names = Object.keys(numbers) as OsSignal[];

// One listener for all trees: Node takes more than ten for a leak.
const handlers = new Set<(name: OsSignal) => void>();
const tell = (name: OsSignal): void => {
  for (const handle of handlers) handle(name);
};

function listen(handle: (name: OsSignal) => void): void {
  if (handlers.size === 0) for (const name of names) process.on(name, tell);
  handlers.add(handle);
}

function unlisten(handle: (name: OsSignal) => void): void {
  handlers.delete(handle);
  if (handlers.size === 0) for (const name of names) process.off(name, tell);
}

/** Stops the tree on a signal; stops listening when the tree has ended, for whatever reason. */
export function stopOnSignals(tree: Pid, stop: () => Promise<unknown>): void {
  let stopping = false;
  const handle = (name: OsSignal) => {
    if (stopping) process.exit(128 + numbers[name]);
    stopping = true;
    stop().catch((error: unknown) => {
      report(
        "error",
        "stop_failed",
        () => ({ pid: tree, signal: name, error }),
        () => `Stopping the tree ${tree} on ${name} failed: ${String(error)}`,
      );
    });
  };
  listen(handle);
  spawn(async () => {
    const self = acting() as Process;
    monitor(self, tree);
    await receive(self, undefined, Infinity);
    unlisten(handle);
  }, false);
}
