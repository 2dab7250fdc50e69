import type { Meter } from "@opentelemetry/api";
import { processOf } from "../process/process.ts";
import { entries } from "../process/mailbox.ts";
import { pids, population } from "../process/table.ts";
import * as telemetry from "../telemetry.ts";
import { ERROR_TYPE, failureOf, SERVER } from "./names.ts";
import type { Called } from "./spans.ts";

/**
 * The bounds advised by OpenTelemetry's conventions for the duration of a request, in seconds, with finer ones below,
 * since a call is faster than a network.
 */
const BOUNDS = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The registered metrics. */
export interface Metrics {
  readonly called: Called;
  stop(): void;
}

let instrumented = 0;

export function metricsOf(meter: Meter): Metrics {
  const duration = meter.createHistogram("otp.call.duration", {
    unit: "s",
    description: "Time from a call to its answer or failure",
    advice: { explicitBucketBoundaries: BOUNDS },
  });
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description });
  const crashes = counter("otp.crashes", "{crash}", "Processes that ended with a failure");
  const restarts = counter("otp.restarts", "{restart}", "Children that ended and that their supervisor starts again");
  const gaveUp = counter("otp.supervisor.shutdowns", "{shutdown}", "Supervisors that gave up: too many restarts");
  const processes = meter.createObservableGauge("otp.processes", {
    unit: "{process}",
    description: "Live processes",
  });
  const mailbox = meter.createObservableGauge("otp.mailbox.length", {
    unit: "{message}",
    description: "Waiting messages of each named process that has any, and the longest mailbox of all others",
  });

  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    result.observe(processes, population());
    let longest = 0;
    for (const pid of pids()) {
      const process = processOf(pid);
      if (process === undefined) continue;
      const waiting = process.head === undefined ? 0 : entries(process).length;
      if (process.name === undefined) longest = Math.max(longest, waiting);
      else if (waiting > 0) result.observe(mailbox, waiting, { [SERVER]: String(process.name) });
    }
    result.observe(mailbox, longest, { [SERVER]: "unnamed" });
  };
  const observed = [processes, mailbox];
  meter.addBatchObservableCallback(observe, observed);

  const prefix = `@otpts/runtime/otel ${++instrumented} `;
  const handlers: readonly (readonly [string, telemetry.Handler])[] = [
    ["otp.process_crash", (_event, _measurements, { reason }) => crashes.add(1, { [ERROR_TYPE]: failureOf(reason) })],
    [
      "otp.unhandled_rejection",
      (_event, _measurements, { reason }) => crashes.add(1, { [ERROR_TYPE]: failureOf(reason) }),
    ],
    [
      "otp.child_terminated",
      (_event, _measurements, { restart, name }) => {
        if (String(restart) !== "temporary")
          restarts.add(1, name === undefined ? {} : { "otpts.supervisor": String(name) });
      },
    ],
    ["otp.supervisor_shutdown", () => gaveUp.add(1)],
  ];
  for (const [event, handler] of handlers) telemetry.attach(prefix + event, event, handler);
  return {
    called(server, seconds, failure) {
      duration.record(
        seconds,
        failure === undefined ? { [SERVER]: server } : { [SERVER]: server, [ERROR_TYPE]: failure },
      );
    },
    stop() {
      meter.removeBatchObservableCallback(observe, observed);
      for (const [event] of handlers) telemetry.detach(prefix + event);
    },
  };
}
