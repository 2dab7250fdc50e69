import { supervisor } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { Config, ConfigManager, ConfigSpec, ConsulSource, EnvironmentSource } from "../../src/index.ts";
import { eachAlone, ScriptedSource, started } from "./kit.ts";

eachAlone();

describe("ConfigSpec refuses", () => {
  test.each([
    ["name", undefined, "name must be a string that is not empty, got undefined"],
    ["kind", 5, "kind must be a string that is not empty, got number"],
    ["required", undefined, "required must be a boolean, got undefined"],
    ["on_missing", "drop", 'on_missing must be "keep" or "clear", got string'],
    ["watch", 5, "watch must be a function, got number"],
    ["write", 5, "write must be a function, got number"],
    ["status", 5, "status must be a function, got number"],
  ])("a source whose %s is %s", (key, value, message) => {
    const source = Object.assign(new ScriptedSource("x"), { [key]: value });
    expect(() => new ConfigSpec({ sources: [source] })).toThrow(
      new TypeError(`Cannot make a ConfigSpec: source 1 of 1: ${message}`),
    );
  });

  test("an id that is not a string, and validators in a list", () => {
    expect(() => new ConfigSpec({ id: 4 as never })).toThrow("id must be a string, got number");
    expect(() => new ConfigSpec({ validators: [() => true] as never })).toThrow("validators must be an object");
  });
});

test("EnvironmentSource refuses invalid options", () => {
  expect(() => new EnvironmentSource(5 as never)).toThrow("options must be a prefix or an object, got number");
});

test("ConsulSource refuses unknown options, and an invalid port", () => {
  expect(() => new ConsulSource("a", { prt: 1 } as never)).toThrow('unknown option "prt"');
  expect(() => new ConsulSource("a", { port: "8500" } as never)).toThrow("port must be a whole number from 1 to 65535");
  expect(() => new ConsulSource("a", "host", 70_000)).toThrow("from 1 to 65535, got 70000");
});

test("a source in use is refused by a second manager until the first has stopped", async () => {
  const source = new ScriptedSource("x", { a: 1 });
  const { sup } = await started(new ConfigSpec({ sources: [source], name: "first" }));
  const second = new ConfigSpec({ sources: [source], name: "second" });
  await expect(ConfigManager.start(second as never)).rejects.toThrow(
    'Cannot start a configuration manager: source "x" already serves "first"; a source object serves one manager',
  );
  expect(await Config.for("first").get("a")).toBe(1);
  await supervisor.stop(sup);
  const { config } = await started(second);
  expect(await config.get("a")).toBe(1);
});

test("status shows the details of a source without secrets, and tolerates one that fails to give any", async () => {
  const told = { connected: true, why: "token hunter22 was denied", f: () => 1, nothing: undefined, list: [{ n: 1 }] };
  const good = Object.assign(new ScriptedSource("good", { db: { password: "hunter22" } }), { status: () => told });
  const bad = Object.assign(new ScriptedSource("bad"), {
    status: () => {
      throw new Error("hunter22");
    },
  });
  await started(new ConfigSpec({ sources: [good, bad, new ScriptedSource("plain")] }));
  const { sources } = await Config.status();
  expect(sources[0]!.details).toMatchObject({ connected: true, list: [{ n: 1 }] });
  expect(JSON.stringify(sources)).not.toContain("hunter22");
  expect(sources[1]!.details).toEqual({ error: 'Cannot show the status of "bad": its status function failed' });
  expect(sources[2]).not.toHaveProperty("details");
});
