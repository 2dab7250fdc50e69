/** The specification's block "Change Notifications". */
import { type ChangeContext, Config, CONFIG_CHANGED, FileSource } from "@otpts/config";
import { writeFile } from "node:fs/promises";
import { erlang } from "@otpts/runtime";
import { beforeEach, expect, test } from "vitest";
import { eachAlone, eventually, folder, inProcess, started } from "./kit.ts";

eachAlone();

const toml = (rate: number) => `[queuemizer.tc_rules.enp4s0]
download_rate = ${rate}
upload_rate = 100

[queuemizer.tc_rules.enp5s0]
download_rate = 200

[rate_limits.api]
requests = 100
window = 60
`;

let config_file: string;
let reloads: unknown[];
let updates: unknown[];

beforeEach(async () => {
  config_file = (await folder({ "config.toml": toml(500) }))("config.toml");
  await started({ sources: [new FileSource(config_file)] });
  reloads = [];
  updates = [];
});

async function reload_tc_configuration(new_value: unknown): Promise<void> {
  reloads.push(new_value);
}

async function update_rate_limiter(new_value: unknown): Promise<void> {
  updates.push(new_value);
}

// Subscribe to configuration changes
async function handle_config_change(path: string, _old_value: unknown, new_value: unknown): Promise<void> {
  if (path.startsWith("queuemizer.tc_rules")) {
    await reload_tc_configuration(new_value);
  } else if (path === "rate_limits.api") {
    await update_rate_limiter(new_value);
  }
}

async function block(): Promise<void> {
  // Subscribe to specific paths
  expect(await Config.subscribe("queuemizer.tc_rules.*", handle_config_change)).toBe(true);
  expect(await Config.subscribe("rate_limits.*", handle_config_change)).toBe(true);
}

test("the block: a put inside an interface's rules reaches the handler with all of its rules", async () => {
  await block();
  await Config.put("queuemizer.tc_rules.enp4s0.download_rate", 750);
  expect(reloads).toEqual([{ download_rate: 750, upload_rate: 100 }]);
  await Config.put("rate_limits.api", { requests: 1000, window: 60 });
  expect(updates).toEqual([{ requests: 1000, window: 60 }]);
  expect(reloads).toHaveLength(1);
});

test("the block: an edit of the file reaches the handler without a reload, for the changed interface", async () => {
  await block();
  await writeFile(config_file, toml(750));
  await eventually(() => reloads.length > 0);
  expect(reloads).toEqual([{ download_rate: 750, upload_rate: 100 }]);
  expect(updates).toEqual([]);
});

test("Config.subscribe notifies with path, old value, new value and a context", async () => {
  const told: unknown[][] = [];
  await Config.subscribe("queuemizer.tc_rules.*", (...change: unknown[]) => void told.push(change));
  await Config.put("queuemizer.tc_rules.enp4s0.download_rate", 750);
  const { version } = await Config.status();
  const context: ChangeContext = {
    pattern: "queuemizer.tc_rules.*",
    segments: ["queuemizer", "tc_rules", "enp4s0"],
    version,
    cause: "put",
  };
  expect(told).toEqual([
    [
      "queuemizer.tc_rules.enp4s0",
      { download_rate: 500, upload_rate: 100 },
      { download_rate: 750, upload_rate: 100 },
      context,
    ],
  ]);
});

test("Config.subscribe: a pattern is notified of nodes at its depth, whatever level was written", async () => {
  const told: unknown[][] = [];
  await Config.subscribe(
    "queuemizer.tc_rules.*",
    (path, old_value, new_value) => void told.push([path, old_value, new_value]),
  );
  await Config.put("queuemizer", { tc_rules: { enp4s0: { download_rate: 1 }, wlan0: { download_rate: 2 } } });
  expect(told).toEqual([
    ["queuemizer.tc_rules.enp4s0", { download_rate: 500, upload_rate: 100 }, { download_rate: 1 }],
    ["queuemizer.tc_rules.enp5s0", { download_rate: 200 }, undefined],
    ["queuemizer.tc_rules.wlan0", undefined, { download_rate: 2 }],
  ]);
});

