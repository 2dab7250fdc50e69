/** The metrics of the program and of its configuration, in Prometheus' text format. */
import { observer } from "@otpts/runtime/observer";
import { type Counter, COUNTERS, GAUGES, type Observation, RELOAD_DURATION, UP } from "../instruments.ts";
import { countOf, emptyTally, type ReloadOutcome, type Tally } from "../manager/tally.ts";
import type { Context } from "./context.ts";
import { healthOf, type ManagerHealth } from "./health.ts";
import { counterText, gaugeText, type Histogram, histogramText } from "./prometheus.ts";

const OUTCOMES: readonly ReloadOutcome[] = ["committed", "refused"];

export async function metrics({ managers }: Context): Promise<string> {
  const healths = await Promise.all(managers.all.map(healthOf));
  const tallies = managers.all.map(({ name, state }) => ({ name, tally: state?.tally ?? emptyTally }));
  return [
    gaugeText(
      UP,
      healths.map(({ name, state }) => [Number(state !== "down"), { manager: name }]),
    ),
    ...GAUGES.map((gauge) =>
      gaugeText(
        gauge,
        healths.flatMap((health) => observed(health, gauge.of)),
      ),
    ),
    ...(Object.keys(COUNTERS) as Counter[]).map((counter) =>
      counterText(
        COUNTERS[counter],
        tallies.flatMap(({ name, tally }) => counts(name, tally, counter)),
      ),
    ),
    histogramText(
      RELOAD_DURATION,
      tallies.flatMap(({ name, tally }) => durations(name, tally)),
    ),
    ...program(),
  ].join("");
}

function observed(
  { name, status }: ManagerHealth,
  of: (status: NonNullable<ManagerHealth["status"]>) => readonly Observation[],
): readonly Observation[] {
  if (status === undefined) return [];
  return of(status).map(([value, attributes]) => [value, { manager: name, ...attributes }]);
}

/** Known counters start at 0, so that the first event shows as an increase. */
function counts(manager: string, tally: Tally, counter: Counter): readonly Observation[] {
  if (counter === "reloads") return OUTCOMES.map((outcome) => [countOf(tally.reloads[outcome]), { manager, outcome }]);
  const found = [...tally.counts.values()].filter((one) => one.counter === counter);
  if (counter === "validation_failures" && found.length === 0) return [[0, { manager }]];
  return found.map(({ attributes, value }) => [value, { manager, ...attributes }]);
}

function durations(manager: string, { reloads }: Tally): readonly Histogram[] {
  const { bounds } = RELOAD_DURATION;
  return OUTCOMES.map((outcome) => ({ attributes: { manager, outcome }, bounds, ...reloads[outcome] }));
}

function program(): readonly string[] {
  const numbers = observer.overview();
  const memory = process.memoryUsage();
  const one = (name: string, description: string, value: number) => gaugeText({ name, description }, [[value]]);
  const total = (name: string, description: string, value: number) => counterText({ name, description }, [[value]]);
  return [
    one("otp.processes", "Live processes", numbers.processes),
    one("otp.supervisors", "Live supervisors", numbers.supervisors),
    one("otp.messages_waiting", "Messages waiting in mailboxes", numbers.waiting),
    one("otp.open_calls", "Calls waiting for a reply", numbers.open_calls),
    total("otp.reductions", "Messages and other steps handled", numbers.reductions),
    total("otp.restarts", "Restarts that supervisors have made", numbers.restarts),
    one("process.resident_memory_bytes", "Memory of the program", memory.rss),
    one("nodejs.heap_size_used_bytes", "Heap in use", memory.heapUsed),
    one(
      "process.start_time_seconds",
      "When the program started",
      Math.round((Date.now() / 1_000 - process.uptime()) * 1_000) / 1_000,
    ),
  ];
}
