import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { erlang, KILL, telemetry } from "@otpts/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import { Config, ConfigSpec, type ConfigSpecOptions, FileSource } from "../../src/index.ts";
import { instrument } from "../../src/otel.ts";
import { eachAlone, eventually, gate, managerOf, ScriptedSource, started } from "../manager/kit.ts";
import { Collected, FollowingContext } from "./kit.ts";

eachAlone();

const EVENTS = [
  "config.changed",
  "config.reload.start",
  "config.reload.stop",
  "config.reload.exception",
  "config.source_error",
  "config.source_recovered",
  "config.validation_failed",
  "config.subscriber_error",
  "config.subscriber_slow",
];

const M = `"manager":"config_manager"`;

/** A manager of a real file, and the instrumentation attached before its start. */
async function withFile(text: string, options: Partial<ConfigSpecOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "config-otel-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "config.toml");
  await writeFile(file, text);
  // No watch's event comes before the reload that the test asks for: the file is looked at once an hour.
  const source = new FileSource(file, {
    name: "file:config.toml",
    settle: 50,
    use_polling: true,
    poll_interval: 3.6e6,
  });
  const all = await started(new ConfigSpec({ reload_interval: 0, ...options, sources: [source] }));
  return { ...all, write: (content: string) => writeFile(file, content) };
}

