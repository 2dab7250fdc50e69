import { type MeterProvider, metrics, trace, type TracerProvider } from "@opentelemetry/api";
import { attachAll } from "./otel/attachment.ts";
import { type Gauges, gaugesOf } from "./otel/gauges.ts";
import { countersOf } from "./otel/metrics.ts";
import { spansOf } from "./otel/spans.ts";

/**
 * The bridge to OpenTelemetry. It is a separate entry: only programs that import it need `@opentelemetry/api`.
 *
 *   counters    config.changes, config.reloads, config.source.errors, config.source.recoveries,
 *               config.validation.failures, config.subscriber.errors, config.subscriber.slow_calls
 *   histogram   config.reload.duration_seconds
 *   gauges      config.up, config.last_reload_successful, config.last_reload_success_timestamp_seconds, config.info,
 *               config.version, config.keys, config.overrides, config.subscriptions, config.slow_subscribers, and of each
 *               source config.source.up, .state, .failures, .staleness_seconds, .last_success_timestamp_seconds
 *   span        config.reload, a root span
 *
 * In Prometheus these are the names of the dashboard's `/metrics`, with the same labels.
 *
 * Attributes are names, numbers and codes, never a value of the configuration or a text that might quote one.
 */

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Default: the global one at the time of the call. */
  readonly meter_provider?: MeterProvider;
  /** Default: the global one. */
  readonly tracer_provider?: TracerProvider;
  /** The names of the managers that the gauges read when metrics are collected. Default: `["config_manager"]`. */
  readonly managers?: readonly string[];
}

/** A running bridge. */
export interface Instrumentation {
  /** Stops it: all handlers and callbacks are removed, and an open span ends. May be called twice. */
  stop(): void;
}

/**
 * Counts, measures and traces all managers of this program from now on. The first load of a manager is not a reload.
 *
 * @throws TypeError if an option is invalid
 *
 * @example
 * const instrumentation = instrument({ meter_provider, tracer_provider });
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  const { meter_provider, tracer_provider, managers = ["config_manager"], ...unknown } = options;
  for (const name of Object.keys(unknown)) {
    throw new TypeError(
      `Cannot instrument: there is no option "${name}", known are meter_provider, tracer_provider, managers`,
    );
  }
  if (!Array.isArray(managers) || !managers.every((name) => typeof name === "string")) {
    throw new TypeError("Cannot instrument: managers must be a list of names");
  }
  const meter = (meter_provider ?? metrics.getMeterProvider()).getMeter(SCOPE);
  const tracer = (tracer_provider ?? trace.getTracerProvider()).getTracer(SCOPE);
  const spans = spansOf(tracer);
  const gauges: Gauges = gaugesOf(meter, managers as readonly string[]);
  const detach = attachAll([...countersOf(meter, managers as readonly string[]), ...spans.handlers]);
  return {
    stop() {
      detach();
      gauges.stop();
      spans.stop();
    },
  };
}

/** The name of the instrumentation's scope. */
const SCOPE = "@otpts/config";
