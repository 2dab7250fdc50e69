import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { erlang, gen_server, OK, type Pid, STOP, supervisor } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigSpec } from "../../src/index.ts";
import { dashboard } from "../../src/dashboard.ts";
import { eventually, MemorySource, setup } from "../../src/testing.ts";
import { Collected } from "../otel/kit.ts";
import { type Family, parsed, textOf } from "./exposition.ts";

const kit = setup({ beforeEach, afterEach });
const MANAGER = "metered";

const worker = {
  init: () => [OK, 0] as const,
  handle_call: (_request: "fail", _from: gen_server.From, state: number) => [STOP, "asked to", state] as const,
};

async function metered(sources = [new MemorySource({ port: 80, zone: { pin: "1234" } }, { name: "memory" })]) {
  const spec = new ConfigSpec({
    name: MANAGER,
    sources,
    validators: { port: (value) => (value as number) < 100 || "must be below 100" },
    reload_interval: 0,
    log: false,
  });
  const collected = new Collected({ managers: [MANAGER] });
  const config = await kit.start_manager(spec);
  const shown = dashboard({ config: spec });
  const text = async () => {
    const answer = await shown.fetch(new Request("http://localhost/metrics"));
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    return answer.text();
  };
  const families = async () => parsed(await text());
  const value = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
    valueIn(await families(), name, labels);
  return { config, source: sources[0]!, collected, text, families, value };
}

function valueIn(families: ReadonlyMap<string, Family>, name: string, labels: Readonly<Record<string, string>>) {
  const family = [...families.values()].find((one) => name.startsWith(one.name));
  const found = family?.samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text),
  );
  return found?.length === 1 ? found[0]!.value : undefined;
}