describe("instrument", () => {
  test("counts changes and reloads by outcome", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\nb = 1\n", { validators: { a: (value) => (value as number) < 5 } });
    await write("a = 2\nb = 2\n");
    await Config.reload();
    await Config.put("c", { d: 1, e: 2 });
    await write("a = 7\nb = 2\n");
    await expect(Config.reload()).rejects.toThrow("is not valid");
    expect(await collected.metrics()).toMatchObject({
      [`config.changes {${M}}`]: 3,
      [`config.reloads {${M},"outcome":"committed"}`]: 1,
      [`config.reloads {${M},"outcome":"refused"}`]: 1,
      [`config.reload.duration_seconds {${M},"outcome":"committed"}`]: 1,
      [`config.reload.duration_seconds {${M},"outcome":"refused"}`]: 1,
      [`config.validation.failures {${M}}`]: 1,
    });
  });

  test("counts failures of a source by kind, and recoveries", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\n");
    await write("a = \n");
    await Config.reload();
    await write("a = 2\n");
    await Config.reload();
    const source = `"source":"file:config.toml"`;
    expect(await collected.metrics()).toMatchObject({
      [`config.source.errors {${M},${source},"error.type":"syntax"}`]: 1,
      [`config.source.recoveries {${M},${source}}`]: 1,
    });
  });

  test("counts failing and slow callbacks by pattern", async () => {
    const collected = new Collected();
    await withFile("a = 1\n", { notify_timeout: 20 });
    const slow = gate();
    await Config.subscribe("a", () => {
      throw new Error("no");
    });
    await Config.subscribe("*", () => slow.opened);
    await Config.put("a", 2);
    const slowCalls = `config.subscriber.slow_calls {${M},"pattern":"*"}`;
    await eventually(async () => (await collected.metrics())[slowCalls] === 1);
    slow.open();
    expect(await collected.metrics()).toMatchObject({ [`config.subscriber.errors {${M},"pattern":"a"}`]: 1 });
  });

  test("measures reloads in seconds", async () => {
    const collected = new Collected();
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
    const [during, asked] = [gate<object>(), gate()];
    source.next = () => {
      asked.open();
      return during.opened;
    };
    const started_at = performance.now();
    const reload = Config.reload();
    await asked.opened;
    await new Promise((resolve) => setTimeout(resolve, 30));
    during.open({ a: 2 });
    await reload;
    const took = (performance.now() - started_at) / 1000;
    const duration = (await collected.metricData()).find(
      ({ descriptor }) => descriptor.name === "config.reload.duration_seconds",
    );
    expect(duration?.descriptor.unit).toBe("s");
    const { sum } = duration!.dataPoints[0]!.value as { sum: number };
    expect(sum).toBeGreaterThan(0.02);
    // The manager counts whole milliseconds.
    expect(sum).toBeLessThanOrEqual(took + 0.001);
  });

  test("observes version, keys, subscriptions and the state of its sources", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\n[t]\nb = 2\n");
    await Config.subscribe("a", () => undefined);
    await Config.put("c", 3);
    const source = `"source":"file:config.toml"`;
    expect(await collected.metrics()).toMatchObject({
      [`config.version {${M}}`]: 2,
      [`config.keys {${M}}`]: 3,
      [`config.subscriptions {${M}}`]: 1,
      [`config.source.staleness_seconds {${M},${source},"kind":"file"}`]: 0,
      [`config.source.failures {${M},${source},"kind":"file"}`]: 0,
    });
    await write("a = \n");
    await Config.reload();
    const broken = await collected.metrics();
    expect(broken[`config.source.failures {${M},${source},"kind":"file"}`]).toBe(1);
    expect(broken[`config.source.staleness_seconds {${M},${source},"kind":"file"}`]).toBeGreaterThan(0);
  });

  test("observes the given managers, and ignores one that does not run", async () => {
    const collected = new Collected({ managers: ["one", "none"] });
    await started(new ConfigSpec({ name: "one" }));
    const gauges = Object.keys(await collected.metrics()).filter((name) => name.startsWith("config.version"));
    expect(gauges).toEqual(['config.version {"manager":"one"}']);
    expect(await collected.metrics()).toMatchObject({
      'config.up {"manager":"one"}': 1,
      'config.up {"manager":"none"}': 0,
    });
  });

  test("exports no value of the configuration", async () => {
    const collected = new Collected();
    const { write } = await withFile('a = "value-of-a"\npassword = "planted-secret"\n', {
      validators: { a: (value) => (value === "value-of-d" ? `${value} is not good` : undefined) },
    });
    await Config.subscribe("**", (_, old_value, new_value) => {
      throw new Error(`cannot take ${JSON.stringify([old_value, new_value])}`);
    });
    await Config.put("a", "value-by-put");
    await write('a = "value-of-b"\npassword = "planted-too"\n');
    await Config.reload();
    await write('a = "value-of-c\npassword = planted-three\n');
    await Config.reload();
    await Config.put("a", "value-of-d").catch(() => undefined);
    await Config.unset("a");
    await write('a = "value-of-d"\n');
    await Config.reload().catch(() => undefined);
    const text = await collected.text();
    for (const name of ["config.subscriber.errors", "config.validation.failures", "config.source.errors"])
      expect(text).toContain(name);
    expect(text).not.toMatch(/value-|planted/);
  });

  test("leaves nothing attached after stop, which may be called twice", async () => {
    expect(EVENTS.filter((event) => telemetry.listening(event))).toEqual([]);
    const collected = new Collected();
    expect(EVENTS.filter((event) => !telemetry.listening(event))).toEqual([]);
    await withFile("a = 1\n");
    await Config.put("a", 2);
    collected.instrumentation.stop();
    collected.instrumentation.stop();
    expect(EVENTS.filter((event) => telemetry.listening(event))).toEqual([]);
    await Config.put("a", 3);
    await Config.reload();
    const metrics = await collected.metrics();
    expect(metrics[`config.changes {${M}}`]).toBe(1);
    expect(metrics).not.toHaveProperty(`config.version {${M}}`);
    expect(collected.spans).toEqual([]);
  });

  test("works twice at once", async () => {
    const [one, other] = [new Collected(), new Collected()];
    await withFile("a = 1\n");
    await Config.put("a", 2);
    one.instrumentation.stop();
    await Config.put("a", 3);
    expect((await one.metrics())[`config.changes {${M}}`]).toBe(1);
    expect((await other.metrics())[`config.changes {${M}}`]).toBe(2);
  });

  test("uses the global providers, which do nothing if none is registered", async () => {
    const instrumentation = instrument();
    onTestFinished(() => instrumentation.stop());
    await withFile("a = 1\n");
    await Config.put("a", 2);
    await Config.reload();
    expect(await Config.get("a")).toBe(2);
  });

  test("refuses unknown options", () => {
    expect(() => instrument({ meterProvider: undefined } as never)).toThrow('there is no option "meterProvider"');
    expect(() => instrument({ managers: "config_manager" as never })).toThrow("managers must be a list of names");
    expect(EVENTS.filter((event) => telemetry.listening(event))).toEqual([]);
  });
});

