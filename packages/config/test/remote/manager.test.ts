import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { erlang, KILL, logger, type Pid, supervisor, telemetry } from "@otpts/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpSource } from "../../src/http.ts";
import { Config, ConfigManager, ConfigSpec, type Source } from "../../src/index.ts";
import { remote_source } from "../../src/remote.ts";
import { eventually } from "../eventually.ts";
import { sourceWorkerOf } from "../manager/kit.ts";
import { WebServer } from "./kit/web_server.ts";

let folder: string;
let server: WebServer;
let tops: Pid[] = [];
const reports: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-remote-"));
  server = await WebServer.start((_, response) => response.end());
  reports.length = 0;
  logger.set_handler((report: unknown) => void reports.push(inspect(report, { depth: 20, showHidden: true })));
});
afterEach(async () => {
  for (const top of tops) await supervisor.stop(top);
  tops = [];
  logger.set_handler(undefined);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(...sources: Source[]): Promise<Pid> {
  const spec = new ConfigSpec({ sources, env: {}, reload_interval: 0 });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] }),
  ]);
  tops.push(top);
  return top;
}

test("a start needs a required HttpSource or its cache file, and no optional one", async () => {
  const options = { cache_file: join(folder, "cache"), poll_interval: 20, backoff: { min: 5, max: 50 } };
  const required = () => new HttpSource(`${server.url}/x`, { ...options, required: true });
  server.serve('{"a": 1}');
  await supervisor.stop(await start(required()));
  tops = [];
  await server.stop();
  await expect(start(new HttpSource(`${server.url}/x`, { required: true }))).rejects.toThrow();
  await start(required());
  expect(await Config.get("a")).toBe(1);
  expect((await Config.status()).sources[0]?.details).toMatchObject({ from_cache: true });
  await eventually(async () => expect((await Config.status()).sources[0]).toMatchObject({ state: "error" }));
  server.serve('{"a": 2}');
  await server.back();
  await eventually(() => expect(Config.peek("a")).toBe(2));
  await eventually(async () => expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0 }));
});

test("an optional HttpSource is loaded when its server starts", async () => {
  const { url } = server;
  await server.stop();
  await start(new HttpSource(`${url}/x`, { backoff: { min: 5, max: 50 } }));
  expect(await Config.get("a", "nothing")).toBe("nothing");
  server.serve('{"a": 1}');
  await server.back();
  await eventually(() => expect(Config.peek("a")).toBe(1));
});

test("a source's killed process leaves nothing open, and its successor follows", async () => {
  server.serve('{"a": 0}');
  const top = await start(new HttpSource(`${server.url}/x`, { poll_interval: 10 }));
  for (const a of [1, 2, 3]) {
    erlang.exit(await sourceWorkerOf(top), KILL);
    server.serve(JSON.stringify({ a }));
    await eventually(() => expect(Config.peek("a")).toBe(a));
  }
  await supervisor.stop(top);
  tops = [];
  await eventually(async () => expect(await server.connections()).toBe(0));
  const asked = server.asked.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.asked.length).toBe(asked);
});

test("credentials and secret values appear in no log, event, error or status", async () => {
  const secret = "hunter2-0000";
  const url = `http://user:${secret}@${server.url.slice("http://".length)}/x?token=${secret}`;
  const events: string[] = [];
  telemetry.attach("remote secrets", "config.**", (...event) => {
    events.push(inspect(event, { depth: 20, showHidden: true }));
  });
  server.serve(JSON.stringify({ plain: secret, t: { x: 1 } }));
  const options = { headers: { "x-key": () => secret }, secret: true, poll_interval: 10, backoff: { min: 5, max: 10 } };
  await start(new HttpSource(url, options));
  expect(await Config.get("plain")).toBe(secret);
  expect(Config.snapshot().redacted()).toEqual({ plain: "[redacted]", t: "[redacted]" });
  server.script = (_, response) => void response.writeHead(500, { "x-echo": secret }).end(secret);
  await eventually(async () => expect((await Config.status()).sources[0]).toMatchObject({ state: "error" }));
  await Config.reload().catch(() => undefined);
  await server.stop();
  await eventually(async () =>
    expect((await Config.status()).sources[0]?.last_error?.message).toContain("connection refused"),
  );
  const told = [reports, events, await Config.status(), await Config.explain("plain")];
  expect(reports.length).toBeGreaterThan(0);
  expect(events.length).toBeGreaterThan(0);
  expect(inspect(told, { depth: 20, showHidden: true })).not.toContain(secret);
  telemetry.detach("remote secrets");
});

test("a stop completes even if the user's functions fail or hang", async () => {
  for (const close of [() => Promise.reject(new Error("no")), () => new Promise<void>(() => undefined)]) {
    const load = async () => ({ content: { a: 1 } });
    const top = await start(remote_source({ name: "own", load, close, timeout: 30 }));
    await supervisor.stop(top);
    tops = [];
  }
  expect(erlang.registered()).toEqual([]);
});
