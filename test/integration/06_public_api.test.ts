/** The specification's block "Public API": a client is four messages, and the client that is exported sends the same. */
import {
  Config,
  config_path_atom,
  EnvironmentSource,
  FileSource,
  GET_CONFIG,
  PUT_CONFIG,
  RELOAD,
  type ReloadReport,
  SUBSCRIBE,
  type ChangeCallback,
} from "@otpts/config";
import { gen_server, OK } from "@otpts/runtime";
import { beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { eachAlone, eventually, folder, started } from "./kit.ts";

eachAlone();

/** The block's class. */
class BlockConfig {
  /** Get configuration value by path. */
  static async get(path: string, fallback?: unknown) {
    const path_atom = config_path_atom(path);
    return await gen_server.call("config_manager", [GET_CONFIG, path_atom, fallback]);
  }

  /** Set configuration value at path. */
  static async put(path: string, value: unknown) {
    const path_atom = config_path_atom(path);
    return await gen_server.call("config_manager", [PUT_CONFIG, path_atom, value]);
  }

  /** Subscribe to configuration changes matching pattern. */
  static async subscribe(pattern: string, callback: ChangeCallback) {
    const pattern_atom = config_path_atom(pattern);
    return await gen_server.call("config_manager", [SUBSCRIBE, pattern_atom, callback]);
  }

  /** Force reload from all sources. */
  static async reload() {
    return gen_server.cast("config_manager", [RELOAD]);
  }
}

let env: Record<string, string>;

beforeEach(async () => {
  const file = await folder({ "config.toml": "a = 1\n" });
  env = {};
  const sources = [new FileSource(file("config.toml")), new EnvironmentSource({ prefix: "MYAPP_", env, name: "env" })];
  await started({ sources, reload_interval: 0 });
});

describe.each([
  ["the block's class", BlockConfig],
  ["Config", Config],
])("Public API: %s", (_, Config) => {
  test("get, put and subscribe work", async () => {
    const told: unknown[][] = [];
    expect(await Config.get("a", 10)).toBe(1);
    expect(await Config.get("b", 10)).toBe(10);
    expect(await Config.get("b")).toBeUndefined();
    expect(
      await Config.subscribe("*", (path, old_value, new_value) => void told.push([path, old_value, new_value])),
    ).toBe(true);
    expect(await Config.put("a", 2)).toBe(true);
    expect(await Config.get("a")).toBe(2);
    expect(told).toEqual([["a", 1, 2]]);
  });

  test("reload loads from all sources", async () => {
    // An environment is not watched: only a reload finds its changes.
    env["MYAPP_FLAG"] = "1";
    await Config.reload();
    await eventually(async () => (await Config.get("flag")) === 1);
  });
});

test("Config.reload resolves when the values of the sources are effective and their subscribers notified", async () => {
  const told: string[] = [];
  await Config.subscribe("**", (path) => void told.push(path));
  Object.assign(env, { MYAPP_A: "3", MYAPP_B: "4" });
  const report = await Config.reload();
  expect(await Config.get("b")).toBe(4);
  expect(told).toEqual(["a", "b"]);
  expect(report).toMatchObject({ changed: ["a", "b"], sources: [{ outcome: "unchanged" }, { outcome: "data" }] });
  expect(await BlockConfig.reload()).toBe(OK);
});

test("Config.peek and Config.ref read the same as Config.get, without a message", async () => {
  const a = Config.ref("a");
  expect([Config.peek("a"), a.value, Config.peek("b", 10), Config.ref("b", 11).value]).toEqual([1, 1, 10, 11]);
  await Config.put("a", 2);
  expect([Config.peek("a"), a.value, Config.snapshot().get("a")]).toEqual([2, 2, 2]);
});

test("Config and the messages are typed", () => {
  expectTypeOf(Config.put("a", 1)).toEqualTypeOf<Promise<true>>();
  expectTypeOf(Config.reload()).toEqualTypeOf<Promise<ReloadReport>>();
  expectTypeOf(Config.get("a")).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(Config.get("a", 10)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(gen_server.call("config_manager", [GET_CONFIG, "a"])).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(gen_server.cast("config_manager", [RELOAD])).toEqualTypeOf<typeof OK>();
  // Each of these is not compiled, and not run.
  const wrong = () => [
    // @ts-expect-error a tag is an atom
    gen_server.call("config_manager", ["get_config", "a"]),
    // @ts-expect-error put wants a value
    gen_server.call("config_manager", [PUT_CONFIG, "a"]),
    // @ts-expect-error get is no cast
    gen_server.cast("config_manager", [GET_CONFIG, "a"]),
    // @ts-expect-error a path is no number
    Config.get(42),
  ];
  expect(wrong).toBeTypeOf("function");
});
