/** The specification's block "Configuration Validation": validated before it is set, for puts and reloads alike. */
import { Config, ConfigValidationError, FileSource, PUT_CONFIG } from "@otpts/config";
import { gen_server, atoms } from "@otpts/runtime";
import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { eachAlone, events, eventually, folder, started } from "./kit.ts";

const { ERROR } = atoms;

eachAlone();

/** The block's dataclass: three fields that must be there, one with a default, and no others. */
class TCRuleConfig {
  readonly interface: string;
  readonly download_rate: number;
  readonly upload_rate: number;
  readonly burst: number = 0;

  constructor(fields: Readonly<Record<string, unknown>>) {
    const { interface: name, download_rate, upload_rate, burst = 0, ...others } = fields;
    const [unexpected] = Object.keys(others);
    if (unexpected !== undefined) throw new TypeError(`unexpected field ${unexpected}`);
    if (typeof name !== "string") throw new TypeError("interface must be a text");
    if (!Number.isInteger(download_rate)) throw new TypeError("download_rate must be a whole number");
    if (!Number.isInteger(upload_rate)) throw new TypeError("upload_rate must be a whole number");
    if (!Number.isInteger(burst)) throw new TypeError("burst must be a whole number");
    this.interface = name;
    this.download_rate = download_rate as number;
    this.upload_rate = upload_rate as number;
    this.burst = burst as number;
  }
}

class ConfigValidator {
  /** Validate TC rule configuration. */
  static validate_tc_rules(config_dict: unknown): TCRuleConfig {
    try {
      return new TCRuleConfig(config_dict as Record<string, unknown>);
    } catch (e) {
      throw new ConfigValidationError(`Invalid TC rule config: ${(e as Error).message}`);
    }
  }
}

const good = { interface: "enp4s0", download_rate: 500, upload_rate: 100 };
const toml = (download_rate: string) =>
  `[queuemizer.tc_rules.enp4s0]\ninterface = "enp4s0"\ndownload_rate = ${download_rate}\nupload_rate = 100\n`;

let config_file: string;

describe("Configuration Validation", () => {
  beforeEach(async () => {
    config_file = (await folder({ "config.toml": toml("500") }))("config.toml");
    await started({
      sources: [new FileSource(config_file, { name: "file" })],
      reload_interval: 0,
      // Use in configuration manager: the block's `path.startswith("queuemizer.tc_rules")`
      validators: { "queuemizer.tc_rules.*": (value) => ConfigValidator.validate_tc_rules(value) },
    });
  });

  test("the block: a valid value is set", async () => {
    expect(await Config.put("queuemizer.tc_rules.enp5s0", { ...good, interface: "enp5s0", burst: 15 })).toBe(true);
    expect(await Config.get("queuemizer.tc_rules.enp5s0.burst")).toBe(15);
  });

  test("the block: an invalid value is refused before it is set, without a notification, with an error for the caller", async () => {
    const told: string[] = [];
    await Config.subscribe("**", (path) => void told.push(path));
    const { version } = await Config.status();
    for (const [bad, why] of [
      [{ interface: "enp4s0", download_rate: 500 }, "upload_rate must be a whole number"],
      [{ ...good, download_rate: "fast" }, "download_rate must be a whole number"],
      [{ ...good, color: "red" }, "unexpected field color"],
      [42, "interface must be a text"],
    ] as const) {
      const error: unknown = await Config.put("queuemizer.tc_rules.enp4s0", bad).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigValidationError);
      expect((error as Error).message).toContain(`Invalid TC rule config: ${why}`);
    }
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toEqual(good);
    expect((await Config.status()).version).toBe(version);
    expect(told).toEqual([]);
  });

  test("a validator's error is listed as a problem, with its path and origin", async () => {
    const message = "Invalid TC rule config: interface must be a text";
    await expect(Config.put("queuemizer.tc_rules.enp4s0", {})).rejects.toMatchObject({
      problems: [{ path: "queuemizer.tc_rules.enp4s0", message, origin: "put" }],
    });
  });

  test("a validator's error at a reload is listed in status, with its path", async () => {
    await writeFile(config_file, toml('"fast"'));
    await expect(Config.reload()).rejects.toThrow(ConfigValidationError);
    expect((await Config.status()).refused?.problems).toMatchObject([{ path: "queuemizer.tc_rules.enp4s0" }]);
  });

  test("an invalid value in a message gets an error reply, and nothing changes", async () => {
    const reply = await gen_server.call("config_manager", [PUT_CONFIG, "queuemizer.tc_rules.enp4s0", { a: 1 }]);
    expect(reply).toEqual([ERROR, expect.any(ConfigValidationError)]);
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toEqual(good);
  });

  test("a put below or above the rules is validated by its effect on the rules", async () => {
    await expect(Config.put("queuemizer.tc_rules.enp4s0.download_rate", "fast")).rejects.toThrow(ConfigValidationError);
    await expect(Config.put("queuemizer", { tc_rules: { a: {}, b: {} } })).rejects.toMatchObject({
      problems: [{ path: "queuemizer.tc_rules.a" }, { path: "queuemizer.tc_rules.b" }],
    });
    expect(await Config.put("queuemizer.tc_rules.enp4s0.burst", 15)).toBe(true);
    expect(await Config.put("elsewhere", { download_rate: "fast" })).toBe(true);
  });

  test("an invalid reload is refused as a whole: the last good values stay, and status names the source", async () => {
    const failed = events("config.validation_failed");
    await writeFile(config_file, `${toml('"fast"')}[other]\na = 1\n`);
    await expect(Config.reload()).rejects.toThrow(ConfigValidationError);
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toEqual(good);
    expect(await Config.get("other.a")).toBeUndefined();
    const status = await Config.status();
    expect(status.sources[0]).toMatchObject({ name: "file", state: "refused" });
    expect(status.refused).toMatchObject({ sources: ["file"] });
    expect(failed.length).toBeGreaterThan(0);

    await writeFile(config_file, toml("750"));
    await eventually(async () => (await Config.get("queuemizer.tc_rules.enp4s0.download_rate")) === 750);
    expect((await Config.status()).refused).toBeUndefined();
  });
});

test("Configuration Validation: a validator may be asynchronous, return a message or return false", async () => {
  await started({
    validators: {
      slow: async (value) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (value !== "good") throw new Error("must be good");
      },
      message: (value) => value === "good" || "must be good",
      no: () => false,
    },
  });
  await expect(Config.put("slow", "bad")).rejects.toThrow(/slow.*must be good/s);
  await expect(Config.put("message", "bad")).rejects.toThrow(/message.*must be good/s);
  await expect(Config.put("no", 1)).rejects.toThrow(ConfigValidationError);
  expect([await Config.put("slow", "good"), await Config.put("message", "good")]).toEqual([true, true]);
  expect(Config.snapshot().tree).toEqual({ slow: "good", message: "good" });
});
