import type { BatchObservableCallback, Meter } from "@opentelemetry/api";
import { Exit, NOPROC } from "@otpts/runtime";
import { ConfigClient } from "../config.ts";
import { GAUGES, type Instrument, UP } from "../instruments.ts";

/** The registered gauges. */
export interface Gauges {
  stop(): void;
}

/**
 * Reads a manager's status, with one call, whenever metrics are collected. For a manager that is not running, only that
 * fact is reported.
 */
export function gaugesOf(meter: Meter, managers: readonly string[]): Gauges {
  const gauge = ({ name, unit, description }: Instrument) => meter.createObservableGauge(name, { unit, description });
  const up = gauge(UP);
  const gauges = GAUGES.map((one) => ({ gauge: gauge(one), of: one.of }));
  const clients = managers.map((name) => new ConfigClient(name));

  const observe: BatchObservableCallback = async (result) => {
    await Promise.all(
      clients.map(async (client) => {
        const { name: manager } = client;
        const status = await client.status().catch((error: unknown) => {
          if (isNotRunning(error)) return undefined;
          throw error;
        });
        result.observe(up, status === undefined ? 0 : 1, { manager });
        if (status === undefined) return;
        for (const one of gauges)
          for (const [value, attributes] of one.of(status))
            result.observe(one.gauge, value, { manager, ...attributes });
      }),
    );
  };
  const observed = [up, ...gauges.map((one) => one.gauge)];
  meter.addBatchObservableCallback(observe, observed);
  return { stop: () => meter.removeBatchObservableCallback(observe, observed) };
}

function isNotRunning(error: unknown): boolean {
  return error instanceof Exit && Array.isArray(error.reason) && error.reason[0] === NOPROC;
}
