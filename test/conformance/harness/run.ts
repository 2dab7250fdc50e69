/** Runs one scenario in a process called main, and compares its trace with that of real Erlang. */
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

/** The event loop stood still for so long: scenarios that wait distinguish times that differ by little more. */
const STALL_MS = 20;
const ATTEMPTS = 5;

/**
 * Runs a scenario on a machine that others use, too. The lines count as they are unless they differ and the event loop stood
 * still meanwhile: then the machine, and not the runtime, may have changed the order of what was to happen at different times, and
 * the scenario runs again, a few times at most.
 */
export async function runUndisturbed(scenario: Scenario, trace: readonly string[]): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    const stalls = watchStalls();
    const outcome = await run(scenario);
    const longest = stalls.stop();
    const same = outcome.left.length === 0 && outcome.lines.join("\n") === trace.join("\n");
    if (same || longest < STALL_MS || attempt === ATTEMPTS) return outcome;
  }
}

/** Watches for how long at most the event loop does nothing else. */
function watchStalls(): { stop(): number } {
  let last = performance.now();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const interval = setInterval(look, 2);
  interval.unref();
  return {
    stop() {
      look();
      clearInterval(interval);
      return longest;
    },
  };
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
