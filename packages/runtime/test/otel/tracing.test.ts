import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { NOREPLY, OK, REPLY, atom, erlang, gen_server, logger, supervisor } from "@otpts/runtime";
import { KEEP_STATE, KEEP_STATE_AND_DATA, STATE_ENTER, STATE_FUNCTIONS, gen_statem } from "@otpts/runtime/gen_statem";
import { otel } from "@otpts/runtime/otel";
import { registry } from "@otpts/runtime/registry";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

const spans = new InMemorySpanExporter();
const tracer_provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 1_000_000 });
const meter_provider = new MeterProvider({ readers: [reader] });

const PRICE = atom.ensure("price");
const stock = {
  init: () => [OK, 0] as const,
  async handle_call(_request: unknown, _from: unknown, state: number) {
    await pause(1);
    return [REPLY, 7, state] as const;
  },
  handle_cast: (_message: unknown, state: number) => [NOREPLY, state] as const,
};
const shop = {
  init: () => [OK, 0] as const,
  async handle_call(request: unknown, _from: unknown, state: number) {
    await pause(1);
    if (request === "fail") throw new TypeError("on purpose");
    const price = await gen_server.call("stock", [PRICE, request]);
    gen_server.cast("stock", PRICE);
    return [REPLY, price, state] as const;
  },
};

