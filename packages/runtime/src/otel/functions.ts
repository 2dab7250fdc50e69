import { context, type MeterProvider, metrics, ROOT_CONTEXT, trace, type TracerProvider } from "@opentelemetry/api";
import { describe } from "../term/describe.ts";
import { read } from "../term/guarded.ts";
import { checkOptions } from "../term/options.ts";
import { propagate } from "../process/propagation.ts";
import { observe } from "../behaviour/observer.ts";
import { metricsOf } from "./metrics.ts";
import { spansOf } from "./spans.ts";

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Default: the global one at the time of the call. */
  readonly tracer_provider?: TracerProvider | undefined;
  /** Default: the global one. */
  readonly meter_provider?: MeterProvider | undefined;
}

/** A running bridge. */
export interface Instrumentation {
  /**
   * Stops it: nothing is traced, counted or propagated any more. Open spans end with their operations. May be called
   * twice.
   */
  stop(): void;
}

/** The name of the instrumentation's scope. */
const SCOPE = "@otpts/runtime";

let running = false;

/**
 * Traces and measures all processes of this program from now on, and lets OpenTelemetry's context travel with every
 * message.
 *
 * @throws ErlangError `badarg` for an unknown option; TypeError for a provider that is none; Error if it is already running
 *
 * @example
 * const instrumentation = otel.instrument();
 * // … at the end of the program:
 * instrumentation.stop();
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  checkOptions(options, ["tracer_provider", "meter_provider"], "instrument the runtime");
  if (running)
    throw new Error("Cannot instrument the runtime: it is already instrumented; stop the first instrumentation before");
  const { tracer_provider = trace.getTracerProvider(), meter_provider = metrics.getMeterProvider() } = options;
  checkProvider("tracer_provider", "getTracer", tracer_provider);
  checkProvider("meter_provider", "getMeter", meter_provider);
  const measured = metricsOf(meter_provider.getMeter(SCOPE));
  const before = observe(spansOf(tracer_provider.getTracer(SCOPE), measured.called));
  const end = propagate({
    capture: () => {
      const active = context.active();
      return active === ROOT_CONTEXT ? undefined : active;
    },
    run: (active, fun) => context.with(active as typeof ROOT_CONTEXT, fun),
  });
  running = true;
  let stopped = false;
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      running = false;
      observe(before);
      end();
      measured.stop();
    },
  };
}

function checkProvider(option: string, method: string, provider: unknown): void {
  if (typeof provider !== "object" || provider === null || typeof read(provider, method) !== "function")
    throw new TypeError(
      `Cannot instrument the runtime: ${option} must be an object with ${method}, got ${describe(provider)}`,
    );
}