test("Config.subscribe: `*` is exactly one segment, `**` matches the changed leaves, a plain path its node", async () => {
  const told: Record<string, string[]> = {};
  for (const pattern of [
    "*",
    "queuemizer.*",
    "queuemizer.**",
    "queuemizer.tc_rules.enp4s0",
    "queuemizer.tc_rules.*.*",
  ]) {
    told[pattern] = [];
    await Config.subscribe(pattern, (path) => void told[pattern]?.push(path));
  }
  await Config.put("queuemizer.tc_rules.enp4s0.download_rate", 750);
  expect(told).toEqual({
    "*": ["queuemizer"],
    "queuemizer.*": ["queuemizer.tc_rules"],
    "queuemizer.**": ["queuemizer.tc_rules.enp4s0.download_rate"],
    "queuemizer.tc_rules.enp4s0": ["queuemizer.tc_rules.enp4s0"],
    "queuemizer.tc_rules.*.*": ["queuemizer.tc_rules.enp4s0.download_rate"],
  });
});

test("Config.subscribe notifies of effective changes only", async () => {
  await block();
  await Config.put("queuemizer.tc_rules.enp4s0.download_rate", 500);
  await Config.put("queuemizer.tc_rules", {
    enp4s0: { download_rate: 500, upload_rate: 100 },
    enp5s0: { download_rate: 200 },
  });
  await Config.reload();
  await Config.put("rate_limits.api.requests", 1);
  expect(reloads).toEqual([]);
  expect(updates).toEqual([{ requests: 1, window: 60 }]);
});

test("Config.subscribe twice makes one subscription, and Config.unsubscribe ends it", async () => {
  await block();
  await block();
  await Config.put("rate_limits.api.requests", 1);
  expect(updates).toHaveLength(1);
  expect(await Config.unsubscribe("rate_limits.*", handle_config_change)).toBe(true);
  await Config.put("rate_limits.api.requests", 2);
  expect(updates).toHaveLength(1);
  await Config.put("queuemizer.tc_rules.enp5s0.download_rate", 1);
  expect(reloads).toHaveLength(1);
});

test("Config.subscribe: a callback may get, put, reload and subscribe", async () => {
  const seen: unknown[] = [];
  await Config.subscribe("rate_limits.*", async (_path, _old_value, new_value) => {
    seen.push(await Config.get("rate_limits.api"));
    await Config.put("audit.last", new_value);
    await Config.reload();
    await Config.subscribe("audit.*", (path) => void seen.push(path));
    seen.push("done");
  });
  await Config.put("rate_limits.api.requests", 1);
  expect(seen).toEqual([{ requests: 1, window: 60 }, "done"]);
  expect(await Config.get("audit.last")).toEqual({ requests: 1, window: 60 });
  await Config.put("audit.last", "again");
  expect(seen).toEqual([{ requests: 1, window: 60 }, "done", "audit.last"]);
});

test("Config.subscribe: a callback that throws affects neither the put nor other callbacks", async () => {
  await Config.subscribe("rate_limits.*", () => {
    throw new Error("the handler is broken");
  });
  await block();
  expect(await Config.put("rate_limits.api.requests", 1)).toBe(true);
  expect(updates).toEqual([{ requests: 1, window: 60 }]);
});

test("Config.subscribe: a process receives [CONFIG_CHANGED, path, old_value, new_value], and the subscription ends with it", async () => {
  const message = await inProcess(async () => {
    await Config.subscribe("rate_limits.*", erlang.self());
    await Config.put("rate_limits.api.requests", 1);
    return erlang.receive();
  });
  expect(message).toEqual([
    CONFIG_CHANGED,
    "rate_limits.api",
    { requests: 100, window: 60 },
    { requests: 1, window: 60 },
  ]);
  await eventually(async () => (await Config.status()).subscriptions === 0);
});
