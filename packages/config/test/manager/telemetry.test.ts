import { channel } from "node:diagnostics_channel";
import { telemetry } from "@otpts/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import { Config, ConfigSpec } from "../../src/index.ts";
import { eachAlone, ScriptedSource, started } from "./kit.ts";

eachAlone();

type Event = [event: string, measurements: object, metadata: object];

function events(glob: string): Event[] {
  const seen: Event[] = [];
  telemetry.attach(`test ${glob}`, glob, (...event) => void seen.push(event));
  onTestFinished(() => void telemetry.detach(`test ${glob}`));
  return seen;
}

describe("config.changed", () => {
  test("reports a put as one change at its path", async () => {
    const seen = events("config.changed");
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { a: { b: 1 } })] }));
    await Config.put("a.b", 2);
    await Config.put("rate_limits.api", { requests: 1000, window: 60 });
    await Config.put("a.b", 2);
    const manager = "config_manager";
    expect(seen).toEqual([
      ["config.changed", { changes: 1 }, { manager, path: "a.b", old_value: 1, new_value: 2 }],
      [
        "config.changed",
        { changes: 1 },
        { manager, path: "rate_limits.api", old_value: undefined, new_value: { requests: 1000, window: 60 } },
      ],
    ]);
  });

  test("reports a reload leaf by leaf in sorted order, and the first load not at all", async () => {
    const seen = events("config.changed");
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source] }));
    expect(seen).toEqual([]);
    source.next = { b: { d: 1, c: 2 } };
    await Config.reload();
    expect(seen.map(([, , metadata]) => (metadata as { path: string }).path)).toEqual(["a", "b.c", "b.d"]);
  });

  test("is also a diagnostics channel", async () => {
    const seen: unknown[] = [];
    const listener = (message: unknown): void => void seen.push(message);
    channel("otpts:config.changed").subscribe(listener);
    onTestFinished(() => {
      channel("otpts:config.changed").unsubscribe(listener);
    });
    await started(new ConfigSpec({ sources: [] }));
    await Config.put("a", 1);
    expect(seen).toMatchObject([{ event: "config.changed", metadata: { path: "a", new_value: 1 } }]);
  });

  test("redacts secrets", async () => {
    const seen = events("config.changed");
    await started(new ConfigSpec({ sources: [] }));
    await Config.put("db", { password: "hunter2", host: "h" });
    await Config.put("db.password", "hunter3");
    expect(seen.map(([, , metadata]) => metadata)).toMatchObject([
      { path: "db", new_value: { password: "[redacted]", host: "h" } },
      { path: "db.password", old_value: "[redacted]", new_value: "[redacted]" },
    ]);
  });
});

describe("config.reload", () => {
  test("is a span", async () => {
    const seen = events("config.reload.*");
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source], validators: { a: (value) => (value as number) < 5 } }));
    source.next = { a: 2 };
    await Config.reload();
    source.next = { a: 6 };
    await Config.reload().catch(() => undefined);
    expect(seen).toMatchObject([
      ["config.reload.start", {}, { manager: "config_manager" }],
      ["config.reload.stop", { duration: expect.any(Number) as number }, { version: 2, changed: 1 }],
      ["config.reload.start", {}, {}],
      [
        "config.reload.exception",
        { duration: expect.any(Number) as number },
        { error: expect.stringContaining("a") as string },
      ],
    ]);
  });
});
