/** The specification's block "Integration with Telemetry": the events' names, measurements and metadata. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Config, FileSource } from "@otpts/config";
import { telemetry } from "@otpts/runtime";
import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { afterwards, eachAlone, events, folder, started } from "./kit.ts";

eachAlone();

let config_file: string;

/** The metadata that the specification gives an event; the manager's name stands beside it in all of them. */
const manager = "config_manager";

describe("Integration with Telemetry", () => {
  beforeEach(async () => {
    config_file = (await folder({ "config.toml": `[rate_limits.api]\nrequests = 100\n` }))("config.toml");
    await started({ sources: [new FileSource(config_file)], reload_interval: 0 });
  });

  test("config.changed {changes: 1} {path, old_value, new_value} for a put", async () => {
    const seen = events("config.changed");
    await Config.put("rate_limits.api.requests", 1000);
    await Config.put("feature_flags.new_ui", true);
    await Config.unset("feature_flags.new_ui");
    expect(seen).toEqual([
      [
        "config.changed",
        { changes: 1 },
        { manager, path: "rate_limits.api.requests", old_value: 100, new_value: 1000 },
      ],
      [
        "config.changed",
        { changes: 1 },
        { manager, path: "feature_flags.new_ui", old_value: undefined, new_value: true },
      ],
      [
        "config.changed",
        { changes: 1 },
        { manager, path: "feature_flags.new_ui", old_value: true, new_value: undefined },
      ],
    ]);
  });

  test("config.changed for each leaf that a reload changes, and none without a change", async () => {
    const seen = events("config.changed");
    await Config.reload();
    await Config.put("rate_limits.api.requests", 100);
    expect(seen).toEqual([]);
    await Config.unset("rate_limits.api.requests");
    await writeFile(config_file, `a = 1\n[rate_limits.api]\nrequests = 200\nwindow = 60\n`);
    await Config.reload();
    expect(seen.map(([, measurements, metadata]) => [measurements, metadata])).toEqual([
      [{ changes: 1 }, { manager, path: "a", old_value: undefined, new_value: 1 }],
      [{ changes: 1 }, { manager, path: "rate_limits.api.requests", old_value: 100, new_value: 200 }],
      [{ changes: 1 }, { manager, path: "rate_limits.api.window", old_value: undefined, new_value: 60 }],
    ]);
  });

  test("config.changed shows no secret", async () => {
    const seen = events("config.**");
    await Config.put("database.password", "hunter2");
    await Config.put("database.password", "hunter3");
    expect(seen).toHaveLength(2);
    expect(JSON.stringify(seen)).not.toMatch(/hunter/);
    expect(await Config.get("database.password")).toBe("hunter3");
  });

  test("config.subscriber_error {errors: 1} {pattern, error} for a failing callback, while the others are notified", async () => {
    const seen = events("config.subscriber_error");
    const told: unknown[] = [];
    await Config.subscribe("rate_limits.*", async () => {
      throw new Error("the limiter is broken");
    });
    await Config.subscribe("rate_limits.**", () => {
      throw "not even an error";
    });
    await Config.subscribe("rate_limits.*", (_path, _old_value, new_value) => void told.push(new_value));
    expect(await Config.put("rate_limits.api.requests", 1)).toBe(true);
    expect(told).toEqual([{ requests: 1 }]);
    const path = "rate_limits.api";
    expect(seen).toHaveLength(2);
    expect(seen).toContainEqual([
      "config.subscriber_error",
      { errors: 1 },
      { manager, pattern: "rate_limits.*", path, error: "the limiter is broken" },
    ]);
    expect(seen).toContainEqual([
      "config.subscriber_error",
      { errors: 1 },
      { manager, pattern: "rate_limits.**", path: `${path}.requests`, error: "not even an error" },
    ]);
    await Config.put("rate_limits.api.requests", 2);
    expect(told).toEqual([{ requests: 1 }, { requests: 2 }]);
    expect(seen).toHaveLength(4);
  });

  test("config.reload is a span: start, and stop with its duration", async () => {
    const seen = events("config.reload.*");
    await Config.reload();
    expect(seen.map(([event]) => event)).toEqual(["config.reload.start", "config.reload.stop"]);
    expect(seen[1]?.[1]).toEqual({ duration: expect.any(Number) });
    expect(seen[1]?.[2]).toMatchObject({ manager, changed: 0 });
  });

  test("config.source_error when a source fails, config.source_recovered when it recovers", async () => {
    const seen = events("config.source_*");
    await writeFile(config_file, "a = = 1\n");
    await Config.reload();
    expect(seen[0]).toEqual([
      "config.source_error",
      { errors: 1 },
      expect.objectContaining({ manager, source: expect.stringContaining("file:"), line: 1, column: 5 }),
    ]);
    await writeFile(config_file, "a = 1\n");
    await Config.reload();
    expect(seen.at(-1)?.[0]).toBe("config.source_recovered");
  });

  test("each event is also a node:diagnostics_channel", async () => {
    const published: unknown[] = [];
    const listen = (message: unknown): void => void published.push(message);
    subscribe("otpts:config.changed", listen);
    afterwards(() => unsubscribe("otpts:config.changed", listen));
    await Config.put("a", 1);
    expect(published).toEqual([
      {
        event: "config.changed",
        measurements: { changes: 1 },
        metadata: { manager, path: "a", old_value: undefined, new_value: 1 },
      },
    ]);
  });

  test("a failing telemetry handler affects neither the put nor the other handlers", async () => {
    telemetry.attach("broken", "config.changed", () => {
      throw new Error("the dashboard is down");
    });
    afterwards(() => telemetry.detach("broken"));
    const seen = events("config.changed");
    expect(await Config.put("a", 1)).toBe(true);
    expect(seen).toHaveLength(1);
  });
});
