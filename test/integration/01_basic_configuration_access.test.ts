/** The specification's block "Basic Configuration Access". */
import { Config, config_path_atom, FileSource } from "@otpts/config";
import { atom, erlang, Exit } from "@otpts/runtime";
import { beforeEach, describe, expect, test } from "vitest";
import { eachAlone, folder, started } from "./kit.ts";

eachAlone();

const toml = `[database]
url = "postgres://localhost/myapp"

[queuemizer.tc_rules.enp4s0]
download_rate = 500
upload_rate = 100

[queuemizer.tc_rules."enp4s0.100"]
download_rate = 50
`;

describe("Basic Configuration Access", () => {
  beforeEach(async () => {
    const file = await folder({ "config.toml": toml });
    await started({ sources: [new FileSource(file("config.toml"))] });
  });

  test("the block returns the documented values", async () => {
    // Get configuration values (using atom-based paths internally)
    const db_url = await Config.get("database.url");
    const max_connections = await Config.get("database.max_connections", 10);

    // Set configuration values (runtime updates)
    await Config.put("feature_flags.new_ui", true);
    await Config.put("rate_limits.api", { requests: 1000, window: 60 });

    // Nested path access
    const tc_rules = await Config.get("queuemizer.tc_rules.enp4s0");

    expect(db_url).toBe("postgres://localhost/myapp");
    expect(max_connections).toBe(10);
    expect(await Config.get("feature_flags.new_ui")).toBe(true);
    expect(await Config.get("rate_limits.api")).toEqual({ requests: 1000, window: 60 });
    expect(tc_rules).toEqual({ download_rate: 500, upload_rate: 100 });
  });

  test("Config.get returns undefined if there is no value, and the default only then", async () => {
    expect(await Config.get("database.max_connections")).toBeUndefined();
    expect(await Config.get("database.url", "sqlite://")).toBe("postgres://localhost/myapp");
    expect(await Config.get("nowhere", undefined)).toBeUndefined();
  });

  test('Config.get keeps values such as null, false, 0 and ""', async () => {
    await Config.put("edge", { zero: 0, no: false, empty: "", nil: null, none: [] });
    for (const [name, value] of Object.entries({ zero: 0, no: false, empty: "", nil: null, none: [] })) {
      expect(await Config.get(`edge.${name}`, "the default")).toEqual(value);
    }
  });

  test("Config.get reads below a value that was put, and returns an inner node as one frozen table", async () => {
    await Config.put("rate_limits.api", { requests: 1000, window: 60 });
    expect(await Config.get("rate_limits.api.requests")).toBe(1000);
    expect(await Config.get("rate_limits")).toEqual({ api: { requests: 1000, window: 60 } });
    const table = (await Config.get("queuemizer")) as { tc_rules: { enp4s0: object } };
    expect(Object.isFrozen(table) && Object.isFrozen(table.tc_rules.enp4s0)).toBe(true);
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toBe(table.tc_rules.enp4s0);
  });

  test("Config.get accepts a path atom and an array of segments for the same path", async () => {
    expect(await Config.get(config_path_atom("database.url"))).toBe("postgres://localhost/myapp");
    expect(await Config.get(["database", "url"])).toBe("postgres://localhost/myapp");
    expect(await Config.get("queuemizer.tc_rules.enp4s0\\.100.download_rate")).toBe(50);
    expect(await Config.get(["queuemizer", "tc_rules", "enp4s0.100", "download_rate"])).toBe(50);
  });

  test("Config.get creates no atom for the path that it looks up", async () => {
    await Config.get("warm.up");
    const before = atom.count();
    for (let i = 0; i < 100; i++) await Config.get(`never.seen.before.${i}`, "absent");
    expect(atom.count()).toBe(before);
    expect(atom.exists("config.never.seen.before.0")).toBe(false);
  });

  test("Config.put resolves with true, and its value is returned from then on", async () => {
    expect(await Config.put("database.url", "postgres://replica/myapp")).toBe(true);
    expect(await Config.get("database.url")).toBe("postgres://replica/myapp");
    await Config.put("queuemizer.tc_rules.enp4s0", { burst: 15 });
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toEqual({ burst: 15 });
    expect(await Config.get("queuemizer.tc_rules.enp4s0.download_rate")).toBeUndefined();
  });

  test("Config.put refuses a value that is not plain data, names the path, and changes nothing", async () => {
    await expect(Config.put("rate_limits.api", { requests: Number.NaN })).rejects.toThrow(/rate_limits\.api\.requests/);
    await expect(Config.put("rate_limits.api", { check: () => true })).rejects.toThrow(/rate_limits\.api\.check/);
    expect(await Config.get("rate_limits")).toBeUndefined();
  });

  test("Config.get rejects an argument that is not a path", async () => {
    await expect(Config.get("database..url")).rejects.toThrow(TypeError);
    await expect(Config.get("")).rejects.toThrow(/segment 1 of 1 is empty/);
  });
});

test("Config.get exits with noproc and a hint if no manager runs", async () => {
  expect(erlang.whereis("config_manager")).toBeUndefined();
  const error: unknown = await Config.get("database.url").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Exit);
  expect((error as Exit).message).toMatch(/config_manager/);
});
