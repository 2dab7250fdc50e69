import type { BatchObservableCallback, Meter } from "@opentelemetry/api";
import { Exit, NOPROC } from "@otpts/runtime";
import { ConfigClient } from "../config.ts";
import { MANAGER, SOURCE } from "./attributes.ts";

/** Gauges that are registered. */
export interface Gauges {
  stop(): void;
}

/** What is asked of a manager whenever metrics are collected: its status, with one call. Nothing of one that does not run. */
export function gaugesOf(meter: Meter, managers: readonly string[]): Gauges {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description });
  const version = gauge("config.version", "{version}", "Version of the effective configuration");
  const keys = gauge("config.keys", "{key}", "Leaves of the effective configuration");
  const subscriptions = gauge("config.subscriptions", "{subscription}", "Subscriptions");
  const staleness = gauge("config.source.staleness", "s", "Time since the last success of a source that fails, else 0");
  const failures = gauge("config.source.failures", "{failure}", "Failures of a source in a row");
  const clients = managers.map((name) => new ConfigClient(name));

  const observe: BatchObservableCallback = async (result) => {
    await Promise.all(
      clients.map(async (client) => {
        const status = await client.status().catch((error: unknown) => {
          if (isNotRunning(error)) return undefined;
          throw error;
        });
        if (status === undefined) return;
        const manager = { [MANAGER]: client.name };
        result.observe(version, status.version, manager);
        result.observe(keys, status.keys, manager);
        result.observe(subscriptions, status.subscriptions, manager);
        for (const source of status.sources) {
          const attributes = { ...manager, [SOURCE]: source.name };
          result.observe(staleness, (source.stale_for ?? 0) / 1_000, attributes);
          result.observe(failures, source.failures, attributes);
        }
      }),
    );
  };
  const observed = [version, keys, subscriptions, staleness, failures];
  meter.addBatchObservableCallback(observe, observed);
  return { stop: () => meter.removeBatchObservableCallback(observe, observed) };
}

function isNotRunning(error: unknown): boolean {
  return error instanceof Exit && Array.isArray(error.reason) && error.reason[0] === NOPROC;
}