let instrumentation: otel.Instrumentation;
let handler: logger.Handler | undefined;
beforeAll(() => {
  tracer_provider.register();
  handler = logger.set_handler(undefined);
});
beforeEach(() => {
  spans.reset();
  instrumentation = otel.instrument({ tracer_provider, meter_provider });
});
afterEach(() => instrumentation.stop());
afterAll(async () => {
  logger.set_handler(handler);
  await meter_provider.shutdown();
  await tracer_provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

const named = (name: string): ReadableSpan => {
  const found = spans.getFinishedSpans().filter((span) => span.name === name);
  expect(found.map((span) => span.name)).toStrictEqual([name]);
  return found[0] as ReadableSpan;
};
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;

describe("with the SDK of OpenTelemetry", () => {
  test("a single trace leads from an HTTP request through two servers", async () => {
    const tree = await supervisor.start([
      supervisor.child_spec({ id: "stock", task: () => gen_server.start_link(stock, undefined, { name: "stock" }) }),
      supervisor.child_spec({ id: "shop", task: () => gen_server.start_link(shop, undefined, { name: "shop" }) }),
    ]);
    const tracer = tracer_provider.getTracer("test");
    const http = createServer((incoming, response) => {
      const parent = propagation.extract(context.active(), incoming.headers);
      context.with(parent, () =>
        tracer.startActiveSpan("GET /price", { kind: SpanKind.SERVER }, (span) => {
          void gen_server.call("shop", "tea").then((price) => {
            response.end(String(price));
            span.end();
          });
        }),
      );
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/price`;

    const requests = Array.from({ length: 5 }, (_, n) => `0af7651916cd43dd8448eb211c8031${n}${n}`);
    await Promise.all(
      requests.map(async (traceId) => {
        const answer = await fetch(url, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
        expect(await answer.text()).toBe("7");
      }),
    );
    await gen_server.call("stock", "settle");
    for (const traceId of requests) {
      const of = spans.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
      const only = (name: string) => {
        const found = of.filter((span) => span.name === name);
        expect([name, found.length]).toStrictEqual([name, 1]);
        return found[0] as ReadableSpan;
      };
      const chain = ["GET /price", "call shop", "handle_call shop", "call stock", "handle_call stock"].map(only);
      for (const [index, span] of chain.entries())
        if (index > 0) expect(parentOf(span)).toBe(chain[index - 1]?.spanContext().spanId);
      expect(parentOf(only("cast stock"))).toBe(chain[2]?.spanContext().spanId);
      expect(parentOf(only("handle_cast stock"))).toBe(only("cast stock").spanContext().spanId);
      expect(of).toHaveLength(7);
      expect(chain[3]?.kind).toBe(SpanKind.CLIENT);
      expect(chain[4]?.kind).toBe(SpanKind.SERVER);
      expect(chain[3]?.attributes).toStrictEqual({ "otpts.server": "stock", "otpts.message": "price" });
    }
    http.closeAllConnections();
    http.close();
    await gen_server.stop(tree as never);
  });

  test("calls and casts to a state machine have spans of their handlers, also asynchronous and failing ones; an entered state has none", async () => {
    const machine = {
      name: "machine",
      callback_mode: () => [STATE_FUNCTIONS, STATE_ENTER],
      init: () => [OK, "a", 0] as const,
      async a(type: gen_statem.EventType, content: unknown, n: number) {
        await pause(1);
        if (content === "fail") throw new TypeError("on purpose");
        if (Array.isArray(type)) return [KEEP_STATE, n, [REPLY, type[1] as gen_server.From, n]] as const;
        return KEEP_STATE_AND_DATA;
      },
    };
    const pid = await gen_statem.start(machine, undefined);
    await tracer_provider.getTracer("test").startActiveSpan("request", async (span) => {
      expect(await gen_statem.call(pid, [PRICE, "tea"])).toBe(0);
      gen_statem.cast(pid, PRICE);
      await expect(gen_statem.call(pid, "fail")).rejects.toThrow("on purpose");
      span.end();
    });
    const finished = spans.getFinishedSpans();
    const tree = (span: ReadableSpan): string => {
      const parent = finished.find((one) => one.spanContext().spanId === parentOf(span));
      return parent === undefined ? span.name : `${tree(parent)} > ${span.name}`;
    };
    expect(finished.map(tree).toSorted()).toStrictEqual([
      "request",
      "request > call machine",
      "request > call machine",
      "request > call machine > handle_call machine",
      "request > call machine > handle_call machine",
      "request > cast machine",
      "request > cast machine > handle_cast machine",
    ]);
    const failed = finished.filter(({ attributes }) => attributes["error.type"] === "TypeError");
    expect(failed.map(({ name }) => name).toSorted()).toStrictEqual(["call machine", "handle_call machine"]);
  });

  test("a server in a registry is named by its module, never by its key", async () => {
    await registry.start({ name: "users" });
    const via = { via: [registry, ["users", ["user", "ada@example.org"]]] } as const;
    await gen_server.start({ ...stock, name: "session" }, undefined, { name: via });
    await gen_server.call(via, PRICE);
    await expect(gen_server.call({ via: [registry, ["users", "nobody"]] }, PRICE)).rejects.toThrow("noproc");
    expect(
      spans
        .getFinishedSpans()
        .map(({ name }) => name)
        .toSorted(),
    ).toStrictEqual(["call session", "call via", "handle_call session"]);
    await gen_server.stop("users");
  });

  test("a failed call is a span with its error, and so is its handler", async () => {
    await gen_server.start(shop, undefined, { name: "shop" });
    await expect(gen_server.call("shop", "fail")).rejects.toThrow("on purpose");
    await expect(gen_server.call("shop", "again")).rejects.toThrow("noproc");
    const [first, second] = spans.getFinishedSpans().filter((span) => span.name === "call shop");
    expect(first?.status.code).toBe(SpanStatusCode.ERROR);
    expect(first?.attributes["error.type"]).toBe("TypeError");
    expect(second?.attributes["error.type"]).toBe("noproc");
    expect(named("handle_call shop").attributes["error.type"]).toBe("TypeError");
  });

  test("the metrics count calls, processes, mailboxes, crashes and restarts", async () => {
    const tree = await supervisor.start([
      supervisor.child_spec({ id: "stock", task: () => gen_server.start_link(stock, undefined, { name: "stock" }) }),
      supervisor.child_spec({ id: "shop", task: () => gen_server.start_link(shop, undefined, { name: "shop" }) }),
    ]);
    await gen_server.call("shop", "tea");
    await gen_server.call("shop", "fail").catch(() => {});
    await gen_server.call(tree as never, atom.ensure("which_children") as never).catch(() => {});
    for (let n = 0; n < 3; n++) erlang.send("stock", "unexpected");
    const waiting = gen_server.call("stock", "slow");
    await reader.forceFlush();
    await waiting;
    const found = new Map(
      points
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics)
        .map((metric) => [metric.descriptor.name, metric.dataPoints]),
    );
    const total = (name: string) => (found.get(name) ?? []).reduce((sum, { value }) => sum + (value as number), 0);
    expect(total("otp.processes")).toBeGreaterThanOrEqual(2);
    expect(total("otp.crashes")).toBeGreaterThanOrEqual(1);
    expect(total("otp.restarts")).toBeGreaterThanOrEqual(1);
    expect(found.has("otp.mailbox.length")).toBe(true);
    const calls = (found.get("otp.call.duration") ?? []).find(
      ({ attributes }) => attributes["otpts.server"] === "stock",
    );
    expect((calls?.value as { count: number } | undefined)?.count).toBeGreaterThanOrEqual(1);
    await gen_server.stop(tree as never);
  });

  test("tracing ends after stop", async () => {
    instrumentation.stop();
    instrumentation.stop();
    const pid = await gen_server.start(stock, undefined);
    await gen_server.call(pid, "quiet");
    expect(spans.getFinishedSpans()).toStrictEqual([]);
    await gen_server.stop(pid);
  });

  test("a second instrumentation and unknown options are refused", () => {
    expect(() => otel.instrument()).toThrow("it is already instrumented");
    instrumentation.stop();
    expect(() => otel.instrument({ tracer: 1 } as never)).toThrow("tracer");
  });
});
