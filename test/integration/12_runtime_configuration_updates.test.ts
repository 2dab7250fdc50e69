/** The specification's block "Runtime Configuration Updates": the handlers of an HTTP API, called with the platform's requests. */
import { Config, FileSource, RuntimeSource } from "@otpts/config";
import { beforeEach, describe, expect, test } from "vitest";
import { eachAlone, folder, started, stopped } from "./kit.ts";

eachAlone();

type Answer = object | readonly [body: object, status: number];

function _validate_rate_limits(limits: unknown): boolean {
  const { requests, window } = (limits ?? {}) as { requests?: unknown; window?: unknown };
  return Number.isInteger(requests) && Number(requests) > 0 && Number.isInteger(window) && Number(window) > 0;
}

/** HTTP endpoint to update rate limits. */
async function update_rate_limits(request: Request): Promise<Answer> {
  const new_limits: unknown = await request.json();

  // Validate new configuration
  if (_validate_rate_limits(new_limits)) {
    await Config.put("rate_limits.api", new_limits);
    return { status: "updated" };
  } else {
    return [{ error: "invalid configuration" }, 400];
  }
}

/** HTTP endpoint to get current configuration. */
async function get_current_config(_request: Request): Promise<Answer> {
  const config = {
    interfaces: await Config.get("queuemizer.interfaces"),
    rate_limits: await Config.get("rate_limits"),
    feature_flags: await Config.get("feature_flags"),
  };
  return config;
}

const put = (body: unknown) =>
  new Request("http://localhost/rate_limits", { method: "PUT", body: JSON.stringify(body) });
const get = () => new Request("http://localhost/config");

describe("Runtime Configuration Updates", () => {
  beforeEach(async () => {
    const toml = `[queuemizer]\ninterfaces = ["eth0"]\n[rate_limits.api]\nrequests = 100\nwindow = 60\n`;
    const file = await folder({ "config.toml": toml });
    await started({ sources: [new FileSource(file("config.toml"))], reload_interval: 0 });
  });

  test("the block: a valid update is put, and effective for the next request", async () => {
    expect(await update_rate_limits(put({ requests: 1000, window: 60 }))).toEqual({ status: "updated" });
    expect(await get_current_config(get())).toEqual({
      interfaces: ["eth0"],
      rate_limits: { api: { requests: 1000, window: 60 } },
      feature_flags: undefined,
    });
  });

  test("the block: an invalid update is answered with 400 and puts nothing", async () => {
    const answer = await update_rate_limits(put({ requests: -1, window: 60 }));
    expect(answer).toEqual([{ error: "invalid configuration" }, 400]);
    expect(await Config.get("rate_limits.api")).toEqual({ requests: 100, window: 60 });
    expect((await Config.status()).overrides).toEqual([]);
  });

  test("Config.put copies its argument, so that later changes of the object have no effect", async () => {
    const limits = { requests: 1000, window: 60, tags: ["a"] };
    await Config.put("rate_limits.api", limits);
    limits.requests = 1;
    limits.tags.push("b");
    expect(await Config.get("rate_limits.api")).toEqual({ requests: 1000, window: 60, tags: ["a"] });
  });

  test("Config.get returns an immutable value that JSON.stringify preserves", async () => {
    const config = await Config.get("rate_limits");
    expect(JSON.parse(JSON.stringify(config))).toEqual({ api: { requests: 100, window: 60 } });
    expect(() => ((config as { api: { requests: number } }).api.requests = 1)).toThrow(TypeError);
  });

  test("a runtime update outlives a reload, until it is unset", async () => {
    await Config.put("rate_limits.api", { requests: 1000, window: 60 });
    await Config.reload();
    expect(await Config.get("rate_limits.api.requests")).toBe(1000);
    expect((await Config.status()).overrides).toEqual(["rate_limits.api"]);
    await Config.unset("rate_limits.api");
    expect(await Config.get("rate_limits.api.requests")).toBe(100);
  });

  test("Config.merge changes exactly the given leaves in one change", async () => {
    const told: unknown[] = [];
    await Config.subscribe("rate_limits.*", (_path, _old_value, new_value) => void told.push(new_value));
    await Config.merge("rate_limits", { api: { requests: 5, burst: 1 } });
    expect(told).toEqual([{ requests: 5, window: 60, burst: 1 }]);
    expect(await Config.get("rate_limits.api")).toEqual({ requests: 5, window: 60, burst: 1 });
  });

  test("many simultaneous requests: each put is visible as a whole, and the last one stays", async () => {
    const all = Array.from({ length: 50 }, (_, i) => ({ requests: i + 1, window: i + 1 }));
    const seen: { requests: number; window: number }[] = [];
    await Promise.all(
      all.map(async (limits) => {
        await update_rate_limits(put(limits));
        seen.push((await Config.get("rate_limits.api")) as { requests: number; window: number });
      }),
    );
    expect(seen.filter(({ requests, window }) => requests !== window)).toEqual([]);
    expect(all).toContainEqual(await Config.get("rate_limits.api"));
  });
});

/** Puts under one manager, and gives the configuration of the next one, as after a restart of the program. */
async function afterRestart(
  sources: (file: (name: string) => string) => ConstructorParameters<typeof FileSource>[0][],
) {
  const file = await folder({ "config.toml": "[rate_limits.api]\nrequests = 100\n" });
  const options = () => ({
    sources: [
      ...sources(file).map((path) => new FileSource(path)),
      new RuntimeSource({ file: file("overrides.json") }),
    ],
    reload_interval: 0,
  });
  const top = await started(options());
  await Config.put("rate_limits.api.requests", 1000);
  await Config.put("feature_flags.new_ui", true);
  await stopped(top);
  await started(options());
  return Config.get([]);
}

test("RuntimeSource with a file: an acknowledged put outlives a restart of the program", async () => {
  expect(await afterRestart((file) => [file("config.toml")])).toEqual({
    rate_limits: { api: { requests: 1000 } },
    feature_flags: { new_ui: true },
  });
});

test("RuntimeSource with a file: an acknowledged put outlives a restart, even if no source has data", async () => {
  expect(await afterRestart((file) => [file("absent.toml")])).toEqual({
    rate_limits: { api: { requests: 1000 } },
    feature_flags: { new_ui: true },
  });
});
