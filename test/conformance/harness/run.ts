/** Runs one scenario in a process called main, and compares what it wrote with what real Erlang wrote. */
import { DOWN, KILL, TIMEOUT, erlang, logger } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { fmt, name } from "./oracle.ts";
import { renew } from "./world.ts";

export type Scenario = () => void | Promise<void>;

export interface Outcome {
  /** The trace, up to main's last step. */
  readonly lines: readonly string[];
  /** Processes and names the scenario started that could not be removed. */
  readonly left: readonly string[];
}

const LIMIT_MS = 30_000;
const REMOVAL_MS = 5_000;

/** Runs a scenario. Whatever it leaves running is killed, and named if that does not help. */
export async function run(scenario: Scenario): Promise<Outcome> {
  logger.set_handler(undefined);
  const before = new Set(erlang.processes().map(String));
  const { lines } = await watched(scenario);
  const left = await remove(before);
  return { lines, left };
}

function watched(scenario: Scenario): Promise<{ lines: readonly string[] }> {
  const world = renew();
  return new Promise((resolve, reject) => {
    erlang.spawn(async () => {
      const [main, ref] = erlang.spawn_monitor(async () => {
        name(erlang.self(), "main");
        await scenario();
        world.closed = true;
      });
      const message = await erlang.receive((m) => Array.isArray(m) && m[0] === DOWN && m[1] === ref, {
        after: LIMIT_MS,
      });
      if (message === TIMEOUT) {
        world.lines.push("!! scenario timed out");
        erlang.exit(main, KILL);
      } else if (!world.closed) {
        world.lines.push(`!! main died: ${fmt((message as unknown[])[4])}`);
      }
      world.closed = true;
      resolve({ lines: world.lines });
    });
    setTimeout(() => reject(new Error("The scenario's watcher did not answer")), LIMIT_MS + REMOVAL_MS).unref();
  });
}

async function remove(before: ReadonlySet<string>): Promise<readonly string[]> {
  const rest = (): Pid[] => erlang.processes().filter((p) => !before.has(String(p)));
  const until = Date.now() + REMOVAL_MS;
  while (rest().length > 0 && Date.now() < until) {
    for (const p of rest()) erlang.exit(p, KILL);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return [...rest().map((p) => `process ${fmt(p)}`), ...erlang.registered().map((reg) => `name ${fmt(reg)}`)];
}
