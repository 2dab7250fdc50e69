import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as pause } from "node:timers/promises";

import { erlang, gen_server, logger, OK, telemetry, type Pid } from "@otpts/runtime";
import { afterEach, describe, expect, test } from "vitest";

import { death, eventually, reports } from "./kit/inside.ts";

const seen: unknown[][] = [];
const record = (...event: unknown[]) => void seen.push(event);
afterEach(() => {
  for (const id of ["a", "b", "c"]) telemetry.detach(id);
  seen.length = 0;
});

describe("attach", () => {
  test("calls the handler with event, measurements and metadata, in the order of attaching, before emit returns", () => {
    const order: string[] = [];
    telemetry.attach("b", "config.changed", () => void order.push("b"));
    telemetry.attach("a", "config.changed", (...event) => {
      order.push("a");
      record(...event);
    });
    telemetry.emit("config.changed", { changes: 1 }, { path: "x" });
    expect(order).toStrictEqual(["b", "a"]);
    expect(seen).toStrictEqual([["config.changed", { changes: 1 }, { path: "x" }]]);
  });

  test.each([
    [
      "config.*",
      ["config.changed", "config.reload"],
      ["config", "config.reload.start", "other.changed", "configxchanged"],
    ],
    ["config.**", ["config.changed", "config.reload.start", "config"], ["other", "configuration"]],
    ["*.stop", ["reload.stop"], ["config.reload.stop", "stop"]],
    ["**.stop", ["stop", "reload.stop", "config.reload.stop"], ["stopped"]],
    ["**", ["a", "a.b.c"], []],
    ["config.sub*", ["config.subscriber", "config.sub"], ["config.su", "config.sub.x"]],
    ["a+b.(c)", ["a+b.(c)"], ["aab.c"]],
    ["otp.**.x", ["otp.x", "otp.a.x", "otp.a.b.x"], ["otp.ax", "x"]],
  ])("with %s receives %j and not %j", (glob, yes, no) => {
    telemetry.attach("a", glob, record);
    for (const event of [...yes, ...no]) telemetry.emit(event);
    expect(seen.map(([event]) => event)).toStrictEqual(yes);
  });

  test("is effective for events that were emitted before", () => {
    telemetry.emit("late.event");
    telemetry.attach("a", "late.event", record);
    telemetry.emit("late.event");
    expect(seen).toHaveLength(1);
  });

  test("refuses an id in use, and a handler that is not a function", () => {
    telemetry.attach("a", "x", record);
    expect(() => telemetry.attach("a", "y", record)).toThrow(
      'Cannot attach "a": the id is in use; detach it first or take another one',
    );
    expect(() => telemetry.attach("b", "y", 7 as never)).toThrow(
      'Cannot attach "b": the handler must be a function, got 7',
    );
  });

  test.each([Symbol("id"), undefined, () => 1, 7, ["x"]])(
    "refuses an id and an event that are no texts: %s",
    (wrong) => {
      expect(() => telemetry.attach(wrong as never, "y", record)).toThrow(
        /^Cannot attach .*: handler_id must be a string/u,
      );
      expect(() => telemetry.attach("b", wrong as never, record)).toThrow(
        /^Cannot attach .*: event_or_glob must be a string/u,
      );
      expect(telemetry.detach("b")).toBe(false);
    },
  );
});

describe("detach", () => {
  test("ends it, and returns false if there was none", () => {
    telemetry.attach("a", "x", record);
    expect(telemetry.detach("a")).toBe(true);
    expect(telemetry.detach("a")).toBe(false);
    telemetry.emit("x");
    expect(seen).toStrictEqual([]);
  });

  test("inside a handler does not disturb the others", () => {
    telemetry.attach("a", "x", () => void telemetry.detach("a"));
    telemetry.attach("b", "x", record);
    telemetry.emit("x");
    telemetry.emit("x");
    expect(seen).toHaveLength(2);
  });
});

describe("a handler that fails", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("bad handler");
      },
    ],
    ["rejects", () => Promise.reject(new Error("bad handler"))],
  ])("because it %s is reported once and detached, without further effect", async (_how, handler) => {
    const said = await reports(async () => {
      telemetry.attach("a", "x", handler);
      telemetry.attach("b", "x", record);
      telemetry.emit("x");
      await eventually(() => !telemetry.detach("a"));
      telemetry.emit("x");
    });
    expect(seen).toHaveLength(2);
    expect(said.map(({ event }) => event)).toStrictEqual(["telemetry_handler_failed"]);
    expect(said[0]?.text.split("\n")[0]).toBe(
      'Telemetry handler "a" failed on "x" and was detached: Error: bad handler',
    );
  });
});

describe("span", () => {
  test("emits start and stop with the duration, and returns the result", async () => {
    telemetry.attach("a", "job.*", record);
    expect(telemetry.span("job", { id: 1 }, (annotate) => (annotate({ size: 2 }), 42))).toBe(42);
    expect(await telemetry.span("job", { id: 2 }, async () => (await pause(1), 43))).toBe(43);
    expect(seen.map(([event, , metadata]) => [event, metadata])).toStrictEqual([
      ["job.start", { id: 1 }],
      ["job.stop", { id: 1, size: 2 }],
      ["job.start", { id: 2 }],
      ["job.stop", { id: 2 }],
    ]);
    for (const [event, measurements] of seen as [string, Record<string, number>][]) {
      if (event === "job.stop") expect(measurements["duration"]).toBeGreaterThanOrEqual(0);
    }
  });

  test("emits exception and rethrows, synchronously and asynchronously", async () => {
    telemetry.attach("a", "job.*", record);
    const error = new Error("no");
    expect(() =>
      telemetry.span("job", {}, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(telemetry.span("job", {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(seen.map(([event]) => event)).toStrictEqual(["job.start", "job.exception", "job.start", "job.exception"]);
    expect((seen[1] as unknown[])[2]).toStrictEqual({ error });
  });
});

describe("an event", () => {
  test("is also a diagnostics_channel", () => {
    const published: unknown[] = [];
    const listener = (message: unknown) => void published.push(message);
    expect(telemetry.listening("config.changed")).toBe(false);
    subscribe("otpts:config.changed", listener);
    expect(telemetry.listening("config.changed")).toBe(true);
    telemetry.emit("config.changed", { changes: 2 }, { path: "y" });
    unsubscribe("otpts:config.changed", listener);
    telemetry.emit("config.changed", { changes: 3 });
    expect(published).toStrictEqual([
      { event: "config.changed", measurements: { changes: 2 }, metadata: { path: "y" } },
    ]);
  });

  test("otp.process_crash reports a crash even if the logger is silenced", async () => {
    const before = logger.set_handler(undefined);
    telemetry.attach("a", "otp.*", record);
    const pid = (await gen_server.start(
      { init: () => [OK, 0], handle_cast: () => Promise.reject(new Error("x")) } as object,
      0,
    )) as Pid;
    const end = death(pid);
    gen_server.cast(pid, 1);
    await end;
    logger.set_handler(before);
    expect(seen.map(([event, measurements]) => [event, measurements])).toStrictEqual([
      ["otp.process_crash", { count: 1 }],
    ]);
    expect((seen[0] as [string, object, { pid: unknown; level: string }])[2]).toMatchObject({ pid, level: "error" });
    expect(erlang.is_process_alive(pid)).toBe(false);
  });
});
