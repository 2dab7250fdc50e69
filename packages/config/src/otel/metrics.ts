import type { Attributes, Meter } from "@opentelemetry/api";
import type { EventHandler } from "./attachment.ts";
import { ERROR_TYPE, MANAGER, OUTCOME, PATTERN, SOURCE } from "./attributes.ts";

/** Bounds of the duration's buckets, in seconds: those that OpenTelemetry's conventions advise for requests, and two below. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The counters and the histogram, as handlers of the events that they count. */
export function countersOf(meter: Meter): readonly EventHandler[] {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description });
  const changes = counter("config.changes", "{change}", "Changes of the effective configuration");
  const reloads = counter("config.reloads", "{reload}", "Reloads, by outcome");
  const errors = counter("config.source.errors", "{error}", "Failures of sources, by what failed");
  const recoveries = counter("config.source.recoveries", "{recovery}", "Sources that work again after failures");
  const failures = counter(
    "config.validation.failures",
    "{failure}",
    "Puts and reloads that were refused as not valid",
  );
  const subscribers = counter("config.subscriber.errors", "{error}", "Callbacks of subscribers that failed");
  const slow = counter("config.subscriber.slow_calls", "{call}", "Callbacks of subscribers that ran too long");
  const duration = meter.createHistogram("config.reload.duration", {
    unit: "s",
    description: "Time from the start of a reload until it is committed or refused",
    advice: { explicitBucketBoundaries: BOUNDS },
  });

  const reloaded =
    (outcome: "committed" | "refused"): EventHandler[1] =>
    (_, measurements, { manager }) => {
      const attributes = attributesOf({ [MANAGER]: manager, [OUTCOME]: outcome });
      reloads.add(1, attributes);
      duration.record(measurements["duration"]! / 1000, attributes);
    };
  return [
    ["config.changed", (_, __, { manager }) => changes.add(1, attributesOf({ [MANAGER]: manager }))],
    ["config.reload.stop", reloaded("committed")],
    ["config.reload.exception", reloaded("refused")],
    [
      "config.source_error",
      (_, __, { manager, source, code }) =>
        errors.add(1, attributesOf({ [MANAGER]: manager, [SOURCE]: source, [ERROR_TYPE]: code })),
    ],
    [
      "config.source_recovered",
      (_, __, { manager, source }) => recoveries.add(1, attributesOf({ [MANAGER]: manager, [SOURCE]: source })),
    ],
    ["config.validation_failed", (_, __, { manager }) => failures.add(1, attributesOf({ [MANAGER]: manager }))],
    [
      "config.subscriber_error",
      (_, __, { manager, pattern }) => subscribers.add(1, attributesOf({ [MANAGER]: manager, [PATTERN]: pattern })),
    ],
    [
      "config.subscriber_slow",
      (_, __, { manager, pattern }) => slow.add(1, attributesOf({ [MANAGER]: manager, [PATTERN]: pattern })),
    ],
  ];
}

/** Attributes of an event's metadata, which are names and codes. */
function attributesOf(named: Readonly<Record<string, unknown>>): Attributes {
  return named as Attributes;
}