describe("the span of a reload", () => {
  test("has the version, the number of changes, and the outcome of each source", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\n");
    await write("a = 2\n");
    await Config.reload();
    expect(collected.spans).toMatchObject([
      {
        name: "config.reload",
        attributes: {
          "config.manager": "config_manager",
          "config.reload.outcome": "committed",
          "config.version": 2,
          "config.changed": 1,
          "config.source.file:config.toml.outcome": "data",
        },
        status: { code: SpanStatusCode.UNSET },
        events: [],
      },
    ]);
  });

  test("has the failure of a source as an event, and is then no error", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\n");
    await write("a = \n");
    await Config.reload();
    expect(collected.spans).toMatchObject([
      {
        attributes: { "config.source.file:config.toml.outcome": "error", "config.changed": 0 },
        status: { code: SpanStatusCode.UNSET },
        events: [
          { name: "config.source_error", attributes: { "config.source": "file:config.toml", "error.type": "syntax" } },
        ],
      },
    ]);
  });

  test("is an error if the reload is refused", async () => {
    const collected = new Collected();
    const { write } = await withFile("a = 1\n", { validators: { a: (value) => (value as number) < 5 } });
    await write("a = 7\n");
    await Config.reload().catch(() => undefined);
    expect(collected.spans).toMatchObject([
      {
        attributes: { "config.reload.outcome": "refused" },
        status: { code: SpanStatusCode.ERROR },
        events: [{ name: "config.validation_failed", attributes: { "config.problems": 1 } }],
      },
    ]);
  });

  test("is a root span, whatever span is active where the manager is started or called", async () => {
    context.setGlobalContextManager(new FollowingContext());
    onTestFinished(() => context.disable());
    const collected = new Collected();
    const startup = new BasicTracerProvider().getTracer("startup").startSpan("startup");
    await context.with(trace.setSpan(context.active(), startup), async () => {
      await withFile("a = 1\n");
      await Config.reload();
    });
    expect(collected.spans).toHaveLength(1);
    expect(collected.spans[0]?.parentSpanContext).toBeUndefined();
    expect(collected.spans[0]?.spanContext().traceId).not.toBe(startup.spanContext().traceId);
  });

  test("of a manager that was killed meanwhile ends when the next one begins", async () => {
    const collected = new Collected();
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
    const [asked, never] = [gate(), gate<object>()];
    source.next = () => {
      asked.open();
      return never.opened;
    };
    const reload = Config.reload().catch(() => "killed");
    await asked.opened;
    erlang.exit(managerOf(), KILL);
    expect(await reload).toBe("killed");
    never.open({ a: 2 });
    await eventually(() => collected.spans.length === 2);
    expect(collected.spans.map(({ attributes }) => attributes["config.reload.outcome"])).toEqual([
      "abandoned",
      "committed",
    ]);
  });

  test("ends when the bridge stops", async () => {
    const collected = new Collected();
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
    const [asked, during] = [gate(), gate<object>()];
    source.next = () => {
      asked.open();
      return during.opened;
    };
    const reload = Config.reload();
    await asked.opened;
    collected.instrumentation.stop();
    expect(collected.spans).toMatchObject([{ status: { code: SpanStatusCode.ERROR } }]);
    during.open({ a: 2 });
    await reload;
  });
});

describe("@otpts/config", () => {
  test("loads no OpenTelemetry without its otel entry", async () => {
    const hook = `export const resolve = (name, context, next) => {
      if (name.startsWith("@opentelemetry/")) throw new Error("resolved " + name);
      return next(name, context);
    };`;
    const program = (entry: string) => `
      import { register } from "node:module";
      register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
      await import("${entry}").then(() => console.log("loaded"), (error) => console.log(error.message));`;
    const run = async (entry: string) => {
      const cwd = fileURLToPath(new URL("../..", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program(entry)], {
        cwd,
      });
      return stdout.trim();
    };
    expect(await run("@otpts/config")).toBe("loaded");
    expect(await run("@otpts/config/otel")).toBe("resolved @opentelemetry/api");
  });
});
