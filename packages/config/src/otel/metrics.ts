import type { Attributes, Meter } from "@opentelemetry/api";
import { type Counter, COUNTERS, RELOAD_DURATION } from "../instruments.ts";
import type { EventHandler } from "./attachment.ts";

/**
 * The counters and the histogram, as handlers of the events that they count. @param managers the managers whose
 * counters start at 0
 */
export function countersOf(meter: Meter, managers: readonly string[]): readonly EventHandler[] {
  const counter = (which: Counter) => {
    const { name, unit, description } = COUNTERS[which];
    return meter.createCounter(name, { unit, description });
  };
  const changes = meter.createCounter("config.changes", {
    unit: "{change}",
    description: "Changes of the effective configuration",
  });
  const reloads = counter("reloads");
  const errors = counter("source_errors");
  const recoveries = counter("source_recoveries");
  const failures = counter("validation_failures");
  const subscribers = counter("subscriber_errors");
  const slow = counter("slow_calls");
  const { name, unit, description, bounds } = RELOAD_DURATION;
  const advice = { explicitBucketBoundaries: [...bounds] };
  const duration = meter.createHistogram(name, { unit, description, advice });
  // Starts at 0, so that the first event shows as an increase.
  for (const manager of managers) {
    for (const outcome of ["committed", "refused"]) reloads.add(0, { manager, outcome });
    failures.add(0, { manager });
  }

  const reloaded =
    (outcome: "committed" | "refused"): EventHandler[1] =>
    (_, measurements, { manager }) => {
      const attributes = attributesOf({ manager, outcome });
      reloads.add(1, attributes);
      duration.record(measurements["duration"]! / 1000, attributes);
    };
  return [
    ["config.changed", (_, __, { manager }) => changes.add(1, attributesOf({ manager }))],
    ["config.reload.stop", reloaded("committed")],
    ["config.reload.exception", reloaded("refused")],
    [
      "config.source_error",
      (_, __, { manager, source, code }) => errors.add(1, attributesOf({ manager, source, "error.type": code })),
    ],
    ["config.source_recovered", (_, __, { manager, source }) => recoveries.add(1, attributesOf({ manager, source }))],
    ["config.validation_failed", (_, __, { manager }) => failures.add(1, attributesOf({ manager }))],
    [
      "config.subscriber_error",
      (_, __, { manager, pattern }) => subscribers.add(1, attributesOf({ manager, pattern })),
    ],
    ["config.subscriber_slow", (_, __, { manager, pattern }) => slow.add(1, attributesOf({ manager, pattern }))],
  ];
}

/** Attributes from an event's metadata: names and codes. */
function attributesOf(named: Readonly<Record<string, unknown>>): Attributes {
  return named as Attributes;
}
