import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";
import { type InstrumentOptions, instrument, type Instrumentation } from "../../src/otel.ts";

/** The real SDK with exporters in memory, and a bridge to it. All of it ends with the test. */
export class Collected {
  readonly instrumentation: Instrumentation;
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #spans = new InMemorySpanExporter();
  readonly #meter_provider: MeterProvider;

  constructor(options: Pick<InstrumentOptions, "managers"> = {}) {
    // The interval never comes: `collect` asks.
    const reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 2 ** 30 });
    this.#meter_provider = new MeterProvider({ readers: [reader] });
    const tracer_provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });
    this.instrumentation = instrument({ ...options, meter_provider: this.#meter_provider, tracer_provider });
    onTestFinished(async () => {
      this.instrumentation.stop();
      await this.#meter_provider.shutdown();
      await tracer_provider.shutdown();
    });
  }

  get spans() {
    return this.#spans.getFinishedSpans();
  }

  /** Values by metric: `config.reloads {"config.manager":"config_manager",…}` → 1. A histogram's value is its count. */
  async metrics(): Promise<Readonly<Record<string, number>>> {
    const all = await this.metricData();
    return Object.fromEntries(
      all.flatMap(({ descriptor, dataPoints }) =>
        (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => [
          `${descriptor.name} ${JSON.stringify(attributes)}`,
          typeof value === "number" ? value : value.count,
        ]),
      ),
    );
  }

  /** As the exporter got them. */
  async resourceMetrics(): Promise<readonly ResourceMetrics[]> {
    this.#metrics.reset();
    await this.#meter_provider.forceFlush();
    return this.#metrics.getMetrics();
  }

  /** Metric by metric. */
  async metricData() {
    const all = await this.resourceMetrics();
    return all.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  /** Everything that was exported, as text. It must contain no value of the configuration. */
  async text(): Promise<string> {
    const spans = this.spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    return JSON.stringify([await this.metricData(), spans]);
  }
}

/** What is active follows `await`, as in programs that trace. */
export class FollowingContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fun: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fun.call(self, ...args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}
