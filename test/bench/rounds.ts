import type { Metrics } from "./contender.ts";
import type { Contestant } from "./process.ts";
import type { ProbeSpec } from "./rows.ts";

/** How long one run of one probe may take, in ms: a contender that starves itself is ended then. */
const limit = 120_000;

/**
 * Runs one probe in interleaved rounds: in each round every contender once, the order moved on by one, so that a slow
 * minute of the machine falls on all of them. A round before the first warms up and is not counted.
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
        const metrics = await contestant.run(order, limit);
        if (round > 0) found.push(metrics);
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

function samples(runs: readonly Metrics[], metric: string): number[] | string {
  const values = runs.map((metrics) => metrics[metric]).filter((value) => value !== undefined);
  return values.length === 0 ? "not measured" : values;
}
