import { inspect } from "node:util";

import { erlang, KILL, logger, type Pid, supervisor, telemetry } from "@otpts/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Config } from "../../src/config.ts";
import { ConsulSource } from "../../src/sources/consul.ts";
import { ConfigSpec } from "../../src/spec.ts";
import { ConfigManager } from "../../src/manager/tree.ts";
import { sourceWorkerOf } from "../manager/kit.ts";
import { type Asked, ScriptedServer, answer, listed } from "./kit/scripted_server.ts";

const patience = { timeout: 20_000, interval: 5 };
const token = "9f1c1a52-0000-secret-token";
let tops: Pid[] = [];
const reports: string[] = [];

beforeEach(() => {
  reports.length = 0;
  logger.set_handler((report: unknown) => void reports.push(inspect(report, { depth: 20, showHidden: true })));
});

afterEach(async () => {
  for (const top of tops) await supervisor.stop(top);
  tops = [];
  logger.set_handler(undefined);
});

async function start(source: ConsulSource): Promise<Pid> {
  const spec = new ConfigSpec({ id: "consul_test", sources: [source], env: {} });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] }),
  ]);
  tops.push(top);
  return top;
}

/** Blocking queries stay open until they are answered by the test. */
function consul(values: Record<string, string>, index = "10") {
  return (asked: Asked, response: Parameters<typeof answer>[0]) => {
    if (!asked.blocking) answer(response, 200, index, listed(values));
  };
}

test("a ConsulSource whose process was killed watches again, only once, and follows", async () => {
  await using server = await ScriptedServer.start(consul({ "app/a": "1" }));
  const top = await start(new ConsulSource("app", { address: server.url, wait: 60_000 }));
  expect(await Config.get("a")).toBe(1);
  for (let life = 0; life < 3; life++) {
    await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
    const [before] = server.open;
    const worker = await sourceWorkerOf(top);
    erlang.exit(worker, KILL);
    expect(await Config.get("a")).toBe(1);
    await vi.waitFor(() => {
      expect(server.open.size).toBe(1);
      expect(server.open.has(before!)).toBe(false);
    }, patience);
  }
  server.script = consul({ "app/a": "2" }, "11");
  const [waiting] = server.open;
  answer(waiting!, 200, "11", "[]");
  await vi.waitFor(() => expect(Config.peek("a")).toBe(2), patience);
  await vi.waitFor(async () => expect(await server.connections()).toBeLessThanOrEqual(2), patience);
});

test("a stopped ConfigManager leaves no request and no connection to Consul", async () => {
  await using server = await ScriptedServer.start(consul({ "app/a": "1" }));
  const top = await start(new ConsulSource("app", { address: server.url, wait: 60_000 }));
  await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
  await supervisor.stop(top);
  tops = [];
  await vi.waitFor(async () => expect([server.open.size, await server.connections()]).toEqual([0, 0]), patience);
});

test("a token of ConsulSource is in no event, status, explanation, report or error of the manager", async () => {
  const told: string[] = [];
  telemetry.attach(
    "spy",
    "**",
    (...event: unknown[]) => void told.push(inspect(event, { depth: 20, showHidden: true })),
  );
  telemetry.attach(
    "spy2",
    "config.*",
    (...event: unknown[]) => void told.push(inspect(event, { depth: 20, showHidden: true })),
  );
  try {
    await using server = await ScriptedServer.start(consul({ "app/a": "1" }));
    const source = new ConsulSource("app", {
      address: server.url,
      token,
      wait: 200,
      timeout: 200,
      write_through: true,
    });
    const top = await start(source);
    for (const status of [403, 500, 301]) {
      server.script = (_asked, response) => answer(response, status, undefined, `denied for ${token}`);
      told.push(inspect(await Config.reload()));
      told.push(inspect(await Config.put("a", 2).catch((error: unknown) => error), { depth: 20, showHidden: true }));
    }
    server.script = (_asked, response) => response.destroy();
    told.push(inspect(await Config.reload()));
    erlang.exit(await sourceWorkerOf(top), KILL);
    server.script = consul({ "app/a": "3" }, "12");
    await vi.waitFor(() => expect(Config.peek("a")).toBe(3), patience);
    told.push(inspect(await Config.status(), { depth: 20 }), inspect(await Config.explain("a"), { depth: 20 }));
    told.push(inspect([source, source.status()], { depth: 20, showHidden: true }));
    expect(server.asked.some(({ headers }) => headers["x-consul-token"] === token)).toBe(true);
  } finally {
    telemetry.detach("spy");
    telemetry.detach("spy2");
  }
  expect(told.join("\n")).toContain("source_error");
  expect([...told, ...reports].join("\n")).not.toContain(token);
});