describe("/metrics", () => {
  test("is accepted by a strict parser of Prometheus' format, also after failures of each kind", async () => {
    const { config, source, families } = await metered();
    await families();
    kit.processes.allow_reports();
    source.fail(new Error('a "quoted" \\ text\nof two lines'));
    await config.reload();
    source.set({ port: 700 });
    await config.reload().catch(() => undefined);
    await config.put("port", 800).catch(() => undefined);
    await config.subscribe('p{o,"}rt', () => {
      throw new Error("no");
    });
    await config.put("port", 81);
    await eventually(async () => (await families()).has("config_subscriber_errors_total"));
    const all = await families();
    expect(valueIn(all, "config_subscriber_errors_total", { pattern: 'p{o,"}rt' })).toBe(1);
    for (const family of all.values()) expect(family.help).not.toContain("undefined");
  });

  test("reports a failed reload until the values of all sources are effective", async () => {
    const { config, source, value } = await metered();
    kit.processes.allow_reports();
    const successful = () => value("config_last_reload_successful", { manager: MANAGER });
    const at = () => value("config_last_reload_success_timestamp_seconds", { manager: MANAGER });
    expect(await successful()).toBe(1);
    const first = (await at())!;
    expect(Math.abs(first - Date.now() / 1_000)).toBeLessThan(3_600);

    source.set({ port: 700 });
    await config.reload().catch(() => undefined);
    expect([await successful(), await at()]).toEqual([0, first]);
    // The watch of a source brings what mends it, and no reload does.
    source.set({ port: 90 });
    await eventually(async () => (await successful()) === 1);
    expect(await at()).toBeGreaterThanOrEqual(first);
    expect(await config.get("port")).toBe(90);
  });

  test("reports a failing required source as a failed reload, and an optional one separately", async () => {
    const optional = new MemorySource({ b: 1 }, { name: "optional", required: false });
    const { config, source, value } = await metered([new MemorySource({ port: 80 }, { name: "memory" }), optional]);
    kit.processes.allow_reports();
    const successful = () => value("config_last_reload_successful");
    const up = (name: string) => value("config_source_up", { source: name });
    optional.fail(new Error("away"));
    await config.reload();
    expect([await successful(), await up("memory"), await up("optional")]).toEqual([1, 1, 0]);
    source.fail(new Error("away"));
    await config.reload();
    expect([await successful(), await up("memory")]).toEqual([0, 0]);
    expect(await value("config_source_state", { source: "memory", state: "error" })).toBe(1);
    expect(await value("config_source_state", { source: "memory", state: "ok" })).toBe(0);
    expect(await value("config_source_errors_total", { source: "memory" })).toBeGreaterThanOrEqual(1);
    expect(await value("config_source_failures", { source: "memory" })).toBeGreaterThanOrEqual(1);
    optional.set({ b: 1 });
    source.set({ port: 80 });
    await eventually(async () => (await successful()) === 1 && (await up("optional")) === 1);
    expect(await value("config_source_recoveries_total", { source: "memory" })).toBe(1);
  });

  test("counts reloads by outcome from the start, and their duration in seconds", async () => {
    const { config, source, families } = await metered();
    kit.processes.allow_reports();
    const reloads = async () => {
      const all = await families();
      return ["committed", "refused"].flatMap((outcome) => [
        valueIn(all, "config_reloads_total", { outcome }),
        valueIn(all, "config_reload_duration_seconds_count", { outcome }),
      ]);
    };
    expect(await reloads()).toEqual([0, 0, 0, 0]);
    await config.reload();
    source.set({ port: 700 });
    await config.reload().catch(() => undefined);
    expect(await reloads()).toEqual([1, 1, 1, 1]);
    const sum = valueIn(await families(), "config_reload_duration_seconds_sum", { outcome: "committed" });
    expect(sum).toBeLessThan(600);
    expect(await config.put("port", 800).catch(() => "refused")).toBe("refused");
    expect(valueIn(await families(), "config_validation_failures_total", {})).toBeGreaterThanOrEqual(2);
  });

  test("reports a stopped manager as down", async () => {
    const { config, value, families } = await metered();
    await config.put("port", 800).catch(() => undefined);
    expect(await value("config_up")).toBe(1);
    await kit.stop_manager(config);
    expect(await value("config_up")).toBe(0);
    expect(await value("config_validation_failures_total")).toBe(1);
    expect((await families()).has("config_last_reload_successful")).toBe(false);
  });

  test("shows no secret, and a hash that is independent of secrets", async () => {
    const { config, text } = await metered([
      new MemorySource(
        { port: 80, db: { password: "hunter2-hunter2" } },
        { name: "postgres://app:hunter2-hunter2@db" },
      ),
    ]);
    const hash = async () => /config_info\{[^}]*hash="([0-9a-f]{64})"\} 1/u.exec(await text())?.[1];
    const before = await hash();
    expect(before).toBe((await config.status()).content_hash);
    expect(before).toBe(await config.content_hash());
    await config.put("db.password", "correct-horse");
    expect(await hash()).toBe(before);
    await config.put("port", 81);
    expect(await hash()).not.toBe(before);
    expect(await text()).not.toMatch(/hunter2|correct-horse/u);
  });

  test("counts restarts by supervisors that have ended, too", async () => {
    const { value } = await metered();
    kit.processes.allow_reports();
    const before = (await value("otp_restarts_total"))!;
    await kit.processes.start_supervised({
      id: "short",
      type: "supervisor",
      task: () =>
        supervisor.start_link(
          [supervisor.child_spec({ id: "w", task: () => gen_server.start_link(worker, 0, { name: "w" }) })],
          { max_restarts: 3 },
        ),
    });
    await gen_server.call(erlang.whereis("w") as Pid, "fail").catch(() => undefined);
    await eventually(async () => (await value("otp_restarts_total")) === before + 1);
    await kit.processes.stop_supervised("short");
    expect(await value("otp_restarts_total")).toBe(before + 1);
  });
});

describe("the names and labels of /metrics and of OpenTelemetry's bridge", () => {
  const described = (families: ReadonlyMap<string, Family>): Record<string, unknown> =>
    Object.fromEntries(
      [...families.values()]
        .filter(({ name }) => name.startsWith("config_"))
        .map(({ name, type, help, samples }) => [
          name,
          {
            type,
            help,
            labels: samples.map((one) => `${one.name} ${textOf(one.labels)}`).sort(),
          },
        ]),
    );

  test("are equal", async () => {
    const { config, source, collected, families } = await metered();
    kit.processes.allow_reports();
    await config.subscribe("port", () => {
      throw new Error("no");
    });
    source.fail(new Error("away"));
    await config.reload();
    source.set({ port: 700 });
    await config.reload().catch(() => undefined);
    source.set({ port: 90 });
    await eventually(async () => (await config.get("port")) === 90);
    await config.put("port", 91);
    await eventually(async () => (await families()).has("config_subscriber_errors_total"));
    const [all] = await collected.resourceMetrics();
    const exported = new PrometheusSerializer(undefined, false, undefined, true, true).serialize(all!);
    // Single changes are counted only if there is a listener for them.
    const { config_changes_total, ...bridged } = described(parsed(exported.replaceAll(/^# UNIT .*\n/gmu, "")));
    expect(config_changes_total).toBeDefined();
    expect(bridged).toEqual(described(await families()));
  });
});
