import type { Metrics } from "./contender.ts";
import type { Contestant } from "./process.ts";
import type { ProbeSpec } from "./rows.ts";

/** How long one run of one probe may take, in ms: a contender that starves itself is ended then. */
const limit = 120_000;

/** How long a contender warms up for a probe, in ms, and with how many runs at the most. */
const warm = { full: 2_000, quick: 500, runs: 10 };

/**
 * Runs one probe in interleaved rounds: in each round every contender once, the order moved on by one, so that a slow
 * minute of the machine falls on all of them. Before the first round each runs the probe for a while and is not counted:
 * compilers take their time.
 *
 * @returns metric → contender → its samples, or why it has none
 */
export async function rounds(
  spec: ProbeSpec,
  contestants: readonly Contestant[],
  options: { readonly rounds: number; readonly quick: boolean },
): Promise<Map<string, Map<string, number[] | string>>> {
  const order = { probe: spec.probe, size: options.quick ? { ...spec.size, ...spec.quick } : spec.size };
  const runs = new Map<Contestant, Metrics[] | string>();
  for (const contestant of contestants) runs.set(contestant, contestant.absent(spec.probe) ?? []);

  for (let round = 0; round <= options.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length] as Contestant;
      const found = runs.get(contestant);
      if (typeof found === "string" || found === undefined) continue;
      try {
        if (round > 0) found.push(await contestant.run(order, limit));
        else await warmUp(() => contestant.run(order, limit), options.quick ? warm.quick : warm.full);
      } catch (error) {
        runs.set(contestant, (error as Error).message);
      }
    }
  }

  const table = new Map<string, Map<string, number[] | string>>();
  for (const { metric } of spec.rows) {
    const column = new Map<string, number[] | string>();
    for (const [contestant, found] of runs)
      column.set(contestant.name, typeof found === "string" ? found : samples(found, metric));
    table.set(metric, column);
  }
  return table;
}

async function warmUp(run: () => Promise<unknown>, ms: number): Promise<void> {
  const end = performance.now() + ms;
  for (let i = 0; i < warm.runs && (i === 0 || performance.now() < end); i++) await run();
}

function samples(runs: readonly Metrics[], metric: string): number[] | string {
  const values = runs.map((metrics) => metrics[metric]).filter((value) => value !== undefined);
  return values.length === 0 ? "not measured" : values;
}
